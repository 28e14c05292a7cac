"""The river: a winding band of water between green banks, before hills."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sin

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.pictures.animals import draw_flock, duck
from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.foliage import blades
from a2i_tf.datasets.scenes.pictures.hills import draw_hills
from a2i_tf.datasets.scenes.pictures.lanterns import hut
from a2i_tf.datasets.scenes.pictures.palette import pick
from a2i_tf.datasets.scenes.pictures.people import presence
from a2i_tf.datasets.scenes.pictures.trees import bending, conifer, round_tree
from a2i_tf.datasets.scenes.pictures.weather import draw_sky, moon_place, sky_colours
from a2i_tf.datasets.scenes.pictures.wind import draw_wind
from a2i_tf.datasets.scenes.world import Factors, World

# Hills, meadow in the light, meadow in the shade, water, trees, earth.
_PALETTES = (
    "4f7f8f 9fbf5a 5f8f3f 2f7f9f 3a6b3a a98a5b",
    "5a6f9a b9c46a 7a9a48 3a78a6 2f5f4a b59a6a",
    "6a8a7a c9b860 93974a 3f8a94 5a7336 b08a55",
    "7a6f95 d7b25a a8863e 3c6f95 a5652c 9a7450",
    "4a7a9a 8fc07a 4f8f5a 2a86a0 28644f 9c8a6a",
    "58808a b4c98a 6f9a5f 4a93a8 416f45 b7a27a",
)
_FLOWERS: tuple[Colour, ...] = (
    (0.98, 0.97, 0.92), (0.97, 0.80, 0.25), (0.88, 0.35, 0.33), (0.66, 0.48, 0.82),
)  # fmt: skip
_FOAM: Colour = (0.97, 0.99, 1.0)
_DEPTHS = np.linspace(0.0, 1.0, 33)
_STREAK = np.linspace(0.0, 1.0, 4)
_FLOW_LINES = 72
_TREES = 12
_DARK_BIRDS: tuple[Colour, ...] = ((0.17, 0.2, 0.28),)
_DUCKS = 5
_GRASS_WAVES = 13


@dataclass(frozen=True)
class _Valley:
    """The lie of the land in one world at one moment; depth 0 is the horizon, 1 the foreground."""

    horizon: float
    middle: NDArray[np.float64]
    half: NDArray[np.float64]
    hills: Colour
    meadow: tuple[Colour, Colour]
    water: Colour
    tree: Colour
    earth: Colour
    air: Colour

    def y(self, depth: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the height in the picture of a depth: distance is foreshortened."""
        return self.horizon + (1.02 - self.horizon) * np.asarray(depth) ** 1.35

    def bank(
        self, depth: float | NDArray[np.float64], across: float | NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Returns x at a depth; `across` is -1 on the left edge of the water and 1 on the right."""
        middle = np.interp(depth, _DEPTHS, self.middle)
        return np.asarray(middle + across * np.interp(depth, _DEPTHS, self.half))

    def clear_of_water(self, depth: float, side: int, tall: float) -> float:
        """Returns the x nearest to the water where a tree does not hide the river behind it."""
        behind = np.abs(_DEPTHS - (depth - 0.16)) <= 0.19
        edges = side * (self.middle + side * self.half)
        return float(side * (edges[behind].max() + 0.16 * tall)) + side * 0.02


def draw(canvas: Canvas, world: World, time_seconds: float) -> None:
    """Paints the river of `world` at one moment, in daylight colours."""
    factors = world.factors_at(time_seconds)
    valley = _valley(world, factors)
    draw_sky(canvas, world, time_seconds, valley.horizon)
    draw_hills(canvas, world, valley.horizon, valley.hills, valley.meadow[1], valley.air)
    _draw_meadow(canvas, world, valley)
    _draw_bent_grass(canvas, world, factors, valley, time_seconds)
    _draw_water(canvas, world, factors, valley, time_seconds)
    _draw_flow(canvas, world, factors, valley, time_seconds)
    _draw_ducks(canvas, world, factors, valley, time_seconds)
    _draw_trees(canvas, world, factors, valley, time_seconds)
    reach = 0.8 + 0.7 * factors.nearness
    draw_flock(
        canvas, world, factors.activity, time_seconds, (0.04, valley.horizon), reach, _DARK_BIRDS
    )
    _draw_reeds(canvas, world, factors, valley, time_seconds)
    leaves = [shade(valley.tree, 0.8), shade(valley.meadow[0], 1.2), (0.86, 0.48, 0.2)]
    draw_wind(canvas, world, time_seconds, (0.1, 0.97), leaves)


def _valley(world: World, factors: Factors) -> _Valley:
    rng = world.rng("layout")
    horizon, start, bend, phase = rng.uniform([0.34, 0.4, 0.75, -0.3], [0.44, 0.6, 1.15, 0.3])
    side = 1 if rng.random() < 0.5 else -1
    # Two bends, the nearer one the wider: the letter S seen from a hill.
    swing = np.sin(2 * pi * (1.12 * _DEPTHS**0.62) + phase)
    middle = start + side * bend * swing * (0.05 + 0.22 * _DEPTHS)
    half = 0.008 + (0.08 + 0.30 * factors.nearness) * _DEPTHS**1.15
    hills, light, dark, water, tree, earth = pick(_PALETTES, world.rng("palette", "river"))
    sky = sky_colours(world, factors)
    return _Valley(
        horizon, middle, half, hills, (light, dark), mix(water, sky.zenith, 0.2), tree, earth,
        sky.horizon,
    )  # fmt: skip


def _draw_meadow(canvas: Canvas, world: World, valley: _Valley) -> None:
    light, dark = valley.meadow
    canvas.gradient(
        [
            (valley.horizon, mix(light, valley.air, 0.5)),
            (valley.horizon + 0.12, light),
            (0.8, mix(light, dark, 0.6)),
            (1.0, dark),
        ],
        top=valley.horizon + 0.012,
    )
    rng = world.rng("layout", "meadow")
    patches = rng.uniform([0, 0.02, 0.15, 0], [1, 0.95, 0.42, 1], (8, 4)).tolist()
    for x, depth, reach, tone in patches:
        colour = mix(shade(light, 1.14), dark, tone)
        canvas.soft(x, float(valley.y(depth)), reach, reach * (0.06 + 0.2 * depth), colour, 0.8)
    depth, xs = rng.uniform(0, 1, (2, 110))
    ys = valley.y(depth)
    reach = 0.005 + 0.026 * depth
    segments = np.stack([xs, ys, xs + 0.3 * reach, ys - reach], axis=-1)
    greens = [shade(dark, 0.85), shade(light, 1.1), mix(light, dark, 0.5)]
    canvas.strokes(segments[:80], greens, 0.006, 0.65)
    flower = _FLOWERS[int(rng.integers(len(_FLOWERS)))]
    for x, y, size in zip(xs[80:].tolist(), ys[80:].tolist(), depth[80:].tolist(), strict=True):
        canvas.ellipse(x, y, 0.003 + 0.007 * size, 0.003 + 0.005 * size, flower)


def _draw_bent_grass(
    canvas: Canvas, world: World, factors: Factors, valley: _Valley, time_seconds: float
) -> None:
    """Sends silvery waves over the meadow, whose grass shows its pale side to the wind."""
    silver = mix(valley.meadow[0], (0.93, 0.96, 0.88), 0.62)
    seeds = world.rng("layout", "grass waves").uniform(0, 1, (_GRASS_WAVES, 3)).tolist()
    for rank, (start, depth, length) in enumerate(seeds):
        there = presence(factors.wind, rank, _GRASS_WAVES)
        if there <= 0.0:
            break
        depth = 0.06 + 0.9 * ((0.618 * rank + depth) % 1.0)
        reach = (0.12 + 0.3 * depth) * (0.7 + 0.6 * length)
        x = (start + 0.12 * time_seconds) % 1.0 * (1 + 2 * reach) - reach
        y = float(valley.y(depth))
        canvas.soft(x, y, reach, 0.02 + 0.05 * depth, silver, 0.95 * there)


def _draw_water(
    canvas: Canvas, world: World, factors: Factors, valley: _Valley, time_seconds: float
) -> None:
    ys = valley.y(_DEPTHS)
    rough = 1 + 0.08 * np.sin(43 * _DEPTHS) * _DEPTHS
    left = valley.middle - valley.half * rough
    right = valley.middle + valley.half * (2 - rough)
    for spread, drop, colour in (
        (0.035, 0.0, valley.earth),
        (0.02, 0.0, shade(valley.earth, 0.62)),
    ):
        edge = spread * (0.15 + _DEPTHS)
        outline = np.concatenate(
            [np.stack([left - edge, ys + drop], -1), np.stack([right + edge, ys + drop], -1)[::-1]]
        )
        canvas.polygon(outline, colour)
    for step in range(len(_DEPTHS) - 1):
        depth = float(_DEPTHS[step])
        mirrored = mix(mix(valley.water, valley.air, 0.75), valley.water, min(1.0, 1.5 * depth))
        colour = shade(mirrored, 1.0 - 0.16 * depth)
        strip = [
            (left[step], ys[step]),
            (right[step], ys[step]),
            (right[step + 1], ys[step + 1] + 0.004),
            (left[step + 1], ys[step + 1] + 0.004),
        ]
        canvas.polygon(strip, colour)
    shadow = mix(valley.water, valley.tree, 0.55)
    for edge, sign in ((left, 1), (right, -1)):
        inner = edge + sign * valley.half * (0.28 + 0.1 * np.sin(29 * _DEPTHS + sign))
        outline = np.concatenate([np.stack([edge, ys], -1), np.stack([inner, ys], -1)[::-1]])
        canvas.polygon(outline, shadow, 0.5)
    _light_water(canvas, left, right, ys, factors)
    rng = world.rng("layout", "mirror")
    depth, across = rng.uniform([0.05, -0.75], [1, 0.6], (34, 2)).T
    xs, ys = valley.bank(depth, across), valley.y(depth)
    reach = (0.01 + 0.06 * depth) * (1 - 0.3 * factors.wind)
    segments = np.stack([xs - reach, ys, xs + reach, ys], axis=-1)
    canvas.strokes(
        segments, [mix(valley.water, valley.air, 0.55), shade(valley.water, 0.82)], 0.006, 0.6
    )
    _draw_glitter(canvas, world, factors, valley, time_seconds)


def _light_water(
    canvas: Canvas,
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    ys: NDArray[np.float64],
    factors: Factors,
) -> None:
    """Lets the water mirror the night sky, so that its course shows in the dark."""
    faint = max(0.0, factors.night - 0.35) * (1 - 0.4 * factors.rain)
    if faint > 0.0:
        outline = np.concatenate([np.stack([left, ys], -1), np.stack([right, ys], -1)[::-1]])
        canvas.emit(outline, (0.12, 0.24, 0.42), 0.75 * faint)


def _draw_glitter(
    canvas: Canvas, world: World, factors: Factors, valley: _Valley, time_seconds: float
) -> None:
    """Lights the water under the moon."""
    if moon_place(world, factors.night, valley.horizon)[1] > valley.horizon:
        return
    rng = world.rng("layout", "glitter")
    depth, across, phase = rng.uniform([0.02, -0.7, 0], [0.98, 0.7, 6], (140, 3)).T
    twinkle = 0.5 + 0.5 * np.sin(3 * time_seconds + phase)
    strengths = (1 - 0.8 * factors.rain) * twinkle * 0.55
    canvas.sparkle(valley.bank(depth, across), valley.y(depth), (0.6, 0.75, 0.95), strengths)


def _draw_flow(
    canvas: Canvas, world: World, factors: Factors, valley: _Valley, time_seconds: float
) -> None:
    """Draws the current: streaks and foam that travel towards us, and stones in their way."""
    rng = world.rng("layout", "flow")
    starts, acrosses, speeds = rng.uniform([0, -0.85, 0.05], [1, 0.85, 0.11], (_FLOW_LINES, 3)).T
    light = mix(valley.water, _FOAM, 0.5)
    _draw_rapids(canvas, factors, valley, time_seconds)
    for rank in range(_FLOW_LINES):
        there = presence(0.2 + 0.8 * factors.activity, rank, _FLOW_LINES)
        if there <= 0.0:
            break
        depth = float((starts[rank] + speeds[rank] * time_seconds) % 1.0)
        along = depth + (0.05 + 0.05 * depth) * _STREAK
        xs = valley.bank(along, acrosses[rank]) + 0.006 * factors.wind * np.sin(60 * along)
        path = np.stack([xs, valley.y(along)], axis=-1)
        colour = _FOAM if rank % 3 == 0 else light
        width = 0.005 + 0.016 * depth * factors.activity
        canvas.line(path, colour, width, 0.9 * there)
    _draw_stones(canvas, rng, factors, valley)


def _draw_rapids(canvas: Canvas, factors: Factors, valley: _Valley, time_seconds: float) -> None:
    """Lines both banks with white water that widens as the river grows lively."""
    ys = valley.y(_DEPTHS)
    lively = 0.04 + 0.34 * factors.activity
    for side in (-1, 1):
        travel = 21 * _DEPTHS + side - 1.2 * time_seconds
        reach = lively * (0.75 + 0.35 * np.sin(travel) + 0.3 * np.sin(2.3 * travel + 1))
        bank = valley.middle + side * valley.half
        inner = valley.middle + side * valley.half * (1 - np.maximum(reach, 0.02))
        outline = np.concatenate([np.stack([bank, ys], -1), np.stack([inner, ys], -1)[::-1]])
        canvas.polygon(outline, _FOAM, 0.35 + 0.5 * factors.activity)
        faint = max(0.0, factors.night - 0.35) * (1 - 0.4 * factors.rain)
        if faint > 0.0:
            canvas.emit(outline, (0.42, 0.56, 0.74), faint * (0.2 + 0.7 * factors.activity))


def _draw_stones(
    canvas: Canvas, rng: np.random.Generator, factors: Factors, valley: _Valley
) -> None:
    stones = rng.uniform([0.35, -0.8, 0.5], [0.95, 0.8, 1], (5, 3)).tolist()
    for number, (depth, across, share) in enumerate(stones):
        x, y = float(valley.bank(depth, across)), float(valley.y(depth))
        size = share * (0.02 + 0.05 * depth) * (0.5 + 0.9 * factors.nearness)
        foam = 0.3 + 0.9 * factors.activity
        canvas.ellipse(x, y + 0.3 * size, 1.6 * size * foam, 0.5 * size * foam, _FOAM, 0.8)
        grey = mix((0.5, 0.5, 0.52), valley.earth, 0.2 * number)
        canvas.ellipse(x, y, size, 0.62 * size, shade(grey, 0.75))
        canvas.ellipse(x - 0.2 * size, y - 0.16 * size, 0.65 * size, 0.36 * size, shade(grey, 1.2))


def _draw_ducks(
    canvas: Canvas, world: World, factors: Factors, valley: _Valley, time_seconds: float
) -> None:
    spots = world.rng("layout", "ducks").uniform([0.45, -0.5, 0], [0.85, 0.5, 6], (_DUCKS, 3))
    for rank, (depth, across, phase) in enumerate(spots.tolist()):
        there = presence(factors.activity, rank, _DUCKS)
        if there <= 0.0:
            break
        across += 0.3 * sin(0.3 * time_seconds + phase)
        facing = 1.0 if phase < 3 else -1.0
        x, y = float(valley.bank(depth, across)), float(valley.y(depth))
        colour = mix((0.62, 0.5, 0.38), (0.95, 0.93, 0.88), rank % 2)
        size = (0.016 + 0.034 * depth) * (0.7 + 0.7 * factors.nearness)
        duck(canvas, x, y, size, colour, facing, there)


def _draw_trees(
    canvas: Canvas, world: World, factors: Factors, valley: _Valley, time_seconds: float
) -> None:
    """Sets trees along the banks, far ones first; a hut stands among those of some worlds."""
    rng = world.rng("layout", "trees")
    firs = rng.random()
    depths = np.sort(rng.uniform(0.0, 1.0, _TREES) ** 1.4) * 0.8
    hut_number = int(rng.integers(2, 6)) if rng.random() < 0.6 else -1
    seeds = rng.uniform(0, 1, (_TREES, 8)).tolist()
    for number, depth in enumerate(depths.tolist()):
        aside, height, kind, phase, *bumps = seeds[number]
        tall = (0.07 + 0.36 * depth) * (0.75 + 0.4 * height) * (0.7 + 0.65 * factors.nearness)
        side = 1 if number % 2 else -1
        x = valley.clear_of_water(depth, side, tall) + side * 0.3 * aside * (0.35 + depth)
        y = float(valley.y(depth)) + 0.01
        haze = 0.5 * (1 - depth) ** 2.5
        colour = mix(shade(valley.tree, 0.85 + 0.35 * phase), valley.air, haze)
        trunk = mix((0.33, 0.24, 0.17), valley.air, haze)
        lean = 0.5 * bending(factors.wind, time_seconds, 6 * phase)
        canvas.ellipse(
            x + 0.16 * tall, y, 0.30 * tall, 0.045 * tall, shade(valley.meadow[1], 0.45), 0.45
        )
        if number == hut_number:
            hut(canvas, x, y, 0.05 + 0.12 * depth, factors.night)
        elif kind < firs:
            conifer(canvas, x, y, 1.15 * tall, colour, trunk, lean)
        else:
            round_tree(canvas, x, y, tall, colour, trunk, bumps, lean)


def _draw_reeds(
    canvas: Canvas, world: World, factors: Factors, valley: _Valley, time_seconds: float
) -> None:
    """Frames the foreground with reeds on both banks."""
    rng = world.rng("layout", "reeds")
    count = 56
    sides = np.where(rng.random(count) < 0.5, -1.0, 1.0)
    xs = valley.bank(0.97, sides) + sides * rng.uniform(0.0, 0.4, count)
    feet = np.stack([xs, rng.uniform(0.97, 1.05, count)], axis=-1)
    heights = rng.uniform(0.07, 0.22, count) * (0.7 + 0.8 * factors.nearness)
    phases = rng.uniform(-0.22, 0.22, count)
    gust = bending(factors.wind, time_seconds, 0.0)
    leans = phases + 1.5 * gust + 0.1 * factors.wind * np.sin(5 * time_seconds + 9 * xs)
    dark, light = shade(valley.meadow[1], 0.6), shade(valley.meadow[0], 0.95)
    blades(
        canvas, feet, heights, leans, [dark, shade(dark, 1.3), light, mix(dark, light, 0.5)], 0.016
    )
    tips = (
        feet + np.stack([leans, -np.ones(count)], -1) * (heights / np.sqrt(1 + leans**2))[:, None]
    )
    canvas.strokes(np.concatenate([feet, tips], axis=1)[:14], [dark], 0.008)
    for x, y in tips[:14].tolist():
        canvas.ellipse(x, y, 0.009, 0.024, (0.36, 0.22, 0.13))
