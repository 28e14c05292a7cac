"""The sketch reader: from a sketch of a picture to what of it could have been heard."""

from __future__ import annotations

import keras

from a2i_tf.models.presets import Preset
from a2i_tf.models.sketches import SKETCH_CHANNELS, SKETCH_SIZE

# Its mean and variance must be those of the data after the few steps of a short training.
_MOMENTUM = 0.9
# Else it learns by heart which sound belongs to a picture.
_DROPOUT = 0.3


def build_sketch_reader(preset: Preset) -> keras.Model:
    """Builds the sketch reader.

    From the strips of sketches, and not from pixels or single cells: whoever sees more of a
    picture learns it by heart.

    Args:
        preset: Sizes.

    Returns:
        A functional model: strips float32 [batch, 16, 99], as `average_strips` gives them →
        embedding float32 [batch, embedding_dim].
    """
    # Layers
    normalize = keras.layers.BatchNormalization(
        center=False, scale=False, momentum=_MOMENTUM, name="normalize"
    )
    combine = keras.layers.Dense(4 * preset.embedding_dim, name="combine")
    project = keras.layers.Dense(preset.embedding_dim, dtype="float32", name="embedding")

    # Functional graph
    strips = keras.Input((2 * SKETCH_SIZE, SKETCH_CHANNELS), name="strips")
    x = normalize(keras.layers.Flatten()(strips))
    x = keras.layers.Dropout(_DROPOUT)(x)
    x = keras.layers.LeakyReLU(0.2)(combine(x))
    embedding = project(keras.layers.Dropout(_DROPOUT)(x))

    # Configuration
    return keras.Model(strips, embedding, name="sketch_reader")
