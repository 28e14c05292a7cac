"""The generator: from what was heard, and what can't be heard, to a picture."""

from __future__ import annotations

import keras

from a2i_tf.models.layers import FeatureWiseModulation, PixelNormalization, SmoothUpsampling
from a2i_tf.models.presets import Preset

# The stride divides the kernel, so that every pixel is written equally often: no checkerboard
# (Odena et al. 2016, distill.pub/2016/deconv-checkerboard).
_KERNEL, _STRIDE = 4, 2
_MAX_FILTERS = 256
_PLAIN_START_SIZE = 4


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
        *preset.latent_shape]) → image float32 [batch, image_size, image_size, 3] in [-1, 1].
    """
    body = _skip_body if preset.generator == "skip" else _plain_body

    # Layers
    limit = keras.layers.Activation("tanh", dtype="float32", name="image")

    # Functional graph
    embedding = keras.Input((preset.embedding_dim,), name="embedding")
    latent = keras.Input(preset.latent_shape, name="latent")
    image = limit(body(embedding, latent, image_size, preset.generator_width))

    # Configuration
    return keras.Model([embedding, latent], image, name="generator")


def _skip_body(
    embedding: keras.KerasTensor, latent: keras.KerasTensor, image_size: int, width: int
) -> keras.KerasTensor:
    """Lets every scale paint its own layer, and adds them up from coarse to fine.

    The skip generator of Karras et al. 2020 (1912.04958, figure 7): what is where is learnt
    within minutes, details later. The embedding speaks at every scale.
    """
    size = latent.shape[1]
    unfold = keras.layers.Conv2D(filters_at(size, width), 3, padding="same", name="unfold")
    x = _listen(unfold(latent), embedding, size)
    painting = _paint(size)(x)
    while size < image_size:
        size *= _STRIDE
        x = _listen(_enlarge(size, filters_at(size, width))(x), embedding, size)
        coarse = keras.layers.UpSampling2D(_STRIDE, interpolation="bilinear")(painting)
        painting = keras.layers.Add(name=f"painting_{size}")([coarse, _paint(size)(x)])
    return painting


def _listen(x: keras.KerasTensor, embedding: keras.KerasTensor, size: int) -> keras.KerasTensor:
    x = PixelNormalization(name=f"normalize_{size}")(x)
    x = FeatureWiseModulation(name=f"modulate_{size}")([x, embedding])
    return keras.layers.LeakyReLU(0.2, name=f"activate_{size}")(x)


def _plain_body(
    embedding: keras.KerasTensor, latent: keras.KerasTensor, image_size: int, width: int
) -> keras.KerasTensor:
    """Stacks transposed convolutions (Radford et al. 2016, 1511.06434, figure 1)."""
    size = _PLAIN_START_SIZE
    condition = keras.layers.Concatenate(name="condition")([embedding, latent])
    x = keras.layers.Dense(size**2 * filters_at(size, width), name="start")(condition)
    x = keras.layers.Reshape((size, size, filters_at(size, width)), name="unfold")(x)
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
    # Blank layers at first: noise of every scale would take long to unlearn.
    return keras.layers.Conv2D(
        3, 3, padding="same", kernel_initializer="zeros", name=f"paint_{size}"
    )
