"""What the encoder learns from first: a coarse sketch of the picture, straight from the sound."""

from __future__ import annotations

import keras

from a2i_tf.models.presets import Preset

SKETCH_SIZE = 8


def build_sketcher(preset: Preset, encoder: keras.Model, image_size: int) -> keras.Model:
    """Builds a model that shares `encoder` and paints coarsely.

    A sketch has few numbers and a short way back to the encoder: within seconds it teaches what
    in a sound tells of light, colour and layout, so that the generator meets an encoder that
    already hears.

    Args:
        preset: Gives the encoder's learning rate.
        encoder: mfcc → embedding; it is trained in place.
        image_size: Size of the pictures that the sketch is enlarged to.

    Returns:
        A compiled functional model: mfcc float32 [batch, frames, coefficients] → image float32
        [batch, image_size, image_size, 3], the training target being the real picture.
    """
    # Layers
    sketch = keras.layers.Dense(SKETCH_SIZE**2 * 3, name="sketch")
    unfold = keras.layers.Reshape((SKETCH_SIZE, SKETCH_SIZE, 3), name="unfold")
    enlarge = keras.layers.UpSampling2D(image_size // SKETCH_SIZE, name="enlarge")

    # Functional graph
    image = enlarge(unfold(sketch(encoder.output)))

    # Configuration
    sketcher = keras.Model(encoder.input, image, name="sketcher")
    sketcher.compile(
        keras.optimizers.Adam(preset.generator_learning_rate),
        keras.losses.MeanAbsoluteError(),
        jit_compile=False,
    )
    return sketcher
