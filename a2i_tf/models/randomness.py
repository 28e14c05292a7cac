"""Random numbers that depend on the seed and the step, not on how a batch is shared out.

A `keras.random.SeedGenerator` draws anew on every replica, and has a state that must be kept.
Here every replica draws the numbers of the whole global batch and keeps its own rows, so that a
resumed run goes on with the same noise, and two replicas take the same step as one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf


class BatchRandomness:
    """Streams of random rows for one training step.

    Args:
        seed: Seed of the run.
        step: int64 scalar, the number of the step.
        batch_size: Rows on this replica.
    """

    def __init__(self, seed: int, step: tf.Tensor, batch_size: tf.Tensor) -> None:
        self._seed = tf.stack([tf.cast(seed, tf.int64), tf.cast(step, tf.int64)])
        self._batch_size = batch_size
        self._num_streams = 0

    def normal(self, *shape: int) -> tf.Tensor:
        """Draws float32 [batch, *shape] from the standard normal distribution."""
        return self._rows(tf.random.stateless_normal, shape)

    def uniform(self, *shape: int) -> tf.Tensor:
        """Draws float32 [batch, *shape] uniformly from [0, 1)."""
        return self._rows(tf.random.stateless_uniform, shape)

    def _rows(self, draw: Callable[..., tf.Tensor], shape: Sequence[int]) -> tf.Tensor:
        # Every draw of a step is a stream of its own.
        seed = tf.random.experimental.stateless_fold_in(self._seed, self._num_streams)
        self._num_streams += 1
        replica: Any = tf.distribute.get_replica_context()
        rows = draw([self._batch_size * replica.num_replicas_in_sync, *shape], seed=seed)
        first = replica.replica_id_in_sync_group * self._batch_size
        return rows[first : first + self._batch_size]
