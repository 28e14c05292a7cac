"""What the encoder learns from first: a coarse sketch of the picture, straight from the sound."""

from __future__ import annotations

import keras
import tensorflow as tf

from a2i_tf.models.presets import Preset

SKETCH_SIZE = 8
_CHANNELS = 10
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


def build_sketcher(preset: Preset, encoder: keras.Model) -> keras.Model:
    """Builds a model that shares `encoder` and sketches.

    A sketch has few numbers and a short way back to the encoder: within seconds it teaches what
    in a sound tells of light, colour and layout, so that the generator meets an encoder that
    already hears.

    Args:
        preset: Gives the encoder's learning rate.
        encoder: mfcc → embedding; it is trained in place.

    Returns:
        A compiled functional model: mfcc float32 [batch, frames, coefficients] → sketch float32
        [batch, 8, 8, 10], as `make_sketches` gives it.
    """
    # Layers
    sketch = keras.layers.Dense(SKETCH_SIZE**2 * _CHANNELS, name="sketch")
    unfold = keras.layers.Reshape((SKETCH_SIZE, SKETCH_SIZE, _CHANNELS), name="unfold")

    # Functional graph
    drawn = unfold(sketch(encoder.output))

    # Configuration
    sketcher = keras.Model(encoder.input, drawn, name="sketcher")
    sketcher.compile(
        keras.optimizers.Adam(preset.generator_learning_rate),
        # An absolute error would aim at the median, which for thin strokes on black is black.
        keras.losses.MeanSquaredError(),
        jit_compile=False,
    )
    return sketcher
