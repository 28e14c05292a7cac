"""The side-by-side picture: what several systems draw for the same sounds, to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from a2i_tf.evaluation.metrics import check_images

_CELL_PIXELS = 128
_GAP_PIXELS = 6
_FONT_PIXELS = 14
_HEAD_PIXELS = 26
_ROW_LABEL_PIXELS = 118
_BACKGROUND = (255, 255, 255)
_INK = (20, 20, 20)


def choose_items(
    labels: NDArray[np.int64], items_per_class: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Chooses some items of every class at random.

    Args:
        labels: int64 [n].
        items_per_class: How many; all, where a class has fewer.
        rng: Where the choice comes from.

    Returns:
        Their positions, int64 [rows], class by class.
    """
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen.append(rng.choice(rows, min(items_per_class, len(rows)), replace=False))
    return np.concatenate(chosen)


def comparison_picture(
    columns: Mapping[str, NDArray[np.uint8]], row_labels: Sequence[str]
) -> NDArray[np.uint8]:
    """Puts pictures side by side, a system a column and a test item a row.

    Args:
        columns: For every system's name its images, uint8 [rows, size, size, 3].
        row_labels: The class of every row.

    Returns:
        uint8 [height, width, 3], scaled up to be looked at, with names above and at the left.

    Raises:
        ValueError: if the images are not uint8, or their number isn't that of the labels.
    """
    for name, images in columns.items():
        check_images(images)
        if len(images) != len(row_labels):
            raise ValueError(f"{name} has {len(images)} images for {len(row_labels)} rows")
    pitch = _CELL_PIXELS + _GAP_PIXELS
    size = (_ROW_LABEL_PIXELS + pitch * len(columns), _HEAD_PIXELS + pitch * len(row_labels))
    sheet = Image.new("RGB", size, _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_FONT_PIXELS)
    for row, label in enumerate(row_labels):
        middle = (_GAP_PIXELS, _HEAD_PIXELS + row * pitch + _CELL_PIXELS // 2)
        draw.text(middle, label, _INK, font, anchor="lm")
    for column, (name, images) in enumerate(columns.items()):
        left = _ROW_LABEL_PIXELS + column * pitch
        middle = (left + _CELL_PIXELS // 2, _HEAD_PIXELS // 2)
        draw.text(middle, name, _INK, _font_to_fit(name), anchor="mm")
        for row, image in enumerate(images):
            sheet.paste(_scale_up(image), (left, _HEAD_PIXELS + row * pitch))
    return np.asarray(sheet)


def _font_to_fit(name: str) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Returns the usual font, or a smaller one for a name as long as a run's may be."""
    share = _CELL_PIXELS / ImageFont.load_default(_FONT_PIXELS).getlength(name)
    return ImageFont.load_default(_FONT_PIXELS * min(1.0, share))


def _scale_up(image: NDArray[np.uint8]) -> Image.Image:
    # Nearest neighbour: smoothing would flatter blurred pictures, and hide checkerboards.
    return Image.fromarray(image).resize((_CELL_PIXELS, _CELL_PIXELS), Image.Resampling.NEAREST)
