"""Leaves and blades: what jungles, banks and forest floors are made of."""

from __future__ import annotations

from functools import lru_cache
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade

_STEPS = 9
_ALONG = np.linspace(0.0, 1.0, _STEPS)
_BLADE = np.sin(np.pi * _ALONG**0.75)
_COMB = _BLADE * np.where(np.arange(_STEPS) % 2 == 0, 1.0, 0.45)
_CURL_STEPS = 40
_VEINED_LENGTH = 0.28
_SUNLIT: Colour = (0.96, 0.98, 0.62)


def leaf(
    canvas: Canvas,
    x: float,
    y: float,
    angle: float,
    length: float,
    width: float,
    colour: Colour,
    curl: float = 0.0,
    *,
    is_comb: bool = False,
    vein: float = 0.35,
) -> None:
    """Draws a leaf that grows from (x, y): a dark half, a light half and a midrib.

    Args:
        canvas: The picture.
        x: Foot of the leaf.
        y: Foot of the leaf.
        angle: Direction in radians, 0 to the right and -pi/2 upwards.
        length: Length along the midrib.
        width: Half of its width where it is widest.
        colour: Colour of the darker half.
        curl: How far it bends along its length, in radians.
        is_comb: Whether its edge is cut into fingers, as that of a palm frond.
        vein: How light the midrib is; at 0 there is none.
    """
    spine, side = _unit_leaf(round(curl * _CURL_STEPS), is_comb)
    turn = complex(cos(angle), sin(angle))
    # Light falls from above: the half whose edge lies higher is the light one.
    sign = 1 if (side[_STEPS // 2] * turn).imag > 0 else -1
    outline = spine * (length * turn) + side * (sign * width * turn) + complex(x, y)
    points = outline.view(np.float64)
    light = mix(shade(colour, 1.28), _SUNLIT, 0.08)
    canvas.polygon(points[: 4 * _STEPS], colour)
    canvas.polygon(points[4 * _STEPS :], light)
    if vein > 0.0:
        canvas.line(points[2 * _STEPS : 4 * _STEPS], mix(light, _SUNLIT, vein), 0.006)


def blades(
    canvas: Canvas,
    feet: NDArray[np.floating],
    heights: NDArray[np.floating],
    leans: NDArray[np.floating],
    colours: list[Colour],
    width: float,
) -> None:
    """Draws many blades of grass, each a slim bent triangle.

    Args:
        canvas: The picture.
        feet: [blades, 2], where they grow.
        heights: [blades], how high they are.
        leans: [blades], how far their tips are beside their feet, in units of their heights.
        colours: Colours that they take in turn.
        width: Width at the foot.
    """
    half = np.array([width / 2, 0.0])
    # A blade keeps its length: what leans over does not reach as high.
    rise = heights / np.sqrt(1 + leans**2)
    tips = feet + np.stack([leans * rise, -rise], axis=-1)
    middles = feet + np.stack([0.3 * leans * rise, -0.6 * rise], axis=-1)
    outlines = np.stack([feet - half, middles - 0.7 * half, tips, middles + 0.7 * half,
                         feet + half], axis=1)  # fmt: skip
    for number, outline in enumerate(outlines):
        canvas.polygon(outline, colours[number % len(colours)])


def plant(
    canvas: Canvas,
    foot: tuple[float, float],
    length: float,
    kind: float,
    colour: Colour,
    push: float,
) -> None:
    """Draws a plant of a few giant leaves that fan out from its foot.

    Args:
        canvas: The picture.
        foot: Where it grows.
        length: Length of its longest leaf.
        kind: In [0, 1]; ferns are low, banana plants in the middle, elephant ears high.
        colour: Colour of its leaves.
        push: How far the wind turns them, in radians.
    """
    x, y = foot
    count, width, is_comb = 6, 0.15, False
    if kind < 0.3:
        count, width, is_comb = 7, 0.14, True
    elif kind > 0.7:
        count, width = 5, 0.24
    vein = 0.35 if length > _VEINED_LENGTH else 0.0
    for number in range(count):
        # Outer leaves come first, the upright ones stand before them.
        spread = (1 - number / (count - 0.5)) * (-1) ** number
        angle = -pi / 2 + 1.25 * spread + push
        tone = shade(colour, 0.74 + 0.44 * (number * 3 % count) / count)
        leaf(canvas, x, y, angle, length * (1 - 0.2 * abs(spread)), width * length, tone,
             0.9 * spread + 0.6 * push, is_comb=is_comb, vein=vein)  # fmt: skip


def flower(canvas: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """Draws a flower with five petals."""
    for number in range(5):
        angle = 2 * pi * number / 5 - pi / 2
        canvas.ellipse(
            x + 0.55 * size * cos(angle),
            y + 0.55 * size * sin(angle),
            0.45 * size,
            0.45 * size,
            shade(colour, 0.85 + 0.06 * number),
        )
    canvas.ellipse(x, y, 0.25 * size, 0.25 * size, (1.0, 0.85, 0.35))


@lru_cache(maxsize=1024)
def _unit_leaf(
    curl_steps: int, is_comb: bool
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Returns the outlines of both halves of a leaf of length and width 1, as numbers x + iy.

    Each goes along an edge to the tip and back along the midrib; the first array holds their
    places along the midrib, the second how far they lie beside it.
    """
    headings = np.exp(1j * curl_steps / _CURL_STEPS * _ALONG)
    spine = (np.cumsum(headings) - headings[0]) / (_STEPS - 1)
    edge = 1j * headings * (_COMB if is_comb else _BLADE)
    midrib = np.zeros(_STEPS)
    there_and_back = np.concatenate([spine, spine[::-1]])
    return np.tile(there_and_back, 2), np.concatenate([edge, midrib, -edge, midrib])
