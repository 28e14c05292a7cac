"""From a network's image to what a PNG holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pixels(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Rounds to 8-bit levels, halves to even, as the exported serving signature does.

    Args:
        images: float32 [..., height, width, 3]; what lies outside [0, 1] is clipped.

    Returns:
        uint8 of the same shape.
    """
    return np.round(images * np.float32(255.0)).clip(0, 255).astype(np.uint8)
