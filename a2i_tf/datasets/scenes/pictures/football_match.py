"""Football match: players on a striped pitch before a full stand, under floodlights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sin

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, Point, mix, shade
from a2i_tf.datasets.scenes.pictures.palette import colour, colours, pick
from a2i_tf.datasets.scenes.pictures.people import SHADOW, player, presence, random_look
from a2i_tf.datasets.scenes.pictures.perspective import Perspective
from a2i_tf.datasets.scenes.pictures.stadium import Stand, draw_floodlights, draw_stand
from a2i_tf.datasets.scenes.pictures.weather import draw_sky, sky_colours
from a2i_tf.datasets.scenes.pictures.wind import draw_wind
from a2i_tf.datasets.scenes.world import Factors, World

# Light grass, dark grass, home shirt, away shirt, stand, roof.
_PALETTES = (
    "6fb04f 5a9a44 d9423d f4f0e4 9aa3b0 e8e4da",
    "7fb85a 68a34c 2f5fa8 f2c53a b3a79a 5f6f82",
    "5fa860 4c9152 f2f2ea 3a3f5a a8968f c94f45",
    "8abf5c 72a94e f08a2f 2f7f9f 9fa8a0 f0e6d0",
    "62a64c 4f9042 7a3f8f f4d94f a5a0b5 7f8fa8",
    "76b36a 609e58 e8e0d0 c23b4a 8f9aa8 3f5f7f",
)
_LINE = colour("f8faf4")
_BOARDS = colours("d9463d f4efe2 2f6fa8 f2c14e 2f8f6f 2b2f3a")
_PLAYERS = 13
_STRIPE = 0.36


def draw(canvas: Canvas, world: World, time_seconds: float) -> None:
    """Draws the match of `world` at a time.

    Args:
        canvas: An empty canvas.
        world: A world of the class "football-match".
        time_seconds: Seconds since the world began.
    """
    factors = world.factors_at(time_seconds)
    light, dark, home, away, stand, roof = pick(_PALETTES, world.rng("palette"))
    layout = world.rng("layout")
    view = Perspective(layout.uniform(0.38, 0.62), layout.uniform(0.3, 0.36))
    # The camera goes to the goal line, which makes goal, stand and players larger.
    end = 2.6 - 1.75 * factors.nearness
    draw_sky(canvas, world, time_seconds, horizon=0.5)
    haze = sky_colours(world, factors).horizon
    edge = view.point(0, 1.0, end + 0.25)[1]
    scale = view.scale(end + 0.25)
    terrace = Stand(view.x, edge, scale, home, away, stand, roof)
    draw_floodlights(canvas, world, terrace, factors.night)
    draw_stand(canvas, world, time_seconds, terrace)
    _draw_pitch(canvas, view, end, (light, dark), layout, haze, factors)
    _draw_boards(canvas, view, end + 0.25, layout, factors.night)
    _draw_goal(canvas, view, end, factors.night)
    _draw_players(canvas, view, end, world, time_seconds, (home, away))
    scraps = [_LINE, mix(light, _LINE, 0.5), colour("f2c14e")]
    draw_wind(canvas, world, time_seconds, (0.06, 0.96), scraps)


def _draw_pitch(
    canvas: Canvas,
    view: Perspective,
    end: float,
    greens: tuple[Colour, Colour],
    layout: np.random.Generator,
    haze: Colour,
    factors: Factors,
) -> None:
    light, dark = (mix(green, colour("3f6f4f"), 0.35 * factors.rain) for green in greens)
    far = end + 0.25
    horizon = view.point(0, 1.0, far)[1]
    canvas.gradient([(horizon, mix(light, haze, 0.12)), (1.0, light)], horizon, 1.0)
    _light_up(canvas, [(0, horizon), (1, horizon), (1, 1), (0, 1)], light, factors.night)
    if layout.random() < 0.6:
        stripes = [
            view.flat(1.0, -4, 5, max(far - _STRIPE * (place + 1), -0.3), far - _STRIPE * place)
            for place in range(1, int(far / _STRIPE) + 2, 2)
        ]
    else:
        lefts = [view.x + place * 0.3 for place in range(-9, 10, 2)]
        stripes = [view.flat(1.0, left, left + 0.3, -0.3, far) for left in lefts]
    for stripe in stripes:
        canvas.polygon(stripe, dark)
        _light_up(canvas, stripe, dark, factors.night)
    if factors.rain > 0:
        for u, z, reach in ((0.2, 0.3, 0.2), (0.75, 0.6, 0.26), (0.45, 0.1, 0.16)):
            x, y = view.point(u, 1.0, z)
            grown = reach * view.scale(z) * min(1.0, 1.3 * factors.rain)
            canvas.ellipse(x, y, grown, 0.16 * grown, mix(haze, light, 0.25), 0.6 * factors.rain)
    _draw_lines(canvas, view, end, factors.night)


def _floodlight(night: float) -> float:
    """Returns how bright the floodlights are, which are lit early in the evening."""
    return min(1.0, 1.5 * night)


def _light_up(canvas: Canvas, points: Sequence[Point], tint: Colour, night: float) -> None:
    """Shows a part of the pitch in the light of the floodlights."""
    if night > 0:
        canvas.emit(points, shade(tint, 0.4 * _floodlight(night)))


def _draw_lines(canvas: Canvas, view: Perspective, end: float, night: float) -> None:
    def mark(*places: tuple[float, float]) -> None:
        points = [view.point(view.x + u, 1.0, z) for u, z in places]
        canvas.line(points, _LINE, 0.011, 0.95)
        if night > 0:
            for (x0, y0), (x1, y1) in pairwise(points):
                lit = [
                    (x0 - 0.004, y0 - 0.003),
                    (x1 - 0.004, y1 - 0.003),
                    (x1 + 0.004, y1 + 0.003),
                    (x0 + 0.004, y0 + 0.003),
                ]
                _light_up(canvas, lit, _LINE, 1.3 * night)

    mark((-4.0, end), (4.0, end))
    for half, deep in ((0.95, 0.62), (0.5, 0.25)):
        mark((-half, end), (-half, end - deep), (half, end - deep), (half, end))
    arc = [(0.36 * sin(0.35 * k), end - 0.62 - 0.22 * (1 - (k / 4) ** 2)) for k in range(-4, 5)]
    mark(*arc)
    x, y = view.point(view.x, 1.0, end - 0.42)
    canvas.ellipse(x, y, 0.009, 0.005, _LINE)
    if end > 1.4:
        half_way = end - 2.1
        mark((-4.0, half_way), (4.0, half_way))


def _draw_boards(
    canvas: Canvas, view: Perspective, z: float, layout: np.random.Generator, night: float
) -> None:
    width = 0.42
    first = int(layout.integers(len(_BOARDS)))
    for place in range(-9, 10):
        tint = _BOARDS[(place + first) % len(_BOARDS)]
        left = view.x + place * width
        if not 0 < view.point(left + width, 0, z)[0] < 1 + width:
            continue
        board = view.front(z, left, 0.885, left + width, 1.0)
        canvas.polygon(board, tint)
        _light_up(canvas, board, tint, 1.3 * night)
        bar = mix(tint, _LINE if sum(tint) < 2 else SHADOW, 0.7)
        canvas.polygon(view.front(z, left + 0.08, 0.925, left + width - 0.08, 0.96), bar)


def _draw_goal(canvas: Canvas, view: Perspective, end: float, night: float) -> None:
    half, top, deep = 0.33, 0.74, 0.14
    left, right = view.x - half, view.x + half
    back = end + deep
    canvas.polygon(view.front(back, left, top + 0.05, right, 1.0), _LINE, 0.22)
    for place in range(13):
        u = left + (right - left) * place / 12
        canvas.line(
            [view.point(u, top, end), view.point(u, top + 0.05, back), view.point(u, 1.0, back)],
            _LINE,
            0.004,
            0.55,
        )
    for row in range(1, 6):
        v = top + 0.05 + (0.95 - top) * row / 6
        canvas.line(
            [
                view.point(left, v, end),
                view.point(left, v, back),
                view.point(right, v, back),
                view.point(right, v, end),
            ],
            _LINE,
            0.004,
            0.5,
        )
    frame = [
        view.point(left, 1.0, end),
        view.point(left, top, end),
        view.point(right, top, end),
        view.point(right, 1.0, end),
    ]
    width = max(0.012, 0.03 * view.scale(end))
    canvas.line(frame, _LINE, width)
    for (x0, y0), (x1, y1) in pairwise(frame):
        bar = [
            (min(x0, x1) - width / 2, min(y0, y1) - width / 2),
            (max(x0, x1) + width / 2, min(y0, y1) - width / 2),
            (max(x0, x1) + width / 2, max(y0, y1) + width / 2),
            (min(x0, x1) - width / 2, max(y0, y1) + width / 2),
        ]
        _light_up(canvas, bar, _LINE, 1.6 * night)


def _draw_players(
    canvas: Canvas,
    view: Perspective,
    end: float,
    world: World,
    time_seconds: float,
    shirts: tuple[Colour, Colour],
) -> None:
    factors = world.factors_at(time_seconds)
    rng = world.rng("players")
    light = 0.62 * _floodlight(factors.night)
    shorts = (mix(shirts[0], colour("22252f"), 0.7), mix(shirts[1], colour("fafafa"), 0.6))
    height = 0.2
    keeper = random_look(rng, (colour("f2e24f"), colour("3fc9a0")))
    x, y = view.point(view.x + 0.1 * sin(0.8 * time_seconds), 1.0, end - 0.03)
    player(canvas, x, y, height * view.scale(end), keeper, 2 * time_seconds, SHADOW, light=light)
    shares = np.sort(rng.uniform(0.04, 0.8, _PLAYERS))[::-1]
    ranks = rng.permutation(_PLAYERS)
    for number, (share, rank) in enumerate(zip(shares, ranks, strict=True)):
        team = number % 2
        look = random_look(rng, (shirts[team],))
        across, phase, speed = rng.uniform(-0.48, 0.48), rng.uniform(0, 6.28), rng.uniform(0.3, 0.6)
        here = presence(0.12 + 0.88 * factors.activity, int(rank), _PLAYERS)
        if here <= 0:
            continue
        z = 0.12 + (end - 0.2) * share + 0.06 * sin(speed * time_seconds + phase)
        scale = view.scale(z)
        x = view.x + across + 0.07 * sin(0.8 * speed * time_seconds + 2 * phase)
        y = view.point(0, 1.0, z)[1]
        tall = 0.24 * (0.9 + 0.5 * factors.nearness) * scale * (0.6 + 0.4 * here)
        player(
            canvas,
            x,
            y,
            tall,
            look,
            5 * time_seconds + phase,
            shorts[team],
            alpha=min(1.0, 2 * here),
            light=light,
        )
    _draw_ball(canvas, view, end, time_seconds, factors, rng.uniform(0, 6.28))


def _draw_ball(
    canvas: Canvas,
    view: Perspective,
    end: float,
    time_seconds: float,
    factors: Factors,
    phase: float,
) -> None:
    z = 0.1 + 0.35 * end * (1 + sin(0.45 * time_seconds + phase))
    x, y = view.point(view.x + 0.3 * sin(0.6 * time_seconds + 2 * phase), 1.0, z)
    r = 0.03 * (0.8 + 0.5 * factors.nearness) * view.scale(z)
    hop = abs(sin(2 * time_seconds + phase)) * 2 * r
    canvas.ellipse(x + r, y, 1.3 * r, 0.45 * r, SHADOW, 0.4)
    canvas.ellipse(x, y - r - hop, r, r, _LINE)
    canvas.ellipse(x, y - r - hop, 0.4 * r, 0.4 * r, colour("23262e"))
    if factors.night > 0:
        canvas.disc_light(x, y - r - hop, r, _LINE, 0.8 * factors.night)
