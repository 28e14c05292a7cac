"""Which pairs a shard holds, in which order, and how it's written and read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.datasets.pairs import Pair
from a2i_tf.datasets.pipeline import Batch, cut_blocks
from a2i_tf.datasets.records.index import RecordsConfig
from a2i_tf.datasets.records.storage import file_checksum, new_file
from a2i_tf.errors import A2IError

_ID_KEY = "id"
_MFCC_KEY = "mfcc"
_IMAGE_KEY = "image"

_ORDER_SEED = 0


def mix_sources(pairs: Sequence[Pair]) -> list[Pair]:
    """Returns the pairs with their sources mixed, always in the same way.

    What lies together in a sound stays together, so that it's decoded once for up to 128 pairs;
    neighbours in the manifest are often of one class, and shards should hold all.
    """
    blocks = cut_blocks(pairs)
    order = np.random.default_rng(_ORDER_SEED).permutation(len(blocks))
    return [pair for place in order for pair in blocks[place]]


def write_shard(path: str, pairs: Sequence[Pair], examples: Batch) -> str:
    """Writes a shard, its examples mixed, and returns its SHA-256.

    Args:
        path: Where it goes.
        pairs: The pairs that the examples are of.
        examples: Their features and pictures.

    Raises:
        A2IError: if it can't be written.
    """
    features, images = examples
    order = np.random.default_rng(_ORDER_SEED).permutation(len(features))
    with new_file(path) as temporary:
        with tf.io.TFRecordWriter(temporary) as writer:
            for row in order:
                writer.write(_serialize(pairs[row].id, features[row], images[row]))
        checksum = file_checksum(temporary)
    if checksum is None:
        raise A2IError(f"{path}: vanished while it was written; run the command again")
    return checksum


def parse_examples(
    rows: tf.Tensor, config: RecordsConfig
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Parses what `write_shard` has written.

    Args:
        rows: Serialized examples, string [n].
        config: What they were made of.

    Returns:
        (ids of the pairs, string [n]; mfcc float32 [n, frames, coefficients]; images uint8
        [n, size, size, 3]).
    """
    text = tf.io.FixedLenFeature([], tf.string)
    parsed = tf.io.parse_example(rows, dict.fromkeys((_ID_KEY, _MFCC_KEY, _IMAGE_KEY), text))
    features = tf.io.decode_raw(parsed[_MFCC_KEY], tf.float32)
    images = tf.io.decode_raw(parsed[_IMAGE_KEY], tf.uint8)
    size = config.image_size
    return (
        parsed[_ID_KEY],
        tf.reshape(features, [-1, *config.mfcc.shape]),
        tf.reshape(images, [-1, size, size, 3]),
    )


def _serialize(name: str, features: NDArray[np.float32], image: NDArray[np.uint8]) -> bytes:
    values = {
        _ID_KEY: name.encode(),
        _MFCC_KEY: features.astype("<f4").tobytes(),
        _IMAGE_KEY: image.tobytes(),
    }
    example = tf.train.Example(
        features=tf.train.Features(
            feature={
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                for name, value in values.items()
            }
        )
    )
    # Another process that writes the same shard must write the same bytes.
    return bytes(example.SerializeToString(deterministic=True))
