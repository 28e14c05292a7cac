"""Cars, taxis and buses, seen from the front or from behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.palette import colour, colours
from a2i_tf.datasets.scenes.pictures.people import SHADOW

_PAINTS = colours("d94f3d f2b632 2f6f9f e9e4d8 3a3f4f 4f8f7f e88d4a 8fb7c9 7a3f52 f2b632")
_GLASS = colour("35506a")
_GLINT = colour("cfe6f0")
# Cars less wide than this are painted without details, and their light doesn't reach the road.
_DETAILED_FROM = 0.05
_TYRE = colour("1d1c22")
_HEADLIGHT = (1.0, 0.93, 0.72)
_TAIL_LIGHT = (1.0, 0.12, 0.08)


@dataclass(frozen=True)
class Car:
    """How one car looks."""

    paint: Colour
    tallness: float
    is_taxi: bool


def random_car(rng: np.random.Generator) -> Car:
    """Returns a car: most are low, some are vans, and a few as tall as a bus."""
    paint = _PAINTS[int(rng.integers(len(_PAINTS)))]
    tallness = float(rng.choice([1.0, 1.0, 1.05, 1.3, 1.75]))
    return Car(paint, tallness, bool(tallness < 1.2 and rng.random() < 0.3))


def draw_car(
    canvas: Canvas,
    x: float,
    y: float,
    width: float,
    car: Car,
    *,
    comes: bool,
    night: float,
    wet: float,
    alpha: float = 1.0,
) -> None:
    """Draws a car whose wheels stand at (x, y).

    Args:
        canvas: The picture.
        x: Middle of the car.
        y: Road under its wheels.
        width: Width of the car.
        car: Which car it is.
        comes: Whether it comes towards us (headlights) or drives away (tail lights).
        night: How bright its lights are.
        wet: How much the road mirrors it.
        alpha: Opacity.
    """
    w = width
    height = 0.62 * w * car.tallness
    _draw_body(canvas, x, y, w, height, car, alpha)
    lamp_y = y - 0.29 * w
    is_detailed = w > _DETAILED_FROM
    tint = _HEADLIGHT if comes else _TAIL_LIGHT
    for side in (-1, 1):
        lamp_x = x + side * 0.38 * w
        canvas.ellipse(lamp_x, lamp_y, 0.075 * w, 0.05 * w, tint, alpha)
        if wet > 0 and is_detailed:
            canvas.soft(lamp_x, y + 0.2 * w, 0.08 * w, 0.4 * w, tint, 0.55 * wet * alpha)
        strength = alpha * (night + 0.25 * wet * (1 - night))
        if strength > 0.02 and is_detailed:
            canvas.glow(lamp_x, lamp_y, (0.36 if comes else 0.24) * w, tint, 1.1 * strength)
        elif strength > 0.02:
            r = 0.1 * w
            spot = [
                (lamp_x - r, lamp_y - r),
                (lamp_x + r, lamp_y - r),
                (lamp_x + r, lamp_y + r),
                (lamp_x - r, lamp_y + r),
            ]
            canvas.emit(spot, tint, strength)
    if night > 0.05 and is_detailed:
        canvas.glow(x, y + 0.12 * w, 0.7 * w, tint, 0.4 * night * alpha)


def _draw_body(
    canvas: Canvas, x: float, y: float, w: float, height: float, car: Car, alpha: float
) -> None:
    paint = car.paint
    canvas.ellipse(x, y - 0.01 * w, 0.56 * w, 0.075 * w, SHADOW, 0.5 * alpha)
    for side in (-1, 1):
        left = x + side * 0.36 * w
        canvas.rectangle(left - 0.09 * w, y - 0.2 * w, left + 0.09 * w, y, _TYRE, alpha)
    top, belt = y - height, y - max(0.36 * w, 0.55 * height)
    roof, hip = 0.34 * w, 0.46 * w
    if car.tallness > 1.5:
        roof = hip
    canvas.polygon(
        [(x - roof, top), (x + roof, top), (x + hip, belt), (x - hip, belt)],
        shade(paint, 1.08),
        alpha,
    )
    inner, low = roof - 0.05 * w, hip - 0.06 * w
    canvas.polygon(
        [
            (x - inner, top + 0.055 * w),
            (x + inner, top + 0.055 * w),
            (x + low, belt + 0.01 * w),
            (x - low, belt + 0.01 * w),
        ],
        _GLASS,
        alpha,
    )
    if w < _DETAILED_FROM:
        canvas.rectangle(x - 0.49 * w, belt, x + 0.49 * w, y - 0.08 * w, paint, alpha)
        return
    canvas.polygon(
        [
            (x - 0.6 * inner, top + 0.055 * w),
            (x - 0.1 * inner, top + 0.055 * w),
            (x - 0.4 * low, belt),
            (x - 0.9 * low, belt),
        ],
        _GLINT,
        0.5 * alpha,
    )
    canvas.polygon(
        [
            (x - 0.46 * w, belt),
            (x + 0.46 * w, belt),
            (x + 0.5 * w, belt + 0.06 * w),
            (x + 0.49 * w, y - 0.08 * w),
            (x - 0.49 * w, y - 0.08 * w),
            (x - 0.5 * w, belt + 0.06 * w),
        ],
        paint,
        alpha,
    )
    canvas.rectangle(
        x - 0.49 * w, y - 0.16 * w, x + 0.49 * w, y - 0.08 * w, shade(paint, 0.55), alpha
    )
    if car.tallness > 1.2:
        canvas.rectangle(
            x - 0.49 * w,
            belt + 0.05 * w,
            x + 0.49 * w,
            belt + 0.1 * w,
            mix(_GLINT, paint, 0.3),
            alpha,
        )
    canvas.rectangle(
        x - 0.13 * w, y - 0.2 * w, x + 0.13 * w, y - 0.13 * w, mix(_GLINT, paint, 0.2), alpha
    )
    if car.is_taxi:
        canvas.rectangle(x - 0.12 * w, top - 0.08 * w, x + 0.12 * w, top, colour("fff3c0"), alpha)
