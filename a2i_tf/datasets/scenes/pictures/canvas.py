"""A small antialiased canvas: shapes by Pillow at twice the size, light and shade by NumPy.

Coordinates are fractions of the picture, x to the right and y down. Colours are RGB triples in
[0, 1].

Beside the painted picture a canvas keeps a layer of lights (lamps, windows, stars), which stay
bright when the picture is darkened for the night.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

Colour = tuple[float, float, float]
Point = tuple[float, float]
Points = Sequence[Point] | NDArray[np.floating]

_SUPERSAMPLING = 2
_SOFT_MASK_SIDE = 48
_JOINTLESS_WIDTH = 3
# A painted difference of a fourteenth in all channels hides the lights behind it entirely.
_OCCLUSION_GAIN = np.full(3, 14 / 255 / 3, dtype=np.float32)


def mix(first: Colour, second: Colour, amount: float) -> Colour:
    """Returns the colour that lies `amount` (in [0, 1]) of the way from `first` to `second`."""
    red, green, blue = first
    to_red, to_green, to_blue = second
    keep = 1.0 - amount
    return (
        red * keep + to_red * amount,
        green * keep + to_green * amount,
        blue * keep + to_blue * amount,
    )


def shade(colour: Colour, factor: float) -> Colour:
    """Returns `colour` made darker (factor < 1) or lighter (factor > 1), clipped at 1."""
    red, green, blue = colour
    return (min(1.0, red * factor), min(1.0, green * factor), min(1.0, blue * factor))


class Canvas:
    """A square picture under construction.

    Args:
        size: Width and height of the finished picture in pixels.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._side = size * _SUPERSAMPLING
        self._image = Image.new("RGB", (self._side, self._side))
        # Pillow blends pixel by pixel in RGBA; opaque paint, most of it, is faster in RGB.
        self._glaze = ImageDraw.Draw(self._image, "RGBA")
        self._paint = ImageDraw.Draw(self._image, "RGB")
        self._lights = np.zeros((size, size, 3), dtype=np.float32)
        self._emitters: Image.Image | None = None
        self._backdrop: tuple[Image.Image, NDArray[np.float32]] | None = None

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
        self._image.paste(
            strip.resize((self._side, last - first), Image.Resampling.NEAREST), (0, first)
        )

    def polygon(self, points: Points, colour: Colour, alpha: float = 1.0) -> None:
        """Fills a polygon."""
        pen, ink = self._pen(colour, alpha)
        pen.polygon(self._scaled(points), fill=ink)

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
        pen, ink = self._pen(colour, alpha)
        pen.ellipse(box, fill=ink)

    def line(self, points: Points, colour: Colour, width: float, alpha: float = 1.0) -> None:
        """Draws a line through `points`; `width` is a fraction of the picture."""
        pen, ink = self._pen(colour, alpha)
        thickness = max(1, round(width * self._side))
        # Joints take time, and nobody sees those of a thin line.
        joint = "curve" if thickness > _JOINTLESS_WIDTH else None
        pen.line(self._scaled(points), fill=ink, width=thickness, joint=joint)

    def strokes(
        self,
        segments: NDArray[np.floating],
        colours: Sequence[Colour],
        width: float,
        alpha: float = 1.0,
    ) -> None:
        """Draws many straight brush strokes.

        Args:
            segments: [strokes, 4], each x0, y0, x1, y1.
            colours: Colours that the strokes take in turn.
            width: Width of a stroke, as a fraction of the picture.
            alpha: Opacity in [0, 1].
        """
        pens = [self._pen(colour, alpha) for colour in colours]
        thickness = max(1, round(width * self._side))
        for number, segment in enumerate((segments * self._side).tolist()):
            pen, ink = pens[number % len(pens)]
            pen.line(segment, fill=ink, width=thickness)

    def soft(
        self,
        x: float,
        y: float,
        radius_x: float,
        radius_y: float,
        colour: Colour,
        alpha: float = 1.0,
    ) -> None:
        """Paints a soft-edged spot around (x, y): mist, a halo, a shadow."""
        left, top = round((x - radius_x) * self._side), round((y - radius_y) * self._side)
        width, height = round(2 * radius_x * self._side), round(2 * radius_y * self._side)
        if width < 1 or height < 1:
            return
        peak = round(255 * min(1.0, max(0.0, alpha)))
        mask = _soft_mask(peak).resize((width, height), Image.Resampling.BILINEAR)
        self._image.paste(_rgba(colour, 1.0)[:3], (left, top), mask)

    def veil(
        self, colour: Colour, top: float, bottom: float, alpha_top: float, alpha_bottom: float
    ) -> None:
        """Lays `colour` over the rows from `top` to `bottom`, with an opacity that fades."""
        first, last = round(top * self._side), round(bottom * self._side)
        if last <= first:
            return
        ramp = np.linspace(255 * alpha_top, 255 * alpha_bottom, last - first).clip(0, 255)
        column = Image.fromarray(ramp.astype(np.uint8)[:, None])
        mask = column.resize((self._side, last - first), Image.Resampling.NEAREST)
        self._image.paste(_rgba(colour, 1.0)[:3], (0, first), mask)

    def glow(
        self, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0
    ) -> None:
        """Adds a round light around (x, y) that fades to nothing at `radius`."""
        columns = self._pixel_range(x - radius, x + radius)
        rows = self._pixel_range(y - radius, y + radius)
        across = (np.arange(columns.start, columns.stop) + 0.5) / self.size - x
        down = (np.arange(rows.start, rows.stop) + 0.5) / self.size - y
        distance = (across**2 + down[:, None] ** 2) / max(radius, 1e-6) ** 2
        fall = strength * np.maximum(0.0, 1.0 - distance) ** 3
        patch = fall[..., None] * np.array(colour)
        self._lights[rows, columns] += patch.astype(np.float32)

    def disc_light(
        self, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0
    ) -> None:
        """Adds a round light with a sharp edge; a negative strength takes light away again."""
        columns = self._pixel_range(x - radius, x + radius)
        rows = self._pixel_range(y - radius, y + radius)
        across = (np.arange(columns.start, columns.stop) + 0.5) / self.size - x
        down = (np.arange(rows.start, rows.stop) + 0.5) / self.size - y
        distance = np.hypot(across, down[:, None])
        cover = strength * np.clip((radius - distance) * self.size + 0.5, 0.0, 1.0)
        self._lights[rows, columns] += (cover[..., None] * np.array(colour)).astype(np.float32)

    def emit(self, points: Points, colour: Colour, strength: float = 1.0) -> None:
        """Makes a polygon a sharp source of light, such as a lit window."""
        if self._emitters is None:
            self._emitters = Image.new("RGB", (self._side, self._side))
        ImageDraw.Draw(self._emitters, "RGBA").polygon(
            self._scaled(points), fill=_rgba(colour, strength)
        )

    def sparkle(
        self,
        xs: NDArray[np.floating],
        ys: NDArray[np.floating],
        colour: Colour,
        strengths: NDArray[np.floating],
    ) -> None:
        """Adds lights of one pixel each: stars, fireflies, glitter; those outside are left out."""
        columns = np.floor(xs * self.size).astype(np.int64)
        rows = np.floor(ys * self.size).astype(np.int64)
        inside = (columns >= 0) & (columns < self.size) & (rows >= 0) & (rows < self.size)
        light = strengths[inside, None] * np.array(colour)
        np.add.at(self._lights, (rows[inside], columns[inside]), light.astype(np.float32))

    def hang_backdrop(self) -> None:
        """Puts the lights made so far (moon, stars) behind all that is painted from now on."""
        if self._lights.any():
            hung = self._hung_lights()
            self._backdrop = (
                self._image.copy(),
                self._lights if hung is None else self._lights + hung,
            )
            self._lights = np.zeros_like(self._lights)

    def lights(self) -> NDArray[np.float32]:
        """Returns the layer of lights: float32 [size, size, 3], at least 0."""
        layer = self._lights.copy()
        if self._emitters is not None:
            small = self._emitters.reduce(_SUPERSAMPLING)
            layer += np.asarray(small, dtype=np.float32) / 255.0
        hung = self._hung_lights()
        if hung is not None:
            layer += hung
        return layer

    def pixels(self) -> NDArray[np.float32]:
        """Returns the finished picture: float32 [size, size, 3] in [0, 1]."""
        small = self._image.reduce(_SUPERSAMPLING)
        return np.asarray(small, dtype=np.float32) / 255.0

    def _hung_lights(self) -> NDArray[np.float32] | None:
        """Returns the lights of the backdrop where nothing has been painted over them since."""
        if self._backdrop is None:
            return None
        image, behind = self._backdrop
        painted = ImageChops.difference(self._image, image).reduce(_SUPERSAMPLING)
        change = np.asarray(painted, dtype=np.float32) @ _OCCLUSION_GAIN
        return behind * np.maximum(0.0, 1.0 - change)[..., None]

    def _pen(self, colour: Colour, alpha: float) -> tuple[ImageDraw.ImageDraw, tuple[int, ...]]:
        ink = _rgba(colour, alpha)
        return (self._paint, ink[:3]) if ink[3] == 255 else (self._glaze, ink)

    def _pixel_range(self, low: float, high: float) -> slice:
        first = min(self.size, max(0, int(np.floor(low * self.size))))
        return slice(first, min(self.size, max(first, int(np.ceil(high * self.size)))))

    def _scaled(self, points: Points) -> list[float]:
        if isinstance(points, np.ndarray):
            coordinates: list[float] = (points.ravel() * self._side).tolist()
            return coordinates
        side = self._side
        return [place * side for point in points for place in point]


@cache
def _soft_mask(peak: int) -> Image.Image:
    across = (np.arange(_SOFT_MASK_SIDE) + 0.5) / _SOFT_MASK_SIDE * 2 - 1
    fall = np.maximum(0.0, 1.0 - across**2 - across[:, None] ** 2) ** 2
    return Image.fromarray((fall * peak).astype(np.uint8))


@lru_cache(maxsize=8192)
def _rgba(colour: Colour, alpha: float) -> tuple[int, int, int, int]:
    red, green, blue = colour
    return (_byte(red), _byte(green), _byte(blue), _byte(alpha))


def _byte(value: float) -> int:
    return 255 if value >= 1.0 else max(0, int(255 * value + 0.5))
