"""tf.data from records to training batches.

    shards ──shuffle──▶ interleave ──▶ shuffle ──▶ batch ──parse──▶ (mfcc, image in [-1, 1])

Memory is bounded, whatever the number of examples; no Python runs per example.
"""

from __future__ import annotations

import tensorflow as tf

from a2i_tf.datasets.autotuning import without_autotuning
from a2i_tf.datasets.records.index import RecordsConfig, RecordsFolder
from a2i_tf.datasets.records.shards import parse_examples

_SHUFFLE_BYTES = 64 * 2**20
# Lessons learn from the first batches alone: those should come from as many sources as can be.
_SHARDS_AT_ONCE = 128


def make_training_batches(records: RecordsFolder, batch_size: int, seed: int) -> tf.data.Dataset:
    """Shuffles, repeats and batches examples for training, without end.

    Every epoch has another order; every iterator sees the same ones. Under a strategy with several
    workers, each takes its part of every batch, as all of them shuffle by the same seed.

    Args:
        records: The training split.
        batch_size: Rows of a batch.
        seed: Seed of the order.

    Returns:
        (mfcc float32 [batch_size, frames, coefficients],
        image float32 [batch_size, size, size, 3] in [-1, 1]).
    """
    config, paths = records.index.config, records.shard_paths
    buffer = min(
        records.index.num_examples, max(batch_size, _SHUFFLE_BYTES // config.example_bytes)
    )

    def read_epochs(_: tf.Tensor) -> tf.data.Dataset:
        return (
            tf.data.Dataset.from_tensor_slices(paths)
            .shuffle(len(paths), seed, reshuffle_each_iteration=True)
            .interleave(
                tf.data.TFRecordDataset,
                cycle_length=_SHARDS_AT_ONCE,
                num_parallel_calls=tf.data.AUTOTUNE,
                deterministic=True,
            )
            .shuffle(buffer, seed, reshuffle_each_iteration=True)
            .repeat()
        )

    batches = (
        # Within `flat_map`, every iterator shuffles for itself. Otherwise the order of a second
        # one would depend on how far the first has read ahead, and so on time.
        tf.data.Dataset.from_tensors(0)
        .flat_map(read_epochs)
        .batch(batch_size, drop_remainder=True)
        .map(lambda rows: _parse(rows, config), num_parallel_calls=tf.data.AUTOTUNE)
    )
    options = tf.data.Options()
    # By files, a dataset with fewer shards than workers would leave some without any.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return without_autotuning(batches.with_options(options))


def _parse(rows: tf.Tensor, config: RecordsConfig) -> tuple[tf.Tensor, tf.Tensor]:
    """Parses serialized examples, string [batch], and scales their pictures."""
    _, features, images = parse_examples(rows, config)
    return features, tf.cast(images, tf.float32) / 127.5 - 1.0
