"""What a picture looks like, in numbers: brightness, colours and edges, from top to bottom."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from a2i_tf.evaluation.metrics import check_images

_BODY_SIZE = 64
_HALVINGS = 2
_STRIPS = 6
# A block and all that is computed from it fit the processor's caches.
_BLOCK = 16

Planes = NDArray[np.float32]


def describe_pictures(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Describes pictures by statistics of their colours and edges.

    The planes are luminance and two colour differences of the square root of the intensities,
    which spreads the darks. At full, half and quarter size, the statistics are the means of every
    plane, of its absolute slopes across and down, and of the positive and the negative part of its
    second differences across and down (bright and dark lines); each over six strips from top to
    bottom, without the border pixels.

    Args:
        images: uint8 [n, size, size, 3], size a multiple of 32; above 64 px, areas are averaged
            down to 64 first.

    Returns:
        float32 [n, 378], whatever the size.

    Raises:
        ValueError: if the images are not uint8 of that shape.
    """
    check_images(images)
    starts = range(0, len(images), _BLOCK)
    return np.concatenate([_describe_block(images[start : start + _BLOCK]) for start in starts])


def _describe_block(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    channels = np.moveaxis(images, -1, 0).astype(np.float32, order="C")
    planes = _colour_planes(_average(channels, max(1, images.shape[1] // _BODY_SIZE)))
    parts = _strip_means(planes)
    for _ in range(_HALVINGS):
        planes = _average(planes, 2)
        parts += _strip_means(planes)
    return np.moveaxis(np.stack(parts), 2, 0).reshape(len(images), -1)


def _average(planes: Planes, factor: int) -> Planes:
    """Averages areas of factor by factor pixels; of the last two axes."""
    if factor == 1:
        return planes
    # Slices are many times faster here than a mean over short axes.
    steps = range(factor)
    total = sum(planes[..., row::factor, column::factor] for row in steps for column in steps)
    return np.asarray(total) / np.float32(factor**2)


def _colour_planes(channels: Planes) -> Planes:
    """Returns luminance, red less green and blue less green: float32 [3, n, size, size]."""
    red, green, blue = np.sqrt(channels / np.float32(255))
    return np.stack([(red + green + blue) / np.float32(3), red - green, blue - green])


def _strip_means(planes: Planes) -> list[NDArray[np.float32]]:
    """Returns every statistic's means: float32 [planes, n, strips] each."""
    middle = planes[..., 1:-1, 1:-1]
    left, right = planes[..., 1:-1, :-2], planes[..., 1:-1, 2:]
    above, below = planes[..., :-2, 1:-1], planes[..., 2:, 1:-1]
    return [
        _means(middle),
        *(_means(np.abs(after - before)) for before, after in ((left, right), (above, below))),
        *_signed_means(2 * middle - left - right),
        *_signed_means(2 * middle - above - below),
    ]


def _signed_means(planes: Planes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns the means of the positive and of the negative part."""
    level, size = _means(planes), _means(np.abs(planes))
    return (size + level) / 2, (size - level) / 2


def _means(planes: Planes) -> NDArray[np.float32]:
    """Returns means over strips from top to bottom."""
    # As products: numpy's means over short axes take several times as long.
    height, width = planes.shape[-2:]
    rows = planes @ np.full(width, 1 / width, np.float32)
    return np.asarray(rows @ _strip_weights(height))


@cache
def _strip_weights(height: int) -> NDArray[np.float32]:
    """Returns by how much every row counts in the mean of every strip: float32 [height, strips]."""
    weights = np.zeros((height, _STRIPS), np.float32)
    for strip, rows in enumerate(np.array_split(np.arange(height), _STRIPS)):
        weights[rows, strip] = 1 / len(rows)
    return weights
