"""Figures: people who walk, sit with their back or their face to us, and play."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, Point, mix, shade
from a2i_tf.datasets.scenes.pictures.palette import colour, colours

SHADOW = colour("1a1424")

_GOLDEN = 0.618
# Walkers less tall than this are painted as legs, coat and head, nothing more.
_DETAILED_FROM = 0.075
_SKINS = colours("f3cfae e6b48c c98d62 96613f 643f2c f0c2a0")
_HAIRS = colours("2b1d18 4a2f20 7a4a26 b98542 d9b46a 1b1a20 8a8580 9c4326")
_CLOTHES = colours("c8423b e2a33a 2f6f8f 35577a 5d8a66 e8dcc4 7a4b6b d9774f 2d3448 f0c9b0 4d9ea3")
_TROUSERS = colours("2a2f3f 3d4a63 4b3b35 6d6256 23272e 58677a")


@dataclass(frozen=True)
class Look:
    """How one person looks."""

    skin: Colour
    hair: Colour
    top: Colour
    trousers: Colour
    has_long_hair: bool


def random_look(rng: np.random.Generator, tops: tuple[Colour, ...] = _CLOTHES) -> Look:
    """Returns someone; the colour of the clothes is one of `tops`."""
    skin, hair, top, trousers = (
        choices[int(rng.integers(len(choices)))] for choices in (_SKINS, _HAIRS, tops, _TROUSERS)
    )
    return Look(skin, hair, top, trousers, bool(rng.random() < 0.5))


def presence(amount: float, rank: int, total: int) -> float:
    """Returns how far the rank-th of `total` has come in, in [0, 1], when `amount` is there.

    At 0 nobody is there and at 1 everybody; in between one after the other fades in.
    """
    return min(1.0, max(0.0, amount * total - rank))


def seat_thresholds(rng: np.random.Generator, rows: int, columns: int) -> NDArray[np.float64]:
    """Returns for each seat of a grid the activity above which it is taken.

    They are spread evenly over every row, so that a room of one row fills as evenly as a hall,
    and they don't depend on how many rows there is room for.
    """
    offsets = (rng.random() + _GOLDEN * np.arange(rows)) % 1.0
    order = rng.permuted(np.tile(np.arange(columns), (rows, 1)), axis=1)
    return (order + offsets[:, None]) / columns


def walker(
    canvas: Canvas,
    x: float,
    y: float,
    height: float,
    look: Look,
    stride: float,
    *,
    facing: float = 0.0,
    wind: float = 0.0,
    alpha: float = 1.0,
) -> None:
    """Draws someone who stands or walks, feet at (x, y).

    Args:
        canvas: The picture.
        x: Place of the feet.
        y: Ground.
        height: From feet to crown.
        look: Who it is.
        stride: Phase of the step in radians.
        facing: From -1 (to the left) over 0 (away from us) to 1 (to the right).
        wind: How far the coat is blown aside, from 0 to 1.
        alpha: Opacity.
    """
    h = height
    if h < _DETAILED_FROM:
        _draw_distant(canvas, x, y, h, look, alpha)
        return
    swing = 0.11 * h * sin(stride)
    canvas.ellipse(x, y, 0.2 * h, 0.035 * h, SHADOW, 0.3 * alpha)
    hip = y - 0.46 * h
    for foot, tone in ((-swing, 0.8), (swing, 1.0)):
        side = 0.05 * h if foot > 0 else -0.05 * h
        lift = 0.03 * h * abs(cos(stride))
        canvas.line(
            [(x + side * 0.6, hip), (x + foot + side, y - (lift if foot > 0 else 0))],
            shade(look.trousers, tone),
            0.085 * h,
            alpha,
        )
    shoulder = y - 0.83 * h
    blown = 0.16 * h * wind
    coat = [
        (x - 0.10 * h, shoulder),
        (x + 0.10 * h, shoulder),
        (x + 0.145 * h, shoulder + 0.12 * h),
        (x + 0.13 * h + blown, y - 0.38 * h),
        (x - 0.13 * h + blown * 0.6, y - 0.38 * h),
        (x - 0.145 * h, shoulder + 0.12 * h),
    ]
    canvas.polygon(coat, look.top, alpha)
    canvas.polygon([coat[0], *coat[4:], (x - 0.03 * h, y - 0.38 * h)], shade(look.top, 0.8), alpha)
    for side in (-1, 1):
        hand = (x + side * 0.16 * h - swing * side * 0.8, y - 0.44 * h)
        canvas.line(
            [(x + side * 0.12 * h, shoulder + 0.06 * h), hand],
            shade(look.top, 0.7),
            0.055 * h,
            alpha,
        )
    head(canvas, x + facing * 0.015 * h, y - 0.91 * h, 0.085 * h, look, facing, alpha)


def _draw_distant(canvas: Canvas, x: float, y: float, h: float, look: Look, alpha: float) -> None:
    canvas.rectangle(x - 0.09 * h, y - 0.45 * h, x + 0.09 * h, y, look.trousers, alpha)
    canvas.rectangle(x - 0.15 * h, y - 0.84 * h, x + 0.15 * h, y - 0.38 * h, look.top, alpha)
    canvas.ellipse(x, y - 0.92 * h, 0.09 * h, 0.1 * h, look.hair, alpha)


def head(
    canvas: Canvas,
    x: float,
    y: float,
    radius: float,
    look: Look,
    facing: float = 0.0,
    alpha: float = 1.0,
    *,
    is_towards_us: bool = False,
) -> None:
    """Draws a head around (x, y): a face under hair, or only hair if it looks away from us."""
    r = radius
    canvas.rectangle(
        x - 0.4 * r, y + 0.5 * r, x + 0.4 * r, y + 1.35 * r, shade(look.skin, 0.82), alpha
    )
    if look.has_long_hair:
        canvas.ellipse(
            x - facing * 0.35 * r, y + 0.3 * r, 0.98 * r, 1.25 * r, shade(look.hair, 0.85), alpha
        )
    if facing == 0.0 and not is_towards_us:
        canvas.ellipse(x, y + 0.1 * r, 1.05 * r, 0.5 * r, look.skin, alpha)
        canvas.ellipse(x, y - 0.05 * r, 0.92 * r, 1.08 * r, look.hair, alpha)
        return
    canvas.ellipse(x, y, 0.86 * r, 1.05 * r, look.skin, alpha)
    canvas.ellipse(x - facing * 0.3 * r, y - 0.5 * r, 0.95 * r, 0.62 * r, look.hair, alpha)


def sitter(
    canvas: Canvas,
    x: float,
    y: float,
    height: float,
    look: Look,
    *,
    facing: float = 0.0,
    is_towards_us: bool = False,
    alpha: float = 1.0,
) -> None:
    """Draws the upper body of someone who sits; (x, y) is the middle of the waist."""
    h = height
    shoulder = y - 0.56 * h
    torso = [
        (x - 0.27 * h, y),
        (x - 0.31 * h, shoulder + 0.16 * h),
        (x - 0.22 * h, shoulder + 0.03 * h),
        (x - 0.08 * h, shoulder - 0.03 * h),
        (x + 0.08 * h, shoulder - 0.03 * h),
        (x + 0.22 * h, shoulder + 0.03 * h),
        (x + 0.31 * h, shoulder + 0.16 * h),
        (x + 0.27 * h, y),
    ]
    canvas.polygon(torso, look.top, alpha)
    canvas.polygon([*torso[:4], (x - 0.1 * h, y)], shade(look.top, 0.78), alpha)
    head(
        canvas,
        x + 0.03 * h * facing,
        y - 0.79 * h,
        0.17 * h,
        look,
        facing,
        alpha,
        is_towards_us=is_towards_us,
    )


def raised_arm(
    canvas: Canvas, x: float, y: float, height: float, look: Look, side: int, lift: float
) -> None:
    """Draws the arm that a sitter of the same x, y and height stretches up by `lift` (0 to 1)."""
    h = height
    start = (x + side * 0.26 * h, y - 0.42 * h)
    elbow = (x + side * 0.38 * h, y - (0.42 + 0.32 * lift) * h)
    hand = (x + side * 0.34 * h, y - (0.42 + 0.82 * lift) * h)
    canvas.line([start, elbow, hand], look.top, 0.13 * h, min(1.0, 2 * lift))
    canvas.ellipse(hand[0], hand[1] - 0.05 * h, 0.085 * h, 0.1 * h, look.skin, min(1.0, 2 * lift))


def umbrella(
    canvas: Canvas, x: float, y: float, radius: float, tint: Colour, lean: float, alpha: float
) -> None:
    """Draws an open umbrella with its rim at height y, tilted by `lean` radians."""
    rim = []
    for step in range(9):
        angle = pi * step / 8
        dx, dy = -cos(angle) * radius, -sin(angle) * radius * 0.72
        rim.append((x + dx * cos(lean) - dy * sin(lean), y + dx * sin(lean) + dy * cos(lean)))
    canvas.line([(x, y - 0.4 * radius), (x, y + 0.9 * radius)], SHADOW, 0.07 * radius, alpha)
    canvas.polygon(rim, tint, alpha)
    middle = (x, y)
    canvas.polygon([*rim[:5], middle], mix(tint, (1.0, 1.0, 1.0), 0.2), alpha)


def player(
    canvas: Canvas,
    x: float,
    y: float,
    height: float,
    look: Look,
    stride: float,
    shorts: Colour,
    *,
    alpha: float = 1.0,
    light: float = 0.0,
) -> None:
    """Draws a running football player, feet at (x, y).

    Args:
        canvas: The picture.
        x: Place of the feet.
        y: Ground.
        height: From feet to crown.
        look: Who it is; the shirt and the socks have the colour of `look.top`.
        stride: Phase of the step in radians.
        shorts: Colour of the shorts.
        alpha: Opacity.
        light: How strongly floodlights show the player at night.
    """
    h = height

    def part(points: list[Point], tint: Colour) -> None:
        canvas.polygon(points, tint, alpha)
        if light > 0:
            canvas.emit(points, shade(tint, light), alpha)

    lean = 0.06 * h * sin(stride * 0.23)
    canvas.ellipse(x + 0.1 * h, y, 0.3 * h, 0.045 * h, SHADOW, 0.4 * alpha)
    hip = y - 0.46 * h
    for side in (-1, 1):
        swing = sin(stride + (0.0 if side > 0 else pi))
        knee = (x + swing * 0.15 * h + side * 0.03 * h, y - 0.25 * h)
        foot = (knee[0] - abs(lean) * 0.6 + swing * 0.07 * h, y - max(0.0, -swing) * 0.12 * h)
        part(_limb((x + side * 0.06 * h, hip), knee, 0.1 * h), look.skin)
        part(_limb(knee, foot, 0.095 * h), look.top)
    shoulder, top = y - 0.82 * h, x + lean
    for side in (-1, 1):
        swing = sin(stride + (pi if side > 0 else 0.0))
        elbow = (top + side * 0.2 * h, shoulder + 0.16 * h)
        hand = (elbow[0] + swing * 0.09 * h, shoulder + 0.26 * h - swing * 0.08 * h)
        part(_limb(elbow, hand, 0.065 * h), look.skin)
        part(
            _limb((top + side * 0.08 * h, shoulder + 0.03 * h), elbow, 0.1 * h),
            shade(look.top, 0.85),
        )
    part(
        [
            (x - 0.13 * h, hip - 0.06 * h),
            (x + 0.13 * h, hip - 0.06 * h),
            (x + 0.16 * h, hip + 0.12 * h),
            (x - 0.16 * h, hip + 0.12 * h),
        ],
        shorts,
    )
    part(
        [
            (top - 0.13 * h, shoulder),
            (top + 0.13 * h, shoulder),
            (x + 0.125 * h, hip),
            (x - 0.125 * h, hip),
        ],
        look.top,
    )
    head(
        canvas,
        top + lean * 0.5,
        y - 0.91 * h,
        0.085 * h,
        look,
        max(-1.0, min(1.0, 40 * lean / h)),
        alpha,
    )
    if light > 0:
        canvas.emit(
            _limb((top + lean * 0.5, y - 0.98 * h), (top, y - 0.82 * h), 0.14 * h),
            shade(look.skin, light),
            alpha,
        )


def _limb(start: Point, end: Point, width: float) -> list[Point]:
    across, along = end[0] - start[0], end[1] - start[1]
    scale = 0.5 * width / max(1e-6, hypot(across, along))
    dx, dy = -along * scale, across * scale
    return [
        (start[0] + dx, start[1] + dy),
        (start[0] - dx, start[1] - dy),
        (end[0] - dx, end[1] - dy),
        (end[0] + dx, end[1] + dy),
    ]
