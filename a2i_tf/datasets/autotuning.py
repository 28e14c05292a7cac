"""tf.data without its autotuner."""

from __future__ import annotations

import tensorflow as tf


def without_autotuning(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Lets a dataset, and all that is made of it, keep the parallelism that it starts with.

    The autotuner measures, changes what is `tf.data.AUTOTUNE`, and sleeps, longer every time. In
    TensorFlow 2.17, whoever deletes an iterator waits until its autotuner wakes up: a training
    stood still for up to a minute, wherever the garbage collector ran.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
