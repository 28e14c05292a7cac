"""Augmentation of what the discriminator sees."""

from __future__ import annotations

import tensorflow as tf

from a2i_tf.models.randomness import BatchRandomness

_TRANSLATION_SHARE = 1 / 8
_CUTOUT_SHARE = 1 / 2


def augment_images(images: tf.Tensor, randomness: BatchRandomness) -> tf.Tensor:
    """Moves every image by up to an eighth of its size, and blanks a square of half its size.

    Differentiable augmentation (Zhao et al. 2020, 2006.10738), but for its changes of colour: the
    brightness and hue of a picture carry night and rain here, and a discriminator that sees them
    shaken can't teach them.

    Args:
        images: float [batch, size, size, 3].
        randomness: Where the shifts and places come from.

    Returns:
        Images of the same shape; gradients pass through to the pixels that are left.
    """
    return _cut_out(_translate(images, randomness.uniform(2)), randomness.uniform(2))


def _translate(images: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    size = images.shape[1]
    reach = round(size * _TRANSLATION_SHARE)
    shifts = tf.cast(uniform * (2 * reach + 1), tf.int32)
    padded = tf.pad(images, [[0, 0], [reach, reach], [reach, reach], [0, 0]])
    rows = shifts[:, 0, None] + tf.range(size)
    columns = shifts[:, 1, None] + tf.range(size)
    return tf.gather(tf.gather(padded, rows, batch_dims=1), columns, axis=2, batch_dims=1)


def _cut_out(images: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    size = images.shape[1]
    half = size * _CUTOUT_SHARE / 2
    centres = uniform * size
    places = tf.range(size, dtype=tf.float32) + 0.5
    in_row = tf.abs(places - centres[:, 0, None]) < half
    in_column = tf.abs(places - centres[:, 1, None]) < half
    hole = in_row[:, :, None] & in_column[:, None, :]
    return images * tf.cast(~hole, images.dtype)[..., None]
