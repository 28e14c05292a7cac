"""The discriminator: is the picture real, and does it belong to the sound?"""

from __future__ import annotations

import keras

from a2i_tf.models.picture_features import describe_picture
from a2i_tf.models.presets import Preset

_END_SIZE = 4


def build_discriminator(preset: Preset, image_size: int) -> keras.Model:
    """Builds the discriminator: is the picture real, and does it belong to the sound?

    The second is the inner product of the picture's features with the projected embedding
    (Miyato & Koyama 2018, equation 3).

    Args:
        preset: Sizes; spectral normalization comes with the hinge loss (Miyato et al. 2018).
        image_size: 32, 64 or 128.

    Returns:
        A functional model: (image float32 [batch, image_size, image_size, 3] in [-1, 1],
        embedding float32 [batch, embedding_dim]) → logits float32 [batch, 1].
    """
    spectral = preset.adversarial_loss == "hinge"

    # Layers
    score = _maybe_spectral(keras.layers.Dense(1, dtype="float32", name="score"), spectral)

    # Functional graph
    image = keras.Input((image_size, image_size, 3), name="image")
    embedding = keras.Input((preset.embedding_dim,), name="embedding")
    described = describe_picture(
        image,
        preset.discriminator_width,
        _END_SIZE,
        lambda x, convolve: _maybe_spectral(convolve, spectral)(x),
    )
    features = keras.layers.Flatten(name="features")(described)
    project = _maybe_spectral(
        keras.layers.Dense(features.shape[-1], dtype="float32", name="projection"), spectral
    )
    match = keras.layers.Dot(axes=-1, dtype="float32", name="match")([features, project(embedding)])
    logits = keras.layers.Add(dtype="float32", name="logits")([score(features), match])

    # Configuration
    return keras.Model([image, embedding], logits, name="discriminator")


def _maybe_spectral(layer: keras.layers.Layer, spectral: bool) -> keras.layers.Layer:
    return keras.layers.SpectralNormalization(layer) if spectral else layer
