"""The camera that looks at a world: its colour cast, its vignette and its noise."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.world import World

_NOISE = 0.008
_MILLISECONDS = 1000


def apply_camera(
    pixels: NDArray[np.float32], world: World, time_seconds: float
) -> NDArray[np.float32]:
    """Returns `pixels` (float32 [size, size, 3] in [0, 1]) as the camera of `world` sees them."""
    rng = world.rng("camera")
    cast = (1 + rng.uniform(-0.025, 0.025, 3)).astype(np.float32)
    vignette = _distance(pixels.shape[0]) * np.float32(rng.uniform(0.05, 0.14))
    moment = world.rng("camera", round(time_seconds * _MILLISECONDS))
    noise = moment.standard_normal((*pixels.shape[:2], 1), dtype=np.float32) * np.float32(_NOISE)
    return np.clip(pixels * cast * (1 - vignette) + noise, 0.0, 1.0)


@cache
def _distance(size: int) -> NDArray[np.float32]:
    """Returns the squared distance from the centre, 1 in the corners: [size, size, 1]."""
    across = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    return ((across**2 + across[:, None] ** 2) / 2)[..., None]
