"""What the wind carries: leaves, spray or sand, and the pale gusts that they ride on."""

from __future__ import annotations

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour
from a2i_tf.datasets.scenes.pictures.people import presence
from a2i_tf.datasets.scenes.world import Factors, World

_PIECES = 80
_GUSTS = 16
_GUST: Colour = (0.97, 0.98, 0.96)
_MOONLIT: Colour = (0.30, 0.38, 0.48)
_ALONG = np.linspace(0.0, 1.0, 8)
# Thin at its head and its tail.
_BREADTH = np.sin(np.pi * _ALONG) ** 0.7


def draw_wind(
    canvas: Canvas,
    world: World,
    time_seconds: float,
    heights: tuple[float, float],
    colours: list[Colour],
) -> None:
    """Draws gusts, and what they carry along, between two heights; nothing in calm air.

    Args:
        canvas: The picture.
        world: Source whose wind it is.
        time_seconds: Moment in the source.
        heights: Uppermost and lowest y.
        colours: Colours of the pieces, which they take in turn.
    """
    factors = world.factors_at(time_seconds)
    _draw_gusts(canvas, world, factors, time_seconds, heights)
    _draw_pieces(canvas, world, factors.wind, time_seconds, heights, colours)


def _draw_gusts(
    canvas: Canvas,
    world: World,
    factors: Factors,
    time_seconds: float,
    heights: tuple[float, float],
) -> None:
    (top, bottom), wind = heights, factors.wind
    seeds = world.rng("layout", "gusts").uniform(0, 1, (_GUSTS, 4)).tolist()
    for rank, (start, length, speed, phase) in enumerate(seeds):
        there = presence(wind, rank, _GUSTS)
        if there <= 0.0:
            break
        reach = (0.3 + 0.3 * length) * (0.5 + 0.5 * wind)
        left = (start + (0.1 + 0.15 * speed) * time_seconds) % 1.0 * (1 + reach) - reach
        # Strides that visit all heights before they come near one another.
        y = top + (bottom - top) * ((0.618 * rank + start) % 1.0)
        swell = 0.016 * np.sin(7 * _ALONG + 6 * phase - 2 * time_seconds)
        half = 0.0068 * there * _BREADTH * (0.6 + 0.4 * wind)
        xs = left + reach * _ALONG
        upper = np.stack([xs, y + swell - half], axis=-1)
        lower = np.stack([xs, y + swell + half], axis=-1)
        outline = np.concatenate([upper, lower[::-1]])
        canvas.polygon(outline, _GUST)
        if factors.night > 0.0:
            # Dust and spray shine in the moonlight.
            canvas.emit(outline, _MOONLIT, 0.8 * factors.night)


def _draw_pieces(
    canvas: Canvas,
    world: World,
    wind: float,
    time_seconds: float,
    heights: tuple[float, float],
    colours: list[Colour],
) -> None:
    """Draws dashes whose number and length grow with the wind."""
    count = round(_PIECES * wind)
    starts, places, speeds, phases = world.rng("layout", "blown").uniform(0, 1, (4, _PIECES))
    xs = (starts + (0.15 + 0.25 * speeds) * time_seconds) % 1.15 - 0.08
    ys = heights[0] + (heights[1] - heights[0]) * places
    ys = ys + 0.02 * np.sin(3 * time_seconds + 6 * phases)
    reach = (0.008 + 0.03 * speeds) * (0.4 + 0.6 * wind)
    drop = reach * 0.4 * np.sin(2 * time_seconds + 6 * phases)
    segments = np.stack([xs - reach, ys, xs + reach, ys + drop], axis=-1)
    canvas.strokes(segments[:count], colours, 0.013)
