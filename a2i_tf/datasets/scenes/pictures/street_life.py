"""What stands and moves in a street: lamps, trees, cars, people, the traffic light.

Each function returns pairs of a depth and a painter, since near things hide those behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import sin

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.cars import Car, draw_car, random_car
from a2i_tf.datasets.scenes.pictures.palette import colour, colours
from a2i_tf.datasets.scenes.pictures.people import (
    SHADOW,
    Look,
    presence,
    random_look,
    umbrella,
    walker,
)
from a2i_tf.datasets.scenes.pictures.perspective import Perspective
from a2i_tf.datasets.scenes.world import Factors, World

Painter = tuple[float, Callable[[], None]]

_UMBRELLAS = colours("d9463d f2b632 2f7f9f f0e4d0 7a4b8b 3f8f6f")
_SIGNALS = ((1.0, 0.2, 0.15), (1.0, 0.75, 0.2), (0.25, 1.0, 0.5))
_LAMPLIGHT = (1.0, 0.78, 0.45)
_POLE = colour("33363f")
_DARK = (0.0, 0.0, 0.0)
_CARS, _WALKERS = 12, 16
_LANES = (0.3, 0.7)
_LANE_NEAR, _LANE_FAR = -0.66, 6.0
_CROSSING_Z = 0.54


def traffic(
    canvas: Canvas, view: Perspective, world: World, time_seconds: float
) -> Iterator[Painter]:
    """Yields the cars: one that is parked, and those that drive, more with activity."""
    factors = world.factors_at(time_seconds)
    rng = world.rng("traffic")
    drives_left = bool(rng.random() < 0.35)
    width = 0.16 + 0.16 * factors.nearness
    ranks = rng.permutation(_CARS)
    speed = rng.uniform(0.25, 0.45)
    length = _LANE_FAR - _LANE_NEAR
    for number, rank in enumerate(ranks):
        car, shift = random_car(rng), rng.uniform(-0.25, 0.25)
        lane = number % 2
        comes = (lane == 0) != drives_left
        here = presence(factors.activity, int(rank), _CARS)
        if here <= 0:
            continue
        start = length * (number // 2 + shift) / (_CARS / 2)
        way = (start + (-1 if comes else 1) * speed * time_seconds) % length
        z = _LANE_NEAR + way
        alpha = min(1.0, 2 * here, 2 * (length - way))
        yield (
            z,
            partial(_paint_car, canvas, view, (_LANES[lane], z), width, car, comes, factors, alpha),
        )
    parked_u = 0.86 if rng.random() < 0.5 else 0.14
    z = rng.uniform(0.25, 0.4)
    comes = (parked_u < 0.5) != drives_left
    yield (
        z,
        partial(
            _paint_car,
            canvas,
            view,
            (parked_u, z),
            width * 1.1,
            random_car(rng),
            comes,
            factors,
            1.0,
        ),
    )


def _paint_car(
    canvas: Canvas,
    view: Perspective,
    place: tuple[float, float],
    width: float,
    car: Car,
    comes: bool,
    factors: Factors,
    alpha: float,
) -> None:
    u, z = place
    x, y = view.point(u, 1.0, z)
    w = width * view.scale(z)
    if factors.night > 0 and alpha > 0.9:
        hides = [
            (x - 0.4 * w, y - 0.6 * w),
            (x + 0.4 * w, y - 0.6 * w),
            (x + 0.5 * w, y),
            (x - 0.5 * w, y),
        ]
        canvas.emit(hides, _DARK)
    draw_car(canvas, x, y, w, car, comes=comes, night=factors.night, wet=factors.rain, alpha=alpha)


def pedestrians(
    canvas: Canvas, view: Perspective, world: World, time_seconds: float
) -> Iterator[Painter]:
    """Yields the people on the pavements and on the crossing, more with activity."""
    factors = world.factors_at(time_seconds)
    rng = world.rng("pedestrians")
    height = 0.23 + 0.18 * factors.nearness
    for number, rank in enumerate(rng.permutation(_WALKERS)):
        look, tint = random_look(rng), _UMBRELLAS[int(rng.integers(len(_UMBRELLAS)))]
        start, across, phase = rng.uniform(0, 1, 3)
        way = 1 if rng.random() < 0.5 else -1
        here = presence(factors.activity, int(rank), _WALKERS)
        if here <= 0:
            continue
        if number % 3 == 0:
            share = (start + 0.06 * way * time_seconds) % 1.0
            u = share * 1.3 - 0.15
            z, facing = _CROSSING_Z + 0.16 * (across - 0.5), float(way)
        else:
            u = (0.98 + 0.13 * across) if number % 3 == 1 else (0.02 - 0.13 * across)
            share = (start + 0.03 * way * time_seconds) % 1.0
            z = 0.2 + 3.2 * share**1.5
            facing = 0.0
        # At the ends of the way people fade out, as if into a door.
        here *= min(1.0, 8 * share, 8 * (1 - share))
        yield (
            z,
            partial(
                _paint_walker,
                canvas,
                view,
                (u, z),
                height,
                look,
                tint,
                4 * time_seconds + 6.28 * phase,
                facing,
                factors,
                here,
            ),
        )


def _paint_walker(
    canvas: Canvas,
    view: Perspective,
    place: tuple[float, float],
    height: float,
    look: Look,
    tint: Colour,
    stride: float,
    facing: float,
    factors: Factors,
    here: float,
) -> None:
    u, z = place
    x, y = view.point(u, 1.0, z)
    h = height * view.scale(z) * (0.6 + 0.4 * here)
    alpha = min(1.0, 2 * here)
    if factors.night > 0 and alpha > 0.9:
        hides = [(x - 0.12 * h, y - h), (x + 0.12 * h, y - h), (x + 0.12 * h, y), (x - 0.12 * h, y)]
        canvas.emit(hides, _DARK)
    walker(canvas, x, y, h, look, stride, facing=facing, wind=factors.wind, alpha=alpha)
    opened = min(1.0, max(0.0, 3 * factors.rain - 0.3))
    if opened > 0:
        umbrella(
            canvas,
            x,
            y - 0.95 * h,
            0.5 * h * (0.4 + 0.6 * opened),
            tint,
            0.35 * factors.wind,
            alpha * opened,
        )


def furniture(
    canvas: Canvas,
    view: Perspective,
    world: World,
    time_seconds: float,
    leaves: Colour,
) -> Iterator[Painter]:
    """Yields street lamps, trees and the traffic light."""
    factors = world.factors_at(time_seconds)
    rng = world.rng("furniture")
    first = rng.uniform(0.25, 0.6)
    flag = _UMBRELLAS[int(rng.integers(len(_UMBRELLAS)))]
    has_trees = rng.random(2) < 0.75
    for number in range(4):
        for side, u in ((-1, 0.03), (1, 0.97)):
            z = first + (0.85 + 0.1 * number) * number + (0.3 if side > 0 else 0.0)
            yield (
                z,
                partial(
                    _paint_lamp, canvas, view, (u, z), -side, flag, factors, time_seconds + number
                ),
            )
            if has_trees[(side + 1) // 2]:
                yield (
                    z + 0.5,
                    partial(
                        _paint_tree,
                        canvas,
                        view,
                        (u, z + 0.5),
                        leaves,
                        factors,
                        time_seconds + 1.7 * number,
                    ),
                )
    side = 1 if rng.random() < 0.5 else -1
    phase = (time_seconds / 9 + rng.random()) % 1.0
    lit = 0 if phase < 0.45 else (1 if phase < 0.55 else 2)
    yield 0.16, partial(_paint_signal, canvas, view, (0.5 + side * 0.44, 0.16), lit, factors)


def _paint_lamp(
    canvas: Canvas,
    view: Perspective,
    place: tuple[float, float],
    way: int,
    flag: Colour,
    factors: Factors,
    time_seconds: float,
) -> None:
    u, z = place
    scale = view.scale(z)
    foot, top = view.point(u, 1.0, z), view.point(u, 0.2, z)
    tip = view.point(u + way * 0.1, 0.18, z)
    canvas.line([foot, top, tip], _POLE, 0.016 * scale)
    canvas.ellipse(tip[0], tip[1] + 0.012 * scale, 0.035 * scale, 0.014 * scale, colour("ffe9b0"))
    # A banner hangs from the pole, and the wind lifts it.
    lift = factors.wind * (0.85 + 0.15 * sin(6 * time_seconds))
    wave = 0.02 * scale * factors.wind * sin(8 * time_seconds)
    x, y = view.point(u, 0.3, z)
    reach_x, reach_y = 0.24 * scale * lift, 0.24 * scale * (1 - 0.85 * lift)
    width = 0.085 * scale
    cloth = [
        (x, y),
        (x + width, y + 0.2 * width * lift),
        (x + width + reach_x, y + reach_y + wave + 0.5 * width * lift),
        (x + reach_x, y + reach_y + wave + width * lift),
    ]
    canvas.polygon(cloth, flag)
    if factors.night > 0:
        canvas.emit(cloth, shade(flag, 0.4 * factors.night))
    if factors.night > 0.05:
        # Far lamps stand close together in the picture, and their halos would add up.
        strength = factors.night * min(1.0, 1.5 * scale)
        canvas.glow(tip[0], tip[1], 0.22 * scale, _LAMPLIGHT, 0.75 * strength)
        if scale > 0.42:
            pool = view.point(u - way * 0.02, 0.92, z)
            canvas.glow(*pool, 0.36 * scale, _LAMPLIGHT, 0.6 * strength)


def _paint_tree(
    canvas: Canvas,
    view: Perspective,
    place: tuple[float, float],
    leaves: Colour,
    factors: Factors,
    time_seconds: float,
) -> None:
    u, z = place
    scale = view.scale(z)
    foot, top = view.point(u, 1.0, z), view.point(u, 0.62, z)
    bend = 0.4 * scale * factors.wind * (0.8 + 0.2 * sin(2.5 * time_seconds))
    canvas.ellipse(foot[0], foot[1], 0.1 * scale, 0.02 * scale, SHADOW, 0.35)
    x, y = top[0] + bend, top[1]
    canvas.line(
        [foot, (foot[0] + 0.2 * bend, (foot[1] + y) / 2), (x, y)], colour("4a3a34"), 0.022 * scale
    )
    tint = mix(leaves, (0.9, 0.93, 0.93), 0.4 * (1 - scale))
    for across, up, size, light in (
        (-0.06, 0.0, 0.09, 0.72), (0.07, 0.01, 0.085, 0.8), (0.0, -0.09, 0.115, 0.92),
        (-0.05, -0.14, 0.075, 1.08), (0.03, -0.19, 0.06, 1.18),
    ):  # fmt: skip
        sway = bend * (1 - 3 * up)
        canvas.ellipse(
            top[0] + across * scale + sway,
            y + up * scale,
            size * scale,
            size * scale,
            shade(tint, light),
        )


def _paint_signal(
    canvas: Canvas, view: Perspective, place: tuple[float, float], lit: int, factors: Factors
) -> None:
    u, z = place
    s = view.scale(z) * (0.75 + 0.4 * factors.nearness)
    x, y = view.point(u, 1.0, z)
    canvas.line([(x, y), (x, y - 0.52 * s)], _POLE, 0.024 * s)
    top = y - 0.68 * s
    case = [
        (x - 0.05 * s, top),
        (x + 0.05 * s, top),
        (x + 0.05 * s, top + 0.27 * s),
        (x - 0.05 * s, top + 0.27 * s),
    ]
    if factors.night > 0:
        canvas.emit(case, _DARK)
    canvas.polygon(case, colour("24262d"))
    for number, tint in enumerate(_SIGNALS):
        lamp_y = top + (0.05 + 0.085 * number) * s
        shown = tint if number == lit else shade(tint, 0.3)
        canvas.ellipse(x, lamp_y, 0.034 * s, 0.034 * s, shown)
        if number == lit:
            canvas.glow(x, lamp_y, 0.12 * s, tint, 0.25 + 0.75 * factors.night)
            canvas.disc_light(x, lamp_y, 0.032 * s, tint, 0.9)
