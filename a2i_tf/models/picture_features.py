"""From a picture to features: what discriminator and picture encoder begin with."""

from __future__ import annotations

from collections.abc import Callable

import keras

from a2i_tf.models.generator import filters_at

_KERNEL, _STRIDE = 4, 2
_END_SIZE = 4


def describe_picture(
    image: keras.KerasTensor,
    image_size: int,
    width: int,
    apply: Callable[[keras.KerasTensor, keras.layers.Conv2D], keras.KerasTensor],
) -> keras.KerasTensor:
    """Halves a picture down to 4 px and flattens what is left.

    Args:
        image: float [batch, image_size, image_size, 3].
        image_size: 32, 64 or 128.
        width: Filters at 32 px; doubled at every halving.
        apply: Applies a convolution, and whatever normalizes its weights or outputs.

    Returns:
        float [batch, features].
    """
    x, size = image, image_size
    while size > _END_SIZE:
        size //= _STRIDE
        convolve = keras.layers.Conv2D(
            filters_at(size, width), _KERNEL, strides=_STRIDE, padding="same", name=f"halve_{size}"
        )
        x = keras.layers.LeakyReLU(0.2)(apply(x, convolve))
    return keras.layers.Flatten()(x)
