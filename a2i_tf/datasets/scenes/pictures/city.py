"""City: a street canyon with cars, pedestrians, shops and a distant skyline."""

from __future__ import annotations

from math import sin

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.pictures.buildings import draw_houses, row_of_houses
from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.palette import colour, colours, pick
from a2i_tf.datasets.scenes.pictures.perspective import Perspective
from a2i_tf.datasets.scenes.pictures.street_life import furniture, pedestrians, traffic
from a2i_tf.datasets.scenes.pictures.weather import draw_sky, sky_colours
from a2i_tf.datasets.scenes.pictures.wind import draw_wind
from a2i_tf.datasets.scenes.world import Factors, World

# Five walls, asphalt, pavement, trees.
_PALETTES = (
    "d9775a e8a86a c95d4a f0c48a a85a4f 6f6d78 cfc3b2 6f9a5f",
    "e9c9a0 d9a07a b97a6a f0dfc0 8f6a6f 74727e d9ccb9 7fa05a",
    "7f9fb0 a9bfc4 5f7f96 d9d4c4 8f8fa8 676c78 c4c2bd 6a9a7f",
    "e58f6a f2b88a b5566a 7f5f86 f0d0a8 6b6478 d4bfae 8f9a4f",
    "b5c2a0 8fa890 e0d3a8 c99a6f 6f8a86 70706f cbc6b0 5f8f5a",
    "c97f72 8f5f62 e5b9a0 a8756a d99f80 625f6c c9b8a8 a8944a",
)
_AWNINGS = colours("c8423b f4ead2 2f8f7f f2b632 3a5f8f e27a6a")
_LINE = colour("f4efe0")
_LAMPLIGHT = (1.0, 0.78, 0.45)
_STREET_END = 7.0
_CURBS = (0.08, 0.92)
_FRONTS = (-0.22, 1.22)


def draw(canvas: Canvas, world: World, time_seconds: float) -> None:
    """Draws the street of `world` at a time.

    Args:
        canvas: An empty canvas.
        world: A world of the class "city".
        time_seconds: Seconds since the world began.
    """
    factors = world.factors_at(time_seconds)
    *walls, asphalt, pavement, leaves = pick(_PALETTES, world.rng("palette"))
    layout = world.rng("layout")
    view = Perspective(layout.uniform(0.36, 0.64), layout.uniform(0.5, 0.58))
    draw_sky(canvas, world, time_seconds, horizon=view.y)
    haze = sky_colours(world, factors).horizon
    _draw_skyline(canvas, view, layout, haze, factors)
    _draw_ground(canvas, view, asphalt, pavement, haze, factors)
    shaded = int(layout.integers(2))
    for side, u in enumerate(_FRONTS):
        houses = row_of_houses(world.rng("houses", side), tuple(walls), _AWNINGS, _STREET_END)
        flutter = factors.wind * (0.6 + 0.4 * sin(5 * time_seconds + side))
        draw_houses(
            canvas,
            view,
            houses,
            u,
            light=0.82 if side == shaded else 1.04,
            haze=haze,
            night=factors.night,
            flutter=flutter,
        )
    _draw_street_life(canvas, view, world, time_seconds, leaves)
    litter = [shade(leaves, 1.15), colour("f2ede0"), shade(leaves, 0.85)]
    draw_wind(canvas, world, time_seconds, (0.12, 0.95), litter)


def _draw_skyline(
    canvas: Canvas, view: Perspective, layout: np.random.Generator, haze: Colour, factors: Factors
) -> None:
    spots: list[NDArray[np.float64]] = []
    for layer in range(2):
        tint = mix(haze, colour("6a7f9f"), 0.22 + 0.2 * layer)
        left = -0.02
        while left < 1:
            width = layout.uniform(0.035, 0.08)
            tall = layout.uniform(0.06, 0.3) * (1.0 - 0.35 * layer)
            top = view.y - tall * (1.2 - 1.2 * abs(left - view.x))
            canvas.rectangle(left, top, left + width, view.y + 0.02, tint)
            if layout.random() < 0.3:
                middle = left + width / 2
                canvas.line([(middle, top - 0.05), (middle, top)], tint, 0.006)
            spots.append(layout.uniform(0, 1, (3, 2)) * (width, 0.14) + (left, top + 0.01))
            left += width
    if factors.night > 0.3:
        xs, ys = np.concatenate(spots).T
        # Only the end of the street: elsewhere houses stand in front.
        seen = np.abs(xs - view.x) < 0.07
        xs, ys = xs[seen], ys[seen]
        canvas.sparkle(xs, ys, _LAMPLIGHT, np.full(len(xs), 0.9 * (factors.night - 0.3)))


def _draw_ground(
    canvas: Canvas,
    view: Perspective,
    asphalt: Colour,
    pavement: Colour,
    haze: Colour,
    factors: Factors,
) -> None:
    wet = factors.rain
    road = mix(asphalt, colour("3c4252"), 0.6 * wet)
    paved = mix(pavement, colour("6d7280"), 0.55 * wet)
    canvas.gradient(
        [(view.y, mix(paved, haze, 0.6)), (0.75, paved), (1.0, shade(paved, 0.9))], view.y, 1.0
    )
    left, right = _CURBS
    far = 40.0
    canvas.polygon(view.flat(1.0, left, right, -0.3, far), road)
    canvas.polygon(view.flat(1.0, left, right, 2.5, far), mix(road, haze, 0.35))
    for curb, inwards in ((left, 1), (right, -1)):
        canvas.polygon(view.flat(1.0, curb, curb - inwards * 0.03, -0.3, 12), shade(paved, 1.15))
        canvas.polygon(view.flat(1.0, curb, curb + inwards * 0.02, -0.3, 12), shade(road, 0.7))
    for near in np.arange(-0.2, 7, 0.5):
        canvas.polygon(view.flat(1.0, 0.488, 0.512, near, near + 0.26), _LINE, 0.9)
    for place in range(9):
        stripe = left + 0.05 + place * 0.088
        canvas.polygon(view.flat(1.0, stripe, stripe + 0.045, 0.42, 0.66), _LINE, 0.85)
    if wet > 0:
        _draw_wetness(canvas, view, haze, wet)


def _draw_wetness(canvas: Canvas, view: Perspective, haze: Colour, wet: float) -> None:
    # The pale sky at the end of the street lies mirrored on the road.
    for share in (1.0, 0.6, 0.3):
        canvas.polygon(
            [
                (view.x - 0.05, view.y + 0.02),
                (view.x + 0.05, view.y + 0.02),
                (view.x + 0.3 * share, 1.0),
                (view.x - 0.3 * share, 1.0),
            ],
            haze,
            0.3 * wet,
        )
    for u, z, reach in ((0.25, 0.2, 0.11), (0.7, 0.9, 0.13), (0.62, 0.05, 0.09), (-0.1, 0.5, 0.1)):
        x, y = view.point(u, 1.0, z)
        grown = reach * wet * view.scale(z)
        canvas.ellipse(x, y, grown, 0.22 * grown, shade(haze, 0.95), 0.75 * min(1.0, 2 * wet))


def _draw_street_life(
    canvas: Canvas, view: Perspective, world: World, time_seconds: float, leaves: Colour
) -> None:
    painters = [
        *furniture(canvas, view, world, time_seconds, leaves),
        *traffic(canvas, view, world, time_seconds),
        *pedestrians(canvas, view, world, time_seconds),
    ]
    for _, paint in sorted(painters, key=lambda painter: -painter[0]):
        paint()
