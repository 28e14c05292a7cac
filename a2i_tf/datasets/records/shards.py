"""Which pairs a shard holds, in which order, and how it's written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.datasets.pairs import Pair
from a2i_tf.datasets.pipeline import Batch, cut_blocks
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


def write_shard(path: str, examples: Batch) -> str:
    """Writes a shard, its examples mixed, and returns its SHA-256.

    Raises:
        A2IError: if it can't be written.
    """
    features, images = examples
    order = np.random.default_rng(_ORDER_SEED).permutation(len(features))
    with new_file(path) as temporary:
        with tf.io.TFRecordWriter(temporary) as writer:
            for row in order:
                writer.write(_serialize(features[row], images[row]))
        checksum = file_checksum(temporary)
    if checksum is None:
        raise A2IError(f"{path}: vanished while it was written; run the command again")
    return checksum


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
