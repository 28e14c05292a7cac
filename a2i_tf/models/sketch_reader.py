"""The sketch reader: from a sketch of a picture to what of it could have been heard."""

from __future__ import annotations

import keras

from a2i_tf.models.presets import Preset
from a2i_tf.models.sketches import SKETCH_CHANNELS, SKETCH_SIZE


def build_sketch_reader(preset: Preset) -> keras.Model:
    """Builds the sketch reader; it's needed for training only.

    It looks at cells among their neighbours, and keeps mean and peak over all places: nobody hears
    where something is. From sketches, and not from pixels, since a reader of pixels learns its
    training pictures by heart.

    Args:
        preset: Sizes.

    Returns:
        A functional model: sketch float32 [batch, 8, 8, 99], as `make_sketches` gives it →
        embedding float32 [batch, embedding_dim].
    """
    width = 2 * preset.embedding_dim

    # Layers
    see_cells = keras.layers.Conv2D(width, 3, padding="same", name="cells")
    see_areas = keras.layers.Conv2D(width, 2, strides=2, name="areas")
    combine = keras.layers.Dense(width, name="combine")
    project = keras.layers.Dense(preset.embedding_dim, dtype="float32", name="embedding")

    # Functional graph
    sketch = keras.Input((SKETCH_SIZE, SKETCH_SIZE, SKETCH_CHANNELS), name="sketch")
    x = keras.layers.LeakyReLU(0.2)(see_cells(sketch))
    x = keras.layers.LeakyReLU(0.2)(see_areas(x))
    mean = keras.layers.GlobalAveragePooling2D()(x)
    peak = keras.layers.GlobalMaxPooling2D()(x)
    x = keras.layers.Concatenate()([mean, peak])
    embedding = project(keras.layers.LeakyReLU(0.2)(combine(x)))

    # Configuration
    return keras.Model(sketch, embedding, name="sketch_reader")
