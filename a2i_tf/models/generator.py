"""The generator: from what was heard, and what can't be heard, to a picture."""

from __future__ import annotations

import keras

from a2i_tf.models.layers import FeatureWiseModulation, PixelNormalization, SmoothUpsampling
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
        preset: Sizes, and whether it is a skip generator or a plain one.
        image_size: 32, 64 or 128.

    Returns:
        A functional model: (embedding float32 [batch, embedding_dim], latent float32 [batch,
        noise_dim]) → image float32 [batch, image_size, image_size, 3] in [-1, 1].
    """
    start_filters = filters_at(_START_SIZE, preset.generator_width)
    body = _skip_body if preset.generator == "skip" else _plain_body

    # Layers
    start = keras.layers.Dense(_START_SIZE**2 * start_filters, name="start")
    unfold = keras.layers.Reshape((_START_SIZE, _START_SIZE, start_filters), name="unfold")
    limit = keras.layers.Activation("tanh", dtype="float32", name="image")

    # Functional graph
    embedding = keras.Input((preset.embedding_dim,), name="embedding")
    latent = keras.Input((preset.noise_dim,), name="latent")
    condition = keras.layers.Concatenate(name="condition")([embedding, latent])
    x = unfold(start(condition))
    image = limit(body(x, condition, image_size, preset.generator_width))

    # Configuration
    return keras.Model([embedding, latent], image, name="generator")


def _skip_body(
    x: keras.KerasTensor, condition: keras.KerasTensor, image_size: int, width: int
) -> keras.KerasTensor:
    """Lets every scale paint its own layer, and adds them up from coarse to fine.

    The skip generator of Karras et al. 2020 (1912.04958, figure 7): what is where is learnt
    within minutes, details later.
    """
    size = _START_SIZE
    painting = _paint(size)(x)
    while size < image_size:
        size *= _STRIDE
        x = _enlarge(size, filters_at(size, width))(x)
        x = PixelNormalization(name=f"normalize_{size}")(x)
        # The condition speaks again at every scale.
        x = FeatureWiseModulation(name=f"modulate_{size}")([x, condition])
        x = keras.layers.LeakyReLU(0.2, name=f"activate_{size}")(x)
        coarse = keras.layers.UpSampling2D(_STRIDE, interpolation="bilinear")(painting)
        painting = keras.layers.Add(name=f"painting_{size}")([coarse, _paint(size)(x)])
    return painting


def _plain_body(
    x: keras.KerasTensor, condition: keras.KerasTensor, image_size: int, width: int
) -> keras.KerasTensor:
    """Stacks transposed convolutions (Radford et al. 2016, 1511.06434, figure 1)."""
    del condition  # It has spoken at the start.
    size = _START_SIZE
    while size < image_size // _STRIDE:
        size *= _STRIDE
        x = keras.layers.BatchNormalization(name=f"normalize_{size // _STRIDE}")(x)
        x = keras.layers.ReLU(name=f"activate_{size // _STRIDE}")(x)
        x = _enlarge(size, filters_at(size, width))(x)
    x = keras.layers.BatchNormalization(name=f"normalize_{size}")(x)
    x = keras.layers.ReLU(name=f"activate_{size}")(x)
    return _enlarge(image_size, 3)(x)


def _enlarge(size: int, filters: int) -> keras.layers.Layer:
    return keras.layers.Conv2DTranspose(
        filters,
        _KERNEL,
        strides=_STRIDE,
        padding="same",
        kernel_initializer=SmoothUpsampling(),
        name=f"upsample_{size}",
    )


def _paint(size: int) -> keras.layers.Layer:
    # Blank layers at first: noise of five scales would take long to unlearn.
    return keras.layers.Conv2D(
        3, 3, padding="same", kernel_initializer="zeros", name=f"paint_{size}"
    )
