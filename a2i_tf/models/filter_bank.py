"""Fixed random filters: what textures are told apart by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FILTER_SIZE = 5
FILTERS_OF_A_KIND = 8

_SEED = 0
# Of the bell that the filters fade out under, in pixels.
_DEVIATION = 1.2


def random_filters() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns filters of random weights, always the same ones.

    Shallow networks of random filters describe textures about as well as deep trained ones
    (Ustyuzhaninov et al. 2016, arXiv 1606.00021), and no picture had to be seen for it.

    Returns:
        Those that see how bright a place is, and those that see its hue alone: float32
        [5, 5, 3, 8] each. All are blind to even surfaces and have unit norm.
    """
    rng = np.random.default_rng(_SEED)
    shapes = rng.standard_normal((FILTER_SIZE, FILTER_SIZE, 1, 2 * FILTERS_OF_A_KIND))
    places = np.arange(FILTER_SIZE) - FILTER_SIZE // 2
    bell = np.exp(-(places**2) / (2 * _DEVIATION**2))
    shapes *= (bell[:, None] * bell)[:, :, None, None]
    shapes -= shapes.mean(axis=(0, 1))
    grey, hue = np.split(shapes, 2, axis=-1)
    hues = rng.standard_normal((3, FILTERS_OF_A_KIND))
    # The weights of the channels cancel out for anything grey.
    return _unit(grey * np.ones((3, 1))), _unit(hue * (hues - hues.mean(axis=0)))


def _unit(filters: NDArray[np.float64]) -> NDArray[np.float32]:
    norms = np.sqrt(np.square(filters).sum(axis=(0, 1, 2)))
    return (filters / norms).astype(np.float32)
