"""What the encoder learns from first: a coarse sketch of the picture, straight from the sound."""

from __future__ import annotations

import keras

from a2i_tf.models.presets import Preset
from a2i_tf.models.sketches import SKETCH_CHANNELS, SKETCH_SIZE


def build_sketcher(preset: Preset, encoder: keras.Model) -> keras.Model:
    """Builds a model that shares `encoder` and sketches.

    A sketch has a short way back to the encoder: within seconds it teaches what
    in a sound tells of light, colour and layout.

    Args:
        preset: Gives the encoder's learning rate.
        encoder: mfcc → embedding; it is trained in place.

    Returns:
        A compiled functional model: mfcc float32 [batch, frames, coefficients] → sketch float32
        [batch, 8, 8, 99], as `make_sketches` gives it.
    """
    # Layers
    sketch = keras.layers.Dense(SKETCH_SIZE**2 * SKETCH_CHANNELS, name="sketch")
    unfold = keras.layers.Reshape((SKETCH_SIZE, SKETCH_SIZE, SKETCH_CHANNELS), name="unfold")

    # Functional graph
    drawn = unfold(sketch(encoder.get_layer("heard").output))

    # Configuration
    sketcher = keras.Model(encoder.input, drawn, name="sketch")
    sketcher.compile(
        keras.optimizers.Adam(preset.generator_learning_rate),
        # An absolute error would aim at the median, which for thin strokes on black is black.
        keras.losses.MeanSquaredError(),
        jit_compile=False,
    )
    return sketcher
