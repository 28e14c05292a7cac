"""Coarse sketches of pictures: what can be told of them without knowing where things are."""

from __future__ import annotations

import tensorflow as tf

SKETCH_SIZE = 8
SKETCH_CHANNELS = 10
# Contrasts are smaller than colours by about this much; all should be learnt as well.
_CONTRAST_WEIGHT = 2.0
_EDGE_WEIGHT = 3.0
# The root of zero has no slope.
_TINY = 1e-6


def make_sketches(images: tf.Tensor) -> tf.Tensor:
    """Sketches pictures: for every cell its mean colour, how much it varies, and its edges.

    The colours tell of light and layout; contrasts and edges of how much there is to see, and
    how near, which colours alone don't.

    Args:
        images: float32 [batch, size, size, 3] in [-1, 1], size a multiple of 16.

    Returns:
        float32 [batch, 8, 8, 10]: mean and standard deviation of three channels, then the mean
        slope of the grey picture, down and across, at full and at half size.
    """
    means = _cells(images)
    deviations = tf.sqrt(tf.maximum(_cells(tf.square(images)) - tf.square(means), _TINY))
    grey = tf.reduce_mean(images, axis=-1, keepdims=True)
    halved = tf.nn.avg_pool2d(grey, 2, 2, "VALID")
    edges = [
        _cells(tf.abs(slope))
        for picture in (grey, halved)
        for slope in tf.image.image_gradients(picture)
    ]
    return tf.concat([means, _CONTRAST_WEIGHT * deviations, *(_EDGE_WEIGHT * e for e in edges)], -1)


def _cells(images: tf.Tensor) -> tf.Tensor:
    cell = images.shape[1] // SKETCH_SIZE
    return tf.nn.avg_pool2d(images, cell, cell, "VALID")
