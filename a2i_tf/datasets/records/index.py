"""What a folder of records holds, and how it says so.

    index.json                          RecordsIndex, written last: the sign that all is there
    train-00000-of-00046.tfrecord       tf.train.Example: id, mfcc (float32), image (uint8)

The folder's name is a hash of the configuration, so that another configuration has another folder.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.config import Config
from a2i_tf.datasets.pairs import Pair, Split
from a2i_tf.datasets.records.storage import read_bytes, write_bytes
from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.errors import A2IError

# Raised whenever the same configuration would make other records: as `mfcc` or the reading of
# pictures change, or the order of examples.
RECORDS_FORMAT = 3
INDEX_FILE = "index.json"

_KEY_LENGTH = 12
# A writer holds a shard in memory, and rewriting a damaged one should be quick.
_SHARD_BYTES = 16 * 2**20


@dataclass(frozen=True)
class RecordsConfig(Config):
    """All that decides what records hold.

    Attributes:
        checksum: Checksum of the dataset.
        manifest: `hash_manifest` of the split's pairs.
        mfcc: The front end.
        image_size: Width and height of the pictures in pixels.
        split: The split.
        left_out: Ids of the dataset's bad pairs, which are left out.
        format: Version of the files' contents.
    """

    checksum: str
    manifest: str
    mfcc: MfccConfig
    image_size: int
    split: Split = "train"
    left_out: tuple[str, ...] = ()
    format: int = RECORDS_FORMAT

    @property
    def key(self) -> str:
        """A short hash of all fields."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]

    @property
    def example_bytes(self) -> int:
        """Bytes of the features and the picture of one example."""
        return 4 * math.prod(self.mfcc.shape) + 3 * self.image_size**2

    @property
    def examples_per_shard(self) -> int:
        """Examples in every shard but the last."""
        return max(1, _SHARD_BYTES // self.example_bytes)


@dataclass(frozen=True)
class RecordsIndex(Config):
    """What `index.json` says.

    Attributes:
        config: What the records were made of.
        num_examples: Number of examples in all shards.
        shards: SHA-256 of every shard by its name, in order.
        mfcc_mean: Mean of every coefficient over all examples.
        mfcc_variance: Its variance, bounded away from zero.
        mfcc_variance_in_windows: Its variance about the mean of the window.
    """

    config: RecordsConfig
    num_examples: int
    shards: dict[str, str]
    mfcc_mean: tuple[float, ...]
    mfcc_variance: tuple[float, ...]
    mfcc_variance_in_windows: tuple[float, ...]

    @property
    def statistics(self) -> MfccStatistics:
        """Mean and variances as arrays."""
        values = (self.mfcc_mean, self.mfcc_variance, self.mfcc_variance_in_windows)
        return MfccStatistics(*(np.array(value, np.float32) for value in values))


@dataclass(frozen=True)
class RecordsFolder:
    """Records on disk, or wherever TensorFlow has a file system for.

    Attributes:
        path: The folder; not a `Path`, which would spoil `gs://`.
        index: Its index.
    """

    path: str
    index: RecordsIndex

    @property
    def shard_paths(self) -> list[str]:
        """Paths of all shards, in order."""
        return [tf.io.gfile.join(self.path, name) for name in self.index.shards]


def hash_manifest(pairs: Iterable[Pair]) -> str:
    """Returns the SHA-256 over id, sound, window and picture of every pair, in their order.

    A manifest that was edited by hand keeps its dataset's checksum, which covers the files.
    """
    digest = hashlib.sha256()
    for pair in pairs:
        row = [pair.id, pair.sound, pair.start_seconds, pair.image]
        digest.update(json.dumps(row).encode() + b"\n")
    return digest.hexdigest()


def shard_names(config: RecordsConfig, num_examples: int) -> list[str]:
    """Returns the names of all shards."""
    total = -(-num_examples // config.examples_per_shard)
    return [f"{config.split}-{number:05d}-of-{total:05d}.tfrecord" for number in range(total)]


def read_index(path: str, config: RecordsConfig) -> RecordsIndex | None:
    """Reads the index of a folder; None if there is none that belongs to `config`."""
    contents = read_bytes(tf.io.gfile.join(path, INDEX_FILE))
    try:
        values = json.loads(contents or b"")
        index = RecordsIndex.from_dict(values)
    except (A2IError, ValueError, TypeError, AttributeError):
        return None
    return index if index.config == config else None


def write_index(path: str, index: RecordsIndex) -> None:
    """Writes the index of a folder, whole or not at all."""
    contents = json.dumps(index.to_dict(), indent=2) + "\n"
    write_bytes(tf.io.gfile.join(path, INDEX_FILE), contents.encode())
