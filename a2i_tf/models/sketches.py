"""Coarse sketches of pictures: what can be told of them without knowing where things are."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.models.filter_bank import FILTER_SIZE, FILTERS_OF_A_KIND, random_filters

SKETCH_SIZE = 8
# At full, half and quarter size: what makes answers vary about as much as each other, for filters
# of brightness and of hue. Colours vary more, but there are few of them.
_BRIGHTNESS_WEIGHTS = (3.0, 2.3, 1.5)
_HUE_WEIGHTS = (11.5, 9.0, 6.3)
SKETCH_CHANNELS = 3 + 4 * FILTERS_OF_A_KIND * len(_HUE_WEIGHTS)
# The root of zero has no slope.
_DARKEST = 0.01


def make_sketches(images: tf.Tensor) -> tf.Tensor:
    """Sketches pictures: for every cell its mean colour, and what its textures are like.

    The colours tell of light and layout; the textures of how much there is to see, how near, and
    in which weather, which colours alone don't. Both are of the square root of the intensities,
    which spreads the darks.

    Args:
        images: float32 [batch, size, size, 3] in [-1, 1], size a multiple of 32.

    Returns:
        float32 [batch, 8, 8, 99]: the means of three channels; then, at full, half and quarter
        size, of the positive and the negative answers of 8 random filters of brightness and 8 of
        hue.
    """
    picture = 2.0 * tf.sqrt(tf.maximum((images + 1.0) / 2.0, 0.0) + _DARKEST) - 1.0
    brightness, hue = random_filters()
    parts = [_cells(picture)]
    for of_brightness, of_hue in zip(_BRIGHTNESS_WEIGHTS, _HUE_WEIGHTS, strict=True):
        bank = np.concatenate([of_brightness * brightness, of_hue * hue], axis=-1)
        answers = _filter(picture, bank)
        parts += [_cells(tf.nn.relu(answers)), _cells(tf.nn.relu(-answers))]
        picture = tf.nn.avg_pool2d(picture, 2, 2, "VALID")
    return tf.concat(parts, axis=-1)


def make_strips(images: tf.Tensor) -> tf.Tensor:
    """Sketches pictures, and averages strips: what the sketch reader looks at.

    Args:
        images: float32 [batch, size, size, 3] in [-1, 1], size a multiple of 32.

    Returns:
        float32 [batch, 16, 99].
    """
    return average_strips(make_sketches(images))


def average_strips(sketches: tf.Tensor) -> tf.Tensor:
    """Averages the rows of sketches, and their columns.

    What a picture shows of its sound lies at heights (rain in the sky, water below it) more than at
    places.

    Args:
        sketches: float32 [batch, 8, 8, channels], as `make_sketches` gives them.

    Returns:
        float32 [batch, 16, channels]: 8 rows from top to bottom, 8 columns from left to right.
    """
    return tf.concat([tf.reduce_mean(sketches, 2), tf.reduce_mean(sketches, 1)], axis=1)


def _filter(picture: tf.Tensor, bank: NDArray[np.float32]) -> tf.Tensor:
    border = FILTER_SIZE // 2
    # Mirrored at the border, which else would look like an edge.
    padded = tf.pad(picture, [[0, 0], [border, border], [border, border], [0, 0]], "SYMMETRIC")
    return tf.nn.conv2d(padded, tf.constant(bank), 1, "VALID")


def _cells(planes: tf.Tensor) -> tf.Tensor:
    cell = planes.shape[1] // SKETCH_SIZE
    return tf.nn.avg_pool2d(planes, cell, cell, "VALID")
