"""What shines at night in the open: a campfire, a lantern, the window of a hut, fireflies."""

from __future__ import annotations

from math import sin

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, shade
from a2i_tf.datasets.scenes.world import Factors, World

_FIREFLIES = 50
_HALOS = 12


def campfire(canvas: Canvas, x: float, y: float, night: float, time_seconds: float) -> None:
    """Draws a heap of logs at (x, y), which burns when night comes."""
    for side in (-1, 1):
        log = [(x - 0.03 * side, y + 0.004), (x + 0.008 * side, y - 0.045)]
        canvas.line(log, shade((0.40, 0.27, 0.18), 1 - 0.15 * side), 0.014)
        canvas.ellipse(x + 0.034 * side, y + 0.008, 0.013, 0.009, (0.52, 0.48, 0.46))
    canvas.ellipse(x, y + 0.012, 0.016, 0.010, (0.60, 0.56, 0.53))
    if night < 0.3:
        return
    burn = min(1.0, (night - 0.3) / 0.3) * (0.9 + 0.1 * sin(11 * time_seconds))
    canvas.glow(x, y - 0.03, 0.26, (1.0, 0.5, 0.16), 0.75 * burn)
    for reach, rise, colour in ((0.024, 0.085, (1.0, 0.45, 0.1)), (0.013, 0.05, (1.0, 0.9, 0.5))):
        tip = x + 0.008 * sin(7 * time_seconds)
        canvas.emit([(x - reach, y), (tip, y - rise), (x + reach, y)], colour, burn)


def lantern(
    canvas: Canvas, x: float, foot: float, height: float, night: float, time_seconds: float
) -> None:
    """Draws a lantern on a post that stands at (x, foot), lit when night comes."""
    top = foot - height
    canvas.line([(x, foot), (x, top - 0.02), (x + 0.035, top - 0.02)], (0.16, 0.12, 0.1), 0.01)
    glass = [(x + 0.02, top), (x + 0.05, top), (x + 0.045, top + 0.045), (x + 0.025, top + 0.045)]
    canvas.polygon(glass, (0.5, 0.42, 0.3))
    if night > 0.3:
        lit = min(1.0, (night - 0.3) / 0.3) * (0.94 + 0.06 * sin(9 * time_seconds))
        canvas.emit(glass, (1.0, 0.86, 0.5), lit)
        canvas.glow(x + 0.035, top + 0.02, 0.28, (1.0, 0.58, 0.22), 0.75 * lit)


def hut(canvas: Canvas, x: float, y: float, size: float, night: float) -> None:
    """Draws a hut whose window is lit at night; (x, y) is the middle of its foot."""
    wall, roof = (0.86, 0.78, 0.64), (0.62, 0.26, 0.2)
    canvas.rectangle(x - 0.6 * size, y - 0.7 * size, x + 0.6 * size, y, wall)
    canvas.rectangle(x + 0.2 * size, y - 0.7 * size, x + 0.6 * size, y, shade(wall, 0.75))
    canvas.polygon(
        [(x - 0.75 * size, y - 0.65 * size), (x - 0.35 * size, y - 1.25 * size),
         (x + 0.45 * size, y - 1.25 * size), (x + 0.75 * size, y - 0.65 * size)],
        roof,
    )  # fmt: skip
    window = [(x - 0.4 * size, y - 0.5 * size), (x - 0.05 * size, y - 0.5 * size),
              (x - 0.05 * size, y - 0.2 * size), (x - 0.4 * size, y - 0.2 * size)]  # fmt: skip
    canvas.polygon(window, (0.3, 0.34, 0.4))
    if night > 0.2:
        lit = min(1.0, (night - 0.2) / 0.3)
        canvas.emit(window, (1.0, 0.82, 0.42), lit)
        canvas.glow(x - 0.2 * size, y - 0.3 * size, 2.2 * size, (1.0, 0.6, 0.22), 0.6 * lit)


def fireflies(
    canvas: Canvas,
    world: World,
    factors: Factors,
    time_seconds: float,
    colour: Colour,
    halo: float,
) -> None:
    """Lets fireflies blink at night, more of them with more activity.

    Args:
        canvas: The picture.
        world: Source whose fireflies they are.
        factors: Its factors at the moment.
        time_seconds: Moment in the source.
        colour: Colour of their light.
        halo: How bright the first dozen light up the air around them.
    """
    if factors.night < 0.3:
        return
    rng = world.rng("layout", "fireflies")
    xs, ys, phases = rng.uniform([0, 0.25, 0], [1, 0.95, 6], (_FIREFLIES, 3)).T
    xs = xs + 0.02 * np.sin(time_seconds + phases)
    lively = np.clip(_FIREFLIES * (0.06 + 0.94 * factors.activity) - np.arange(_FIREFLIES), 0, 1)
    blink = lively * (0.65 + 0.35 * np.sin(2 * time_seconds + phases))
    canvas.sparkle(xs, ys, colour, blink)
    for x, y, bright in np.stack([xs, ys, blink], axis=-1)[:_HALOS].tolist():
        canvas.glow(x, y, 0.045, shade(colour, 0.75), halo * bright)
