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

MFCC_KEY = "mfcc"
IMAGE_KEY = "image"

_ORDER_SEED = 0


def mix_sources(pairs: Sequence[Pair]) -> list[Pair]:
    """Returns the pairs with their sources mixed, always in the same way.

    What lies together in a sound stays together, so that it's decoded once; neighbours in the
    manifest are often of one class, and shards should hold all.
    """
    blocks = cut_blocks(pairs)
    order = np.random.default_rng(_ORDER_SEED).permutation(len(blocks))
    return [pair for place in order for pair in blocks[place]]


def in_stored_order(pairs: Sequence[Pair], config: RecordsConfig) -> list[Pair]:
    """Returns the pairs of a split in the order in which its shards hold them, one by one."""
    mixed, size = mix_sources(pairs), config.examples_per_shard
    shards = [mixed[start : start + size] for start in range(0, len(mixed), size)]
    return [shard[row] for shard in shards for row in _order(len(shard))]


def write_shard(path: str, examples: Batch) -> str:
    """Writes a shard, its examples mixed, and returns its SHA-256.

    Raises:
        A2IError: if it can't be written.
    """
    features, images = examples
    with new_file(path) as temporary:
        with tf.io.TFRecordWriter(temporary) as writer:
            for row in _order(len(features)):
                writer.write(_serialize(features[row], images[row]))
        checksum = file_checksum(temporary)
    if checksum is None:
        raise A2IError(f"{path}: vanished while it was written; run the command again")
    return checksum


def parse_examples(rows: tf.Tensor, config: RecordsConfig) -> tuple[tf.Tensor, tf.Tensor]:
    """Parses what `write_shard` has written.

    Args:
        rows: Serialized examples, string [n].
        config: What they were made of.

    Returns:
        (mfcc float32 [n, frames, coefficients], images uint8 [n, size, size, 3]).
    """
    text = tf.io.FixedLenFeature([], tf.string)
    parsed = tf.io.parse_example(rows, {MFCC_KEY: text, IMAGE_KEY: text})
    features = tf.io.decode_raw(parsed[MFCC_KEY], tf.float32)
    images = tf.io.decode_raw(parsed[IMAGE_KEY], tf.uint8)
    size = config.image_size
    return (
        tf.reshape(features, [-1, *config.mfcc.shape]),
        tf.reshape(images, [-1, size, size, 3]),
    )


def _order(num_examples: int) -> NDArray[np.int64]:
    return np.random.default_rng(_ORDER_SEED).permutation(num_examples)


def _serialize(features: NDArray[np.float32], image: NDArray[np.uint8]) -> bytes:
    values = {MFCC_KEY: features.astype("<f4").tobytes(), IMAGE_KEY: image.tobytes()}
    example = tf.train.Example(
        features=tf.train.Features(
            feature={
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                for name, value in values.items()
            }
        )
    )
    return bytes(example.SerializeToString())
