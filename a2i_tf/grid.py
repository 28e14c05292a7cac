"""Pictures side by side in one PNG."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from a2i_tf.atomic import write_bytes

_GAP = 2


def tile_images(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lays pictures out in a grid on white.

    Args:
        images: uint8 [rows, columns, height, width, 3].

    Returns:
        uint8 [rows * (height + gap) + gap, columns * (width + gap) + gap, 3].
    """
    rows, columns, height, width, _ = images.shape
    sheet = np.full(
        (rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), 255, np.uint8
    )
    for row in range(rows):
        for column in range(columns):
            top, left = _GAP + row * (height + _GAP), _GAP + column * (width + _GAP)
            sheet[top : top + height, left : left + width] = images[row, column]
    return sheet


def write_grid(path: Path, images: NDArray[np.uint8]) -> None:
    """Writes `tile_images(images)` as a PNG, whole or not at all."""
    contents = io.BytesIO()
    Image.fromarray(tile_images(images)).save(contents, "PNG")
    write_bytes(path, contents.getvalue())
