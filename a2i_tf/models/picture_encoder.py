"""The picture encoder: from a real picture to the latent that draws it again."""

from __future__ import annotations

import keras

from a2i_tf.models.layers import PixelNormalization
from a2i_tf.models.picture_features import describe_picture
from a2i_tf.models.presets import Preset


def build_picture_encoder(preset: Preset, image_size: int) -> keras.Model:
    """Builds the picture encoder; it's needed for training only.

    Args:
        preset: Sizes.
        image_size: 32, 64 or 128.

    Returns:
        A functional model: image float32 [batch, image_size, image_size, 3] in [-1, 1] → latent
        float32 [batch, *preset.latent_shape], of unit mean square at every place.
    """
    # Layers
    size, _, channels = preset.latent_shape
    project = keras.layers.Conv2D(channels, 3, padding="same", dtype="float32", name="project")
    # As large as the noise that the flow starts from.
    scale = PixelNormalization(dtype="float32", name="latent")

    # Functional graph
    image = keras.Input((image_size, image_size, 3), name="image")
    features = describe_picture(
        image,
        preset.discriminator_width,
        size,
        # Without it, latents and generator run away from each other.
        lambda x, convolve: PixelNormalization()(convolve(x)),
    )
    latent = scale(project(features))

    # Configuration
    return keras.Model(image, latent, name="picture_encoder")
