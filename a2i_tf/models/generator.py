"""The generator: from what was heard, and what can't be heard, to a picture."""

from __future__ import annotations

import keras

from a2i_tf.models.layers import FeatureWiseModulation, PixelNormalization
from a2i_tf.models.presets import Preset

_START_SIZE = 4
# The stride divides the kernel, so that every pixel is written equally often: no checkerboard
# (Odena et al. 2016, distill.pub/2016/deconv-checkerboard).
_KERNEL, _STRIDE = 4, 2
_MAX_FILTERS = 256


def filters_at(size: int, width: int) -> int:
    """Returns the filters of a layer at `size` px, where `width` is the number at 32 px."""
    return min(_MAX_FILTERS, max(width // 4, width * 32 // size))


def build_generator(preset: Preset, image_size: int) -> keras.Model:
    """Builds the generator.

    Args:
        preset: Sizes.
        image_size: 32, 64 or 128.

    Returns:
        A functional model: (embedding float32 [batch, embedding_dim], noise float32 [batch,
        noise_dim]) → image float32 [batch, image_size, image_size, 3] in [-1, 1].
    """
    start_filters = filters_at(_START_SIZE, preset.generator_width)

    # Layers
    start = keras.layers.Dense(_START_SIZE**2 * start_filters, name="start")
    paint = keras.layers.Conv2DTranspose(
        3,
        _KERNEL,
        strides=_STRIDE,
        padding="same",
        activation="tanh",
        dtype="float32",
        name="paint",
    )

    # Functional graph
    embedding = keras.Input((preset.embedding_dim,), name="embedding")
    noise = keras.Input((preset.noise_dim,), name="noise")
    condition = keras.layers.Concatenate(name="condition")([embedding, noise])
    x = keras.layers.Reshape((_START_SIZE, _START_SIZE, start_filters))(start(condition))
    size = _START_SIZE
    while size < image_size // _STRIDE:
        size *= _STRIDE
        x = _upsample(x, condition, size, preset.generator_width)
    image = paint(x)

    # Configuration
    return keras.Model([embedding, noise], image, name="generator")


def _upsample(
    x: keras.KerasTensor, condition: keras.KerasTensor, size: int, width: int
) -> keras.KerasTensor:
    """Doubles the size; the condition speaks again at every scale."""
    filters = filters_at(size, width)
    x = keras.layers.Conv2DTranspose(
        filters, _KERNEL, strides=_STRIDE, padding="same", name=f"upsample_{size}"
    )(x)
    x = PixelNormalization(name=f"normalize_{size}")(x)
    x = FeatureWiseModulation(name=f"modulate_{size}")([x, condition])
    return keras.layers.LeakyReLU(0.2, name=f"activate_{size}")(x)
