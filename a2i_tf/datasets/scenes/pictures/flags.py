"""What streams and waves in a stadium: flags on the roof, and the crowd's flags and flares."""

from __future__ import annotations

from math import sin

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, shade
from a2i_tf.datasets.scenes.pictures.palette import colour
from a2i_tf.datasets.scenes.pictures.people import presence
from a2i_tf.datasets.scenes.world import World

_WHITE = colour("f6f0e0")
_POLE = colour("4a4038")
_FLARE = (1.0, 0.32, 0.18)
_FLAGS, _FLARES, _ROOF_FLAGS = 9, 4, 5


def draw_roof_flags(
    canvas: Canvas,
    world: World,
    time_seconds: float,
    roof: float,
    scale: float,
    teams: tuple[Colour, Colour],
) -> None:
    """Draws the flags on top of the stand, whose height in the picture is `roof`."""
    factors = world.factors_at(time_seconds)
    shift = world.rng("roof flags").uniform(0.02, 0.1)
    size = 0.1 + 0.15 * scale
    for number in range(_ROOF_FLAGS):
        x = shift + number / _ROOF_FLAGS
        tip = (x, roof - 1.1 * size)
        canvas.line([(x, roof), tip], _POLE, 0.009)
        draw_flag(
            canvas,
            tip,
            size,
            teams[number % 2],
            factors.wind,
            6 * time_seconds + number,
            1.0,
            factors.night,
        )


def draw_fans(
    canvas: Canvas,
    world: World,
    time_seconds: float,
    span: tuple[float, float],
    scale: float,
    teams: tuple[Colour, Colour],
) -> None:
    """Draws the flags that the crowd waves and the flares it burns, more with activity.

    Args:
        canvas: The picture.
        world: The world.
        time_seconds: Seconds since the world began.
        span: Upper and lower end of the crowd in the picture.
        scale: Size of things in the crowd.
        teams: Colours of both teams.
    """
    factors = world.factors_at(time_seconds)
    rng = world.rng("flags")
    top, edge = span
    for number, rank in enumerate(rng.permutation(_FLAGS)):
        x = (number + rng.uniform(0.2, 0.8)) / _FLAGS
        share, phase = rng.uniform(0.4, 0.85), rng.uniform(0, 6.28)
        come = presence(factors.activity, int(rank), _FLAGS)
        if come <= 0:
            continue
        y = top + share * (edge - top)
        size = 0.28 * scale * (0.5 + 0.5 * come)
        tip = (x + 0.4 * size * sin(2.2 * time_seconds + phase), y - 1.1 * size)
        canvas.line([(x, y), tip], _POLE, 0.008, come)
        tint = (teams[0], _WHITE, teams[1])[number % 3]
        draw_flag(
            canvas,
            tip,
            size,
            tint,
            0.3 + 0.7 * factors.wind,
            5 * time_seconds + phase,
            come,
            factors.night,
        )
    for number in range(_FLARES):
        place = (rng.uniform(0.05, 0.95), top + rng.uniform(0.35, 0.8) * (edge - top))
        come = presence(factors.activity - 0.4, number, _FLARES)
        if come > 0:
            _draw_flare(canvas, place, scale, come, factors.wind, time_seconds + number)


def _draw_flare(
    canvas: Canvas,
    place: tuple[float, float],
    scale: float,
    come: float,
    wind: float,
    time_seconds: float,
) -> None:
    x, y = place
    flicker = 0.85 + 0.15 * sin(11 * time_seconds)
    for puff in range(4):
        share = (puff + time_seconds % 1.0) / 4
        radius = (0.1 + 0.22 * share) * scale
        canvas.soft(
            x + (0.1 + 0.7 * wind) * share * scale,
            y - 0.75 * share * scale,
            radius,
            radius,
            (0.96, 0.62, 0.55),
            0.7 * come * (1 - share) * min(1.0, 5 * share),
        )
    canvas.ellipse(x, y, 0.035 * scale, 0.05 * scale, (1.0, 0.95, 0.8), come)
    canvas.glow(x, y, 0.3 * scale, _FLARE, come * flicker)


def draw_flag(
    canvas: Canvas,
    tip: tuple[float, float],
    size: float,
    tint: Colour,
    wind: float,
    phase: float,
    alpha: float,
    night: float,
) -> None:
    """Draws a flag that hangs from `tip` in calm air and streams to the right in the wind."""
    x, y = tip
    upper, lower = [], []
    for step in range(5):
        share = step / 4
        along = size * share * (0.22 + 1.1 * wind)
        sag = size * share * 0.9 * (1 - wind) ** 1.5
        wave = 0.1 * size * share * sin(phase - 3.5 * share) * (0.3 + wind)
        upper.append((x + along, y + sag + wave))
        lower.append((x + along, y + sag + wave + 0.6 * size))
    cloth = upper + lower[::-1]
    canvas.polygon(cloth, tint, alpha)
    if night > 0:
        canvas.emit(cloth, shade(tint, 0.4 * night), alpha)
    band = [(px, py + 0.2 * size) for px, py in upper]
    rest = [(px, py - 0.2 * size) for px, py in lower]
    canvas.polygon(band + rest[::-1], shade(tint, 0.72), alpha)
