"""A small antialiased canvas: shapes by Pillow at twice the size, light and shade by NumPy.

Coordinates are fractions of the picture, x to the right and y down. Colours are RGB triples in
[0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Colour = tuple[float, float, float]
Point = tuple[float, float]

_SUPERSAMPLING = 2


def mix(first: Colour, second: Colour, amount: float) -> Colour:
    """Returns the colour that lies `amount` (in [0, 1]) of the way from `first` to `second`."""
    red, green, blue = (a + (b - a) * amount for a, b in zip(first, second, strict=True))
    return (red, green, blue)


def shade(colour: Colour, factor: float) -> Colour:
    """Returns `colour` made darker (factor < 1) or lighter (factor > 1), clipped to [0, 1]."""
    red, green, blue = (min(1.0, max(0.0, channel * factor)) for channel in colour)
    return (red, green, blue)


class Canvas:
    """A square picture under construction.

    Args:
        size: Width and height of the finished picture in pixels.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._side = size * _SUPERSAMPLING
        self._image = Image.new("RGB", (self._side, self._side))
        self._draw = ImageDraw.Draw(self._image, "RGBA")

    def gradient(
        self, stops: Sequence[tuple[float, Colour]], top: float = 0.0, bottom: float = 1.0
    ) -> None:
        """Fills the rows from `top` to `bottom` with a vertical gradient through `stops`.

        Args:
            stops: Pairs of y and colour, in order of y.
            top: First row, as a fraction of the height.
            bottom: Last row, as a fraction of the height.
        """
        first, last = round(top * self._side), round(bottom * self._side)
        if last <= first:
            return
        rows = (np.arange(first, last) + 0.5) / self._side
        places = [place for place, _ in stops]
        colours = np.array([colour for _, colour in stops])
        column = np.stack([np.interp(rows, places, colours[:, c]) for c in range(3)], axis=-1)
        strip = Image.fromarray((column[:, None, :] * 255).clip(0, 255).astype(np.uint8))
        self._image.paste(strip.resize((self._side, last - first)), (0, first))

    def polygon(self, points: Sequence[Point], colour: Colour, alpha: float = 1.0) -> None:
        """Fills a polygon."""
        self._draw.polygon(self._scaled(points), fill=_rgba(colour, alpha))

    def rectangle(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        colour: Colour,
        alpha: float = 1.0,
    ) -> None:
        """Fills a rectangle."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour, alpha)

    def ellipse(
        self,
        x: float,
        y: float,
        radius_x: float,
        radius_y: float,
        colour: Colour,
        alpha: float = 1.0,
    ) -> None:
        """Fills an ellipse around (x, y)."""
        box = self._scaled([(x - radius_x, y - radius_y), (x + radius_x, y + radius_y)])
        self._draw.ellipse(box, fill=_rgba(colour, alpha))

    def line(
        self, points: Sequence[Point], colour: Colour, width: float, alpha: float = 1.0
    ) -> None:
        """Draws a line through `points`; `width` is a fraction of the picture."""
        self._draw.line(
            self._scaled(points),
            fill=_rgba(colour, alpha),
            width=max(1, round(width * self._side)),
            joint="curve",
        )

    def pixels(self) -> NDArray[np.float32]:
        """Returns the finished picture: float32 [size, size, 3] in [0, 1]."""
        small = self._image.reduce(_SUPERSAMPLING)
        return np.asarray(small, dtype=np.float32) / 255.0

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._side, y * self._side) for x, y in points]


def _rgba(colour: Colour, alpha: float) -> tuple[int, int, int, int]:
    red, green, blue = (round(255 * min(1.0, max(0.0, channel))) for channel in colour)
    return (red, green, blue, round(255 * min(1.0, max(0.0, alpha))))
