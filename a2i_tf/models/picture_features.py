"""From a picture to features: what discriminator and picture encoder begin with."""

from __future__ import annotations

from collections.abc import Callable

import keras

from a2i_tf.models.generator import filters_at

_KERNEL, _STRIDE = 4, 2


def describe_picture(
    image: keras.KerasTensor,
    width: int,
    end_size: int,
    apply: Callable[[keras.KerasTensor, keras.layers.Conv2D], keras.KerasTensor],
) -> keras.KerasTensor:
    """Halves a picture until it is small.

    Args:
        image: float [batch, size, size, 3], size a power of 2.
        width: Filters at 32 px; doubled at every halving.
        end_size: Width and height of what is left.
        apply: Applies a convolution, and whatever normalizes its weights or outputs.

    Returns:
        float [batch, end_size, end_size, features].
    """
    x, size = image, image.shape[1]
    while size > end_size:
        size //= _STRIDE
        convolve = keras.layers.Conv2D(
            filters_at(size, width), _KERNEL, strides=_STRIDE, padding="same", name=f"halve_{size}"
        )
        x = keras.layers.LeakyReLU(0.2)(apply(x, convolve))
    return x
