"""What the encoder learns from first: a coarse sketch of the picture, straight from the sound."""

from __future__ import annotations

import keras

from a2i_tf.models.encoder import ears_of
from a2i_tf.models.presets import Preset
from a2i_tf.models.sketches import SKETCH_CHANNELS, SKETCH_SIZE


def build_sketcher(preset: Preset, encoder: keras.Model) -> keras.Model:
    """Builds a model that shares the ears of `encoder`, each of which sketches.

    A sketch has a short way back to the encoder: within seconds it teaches what
    in a sound tells of light, colour and layout.

    Args:
        preset: Gives the encoder's learning rate.
        encoder: mfcc → embedding; it is trained in place.

    Returns:
        A compiled functional model: mfcc float32 [batch, frames, coefficients] → sketch float32
        [batch, ears, 8, 8, 99], each as `make_sketches` gives it.
    """
    # Layers
    # One for all: so ears come to mean the same by what they say, and can be averaged.
    sketch = keras.layers.Dense(SKETCH_SIZE**2 * SKETCH_CHANNELS, name="sketch")
    unfold = keras.layers.Reshape((1, SKETCH_SIZE, SKETCH_SIZE, SKETCH_CHANNELS), name="unfold")

    # Functional graph
    features = keras.Input(encoder.input.shape[1:], name="mfcc")
    drawn = [unfold(sketch(ear(features))) for ear in ears_of(encoder)]

    # Configuration
    sketcher = keras.Model(features, keras.ops.concatenate(drawn, axis=1), name="sketch")
    sketcher.compile(
        keras.optimizers.Adam(preset.generator_learning_rate),
        # An absolute error would aim at the median, which for thin strokes on black is black.
        keras.losses.MeanSquaredError(),
        jit_compile=False,
    )
    return sketcher
