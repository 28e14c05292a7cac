"""A stadium's stand with its crowd, its roof and its floodlights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.flags import draw_fans, draw_roof_flags
from a2i_tf.datasets.scenes.pictures.palette import colour, colours
from a2i_tf.datasets.scenes.pictures.people import SHADOW
from a2i_tf.datasets.scenes.world import Factors, World

_SKINS = colours("f0c9a0 d9a57a 8f5f42 e8b890")
_COATS = colours("3f5580 efe6d4 e2ab3a 7a3a52 4f8f7f")
_FLOODLIGHT = (0.92, 0.97, 1.0)
_ROWS, _SEATS = 8, 32


@dataclass(frozen=True)
class Stand:
    """Where the stand behind the goal lies in the picture, and its colours.

    Attributes:
        middle: x of its middle.
        edge: Height in the picture of its foot, the far edge of the pitch.
        scale: Size of things at its foot.
        home: Colour of the home team.
        away: Colour of the away team.
        concrete: Colour of the steps.
        roof: Colour of the roof.
    """

    middle: float
    edge: float
    scale: float
    home: Colour
    away: Colour
    concrete: Colour
    roof: Colour

    @property
    def top(self) -> float:
        """Height in the picture of its uppermost row."""
        return self.edge - self.scale


def draw_floodlights(canvas: Canvas, world: World, stand: Stand, night: float) -> None:
    """Draws two masts behind the stand; `night` says how bright their lamps are."""
    steel = colour("6f7a88")
    top = max(0.1, stand.edge - 1.35 * stand.scale - 0.05)
    inset = world.rng("masts").uniform(0.07, 0.15)
    for x in (inset, 1 - inset):
        canvas.line([(x - 0.012, stand.edge), (x, top)], steel, 0.01)
        canvas.line([(x + 0.012, stand.edge), (x, top)], steel, 0.01)
        canvas.rectangle(x - 0.06, top - 0.045, x + 0.06, top + 0.045, colour("3f4652"))
        for row in (-1, 0, 1):
            y = top + 0.028 * row
            lamps = [
                (x - 0.053, y - 0.011),
                (x + 0.053, y - 0.011),
                (x + 0.053, y + 0.011),
                (x - 0.053, y + 0.011),
            ]
            canvas.polygon(lamps, mix(colour("c9d2dc"), (1.0, 1.0, 1.0), night))
            if night > 0:
                canvas.emit(lamps, _FLOODLIGHT, min(1.0, 1.5 * night))
        for gap in (-0.027, 0.0, 0.027):
            canvas.rectangle(x + gap - 0.003, top - 0.04, x + gap + 0.003, top + 0.04, steel)
        if night > 0:
            canvas.glow(x, top, 0.3, _FLOODLIGHT, 0.75 * night)
            # The beam that falls on the pitch.
            inwards = 1 if x < 0.5 else -1
            for share in (0.5, 1.0):
                canvas.emit(
                    [
                        (x, top),
                        (x + inwards * 0.2 * share, stand.edge),
                        (x + inwards * (0.2 + 0.45 * share), stand.edge),
                    ],
                    _FLOODLIGHT,
                    0.07 * night,
                )


def draw_stand(canvas: Canvas, world: World, time_seconds: float, stand: Stand) -> None:
    """Draws the stand behind the goal, its crowd and what the crowd waves."""
    factors = world.factors_at(time_seconds)
    layout = world.rng("stand")
    has_roof = layout.random() < 0.6
    top, edge, scale = stand.top, stand.edge, stand.scale
    if factors.night > 0:
        canvas.emit([(0, top), (1, top), (1, edge), (0, edge)], (0.0, 0.0, 0.0))
    deep = shade(stand.concrete, 0.42)
    canvas.gradient([(top, deep), (edge, shade(stand.concrete, 0.62))], max(0.0, top), edge)
    row_height = (edge - top - 0.1 * scale) / _ROWS
    for row in range(_ROWS):
        y = top + row_height * (row + 1)
        canvas.rectangle(0, y - 0.16 * row_height, 1, y, shade(stand.concrete, 0.78), 0.55)
        _draw_row(
            canvas, world.rng("crowd", row), y, row_height, stand, factors, 4 * time_seconds + row
        )
    for u in (-1.1, -0.37, 0.37, 1.1):
        x = stand.middle + u * scale * 1.4
        canvas.polygon(
            [
                (x - 0.02 * scale, top),
                (x + 0.02 * scale, top),
                (x + 0.05 * scale, edge),
                (x - 0.05 * scale, edge),
            ],
            shade(stand.concrete, 0.9),
        )
    draw_fans(canvas, world, time_seconds, (top, edge), scale, (stand.home, stand.away))
    if has_roof:
        _draw_roof(canvas, stand, factors.night)
    roof = top - (0.24 * scale if has_roof else 0.0)
    draw_roof_flags(canvas, world, time_seconds, roof, scale, (stand.home, stand.away))


def _draw_roof(canvas: Canvas, stand: Stand, night: float) -> None:
    top, scale = stand.top, stand.scale
    lip = top + 0.06 * scale
    canvas.rectangle(0, lip, 1, lip + 0.12 * scale, SHADOW, 0.35)
    canvas.rectangle(0, top - 0.24 * scale, 1, lip, stand.roof)
    canvas.rectangle(0, top - 0.24 * scale, 1, top - 0.19 * scale, shade(stand.roof, 1.15))
    for place in range(17):
        x = stand.middle + (place - 8) * 0.22 * scale
        canvas.line([(x, top - 0.19 * scale), (x, lip)], shade(stand.roof, 0.8), 0.006)
    canvas.rectangle(0, lip - 0.05 * scale, 1, lip, shade(stand.roof, 0.62))
    if night > 0:
        for place in range(8):
            canvas.glow(0.0625 + place / 8, lip + 0.02, 0.06, _FLOODLIGHT, 0.55 * night)


def _draw_row(
    canvas: Canvas,
    rng: np.random.Generator,
    y: float,
    row_height: float,
    stand: Stand,
    factors: Factors,
    beat: float,
) -> None:
    ranks = rng.permutation(_SEATS)
    kinds = rng.integers(0, 20, _SEATS)
    xs = stand.middle + (np.arange(_SEATS) - _SEATS / 2 + 0.5) * 0.15 * stand.scale
    xs = xs + rng.uniform(-0.03, 0.03, _SEATS) * stand.scale
    comes = np.clip((0.04 + 0.96 * factors.activity) * _SEATS - ranks, 0, 1)
    jumps = np.sin(beat + 2.4 * np.arange(_SEATS)).clip(0, 1)
    # Who is on the way to the seat stands lower.
    bases = y + row_height * (0.6 * (1 - comes) - 0.35 * factors.activity * jumps)
    seen = (comes > 0) & (xs > -0.02) & (xs < 1.02)
    xs, bases, kinds, comes = xs[seen], bases[seen], kinds[seen], comes[seen]
    coats = [stand.home if kind < 9 else _COATS[kind % len(_COATS)] for kind in kinds]
    skins = [_SKINS[kind % len(_SKINS)] for kind in kinds]
    if len(xs):
        for top, bottom, tints, width in (
            (0.72, 0.0, coats, 0.92), (1.15, 0.68, skins, 0.52),
        ):  # fmt: skip
            bodies = np.stack([xs, bases - top * row_height, xs, bases - bottom * row_height], -1)
            canvas.strokes(bodies, tints, width * row_height)
    if factors.night > 0:
        is_home = kinds < 9
        for chosen, tint in ((is_home, stand.home), (~is_home, _COATS[1])):
            for shift in (-0.003, 0.003):
                canvas.sparkle(
                    xs[chosen] + shift,
                    bases[chosen] - 0.4 * row_height,
                    tint,
                    0.42 * factors.night * comes[chosen],
                )
