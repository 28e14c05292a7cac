"""The forest: tall trunks in the mist, a path towards the light, deer and birds."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from a2i_tf.datasets.scenes.pictures.animals import deer, draw_flock
from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.foliage import blades
from a2i_tf.datasets.scenes.pictures.lanterns import fireflies, lantern
from a2i_tf.datasets.scenes.pictures.palette import pick
from a2i_tf.datasets.scenes.pictures.people import presence
from a2i_tf.datasets.scenes.pictures.trees import (
    bending,
    conifer,
    hanging_clump,
    hanging_twig,
    slim_tree,
)
from a2i_tf.datasets.scenes.pictures.weather import draw_sky, sky_colours
from a2i_tf.datasets.scenes.pictures.wind import draw_wind
from a2i_tf.datasets.scenes.world import Factors, World

# Needles or leaves, bark, ground, path, mist, fallen leaves.
_PALETTES = (
    "2f5a43 5a4436 5f6f3a c9a970 dfe6c4 d98a3a",
    "3f6b35 6a5442 7a8440 d8bd86 f0ecc0 e0b13f",
    "b5652a 57422f 9a6b35 dcae70 f7dfae d9542b",
    "1f4d55 4a4048 4a6a58 b9a98a cfe3e3 8fb3a0",
    "c08a2c 6f6a66 8f8440 e2c48a fbf0c8 e8a33a",
    "54793f 8a7f78 6a7f45 d3c19a e6efd8 f0d060",
)
_PINE, _BEECH, _BIRCH = range(3)
_BIRDS: tuple[Colour, ...] = ((0.16, 0.15, 0.2), (0.75, 0.25, 0.18), (0.2, 0.35, 0.6))
_DEER = 5
_LEAVES = 26
_BLOOMS = 60
_CURVE = np.linspace(0.0, 1.0, 13)


@dataclass(frozen=True)
class _Wood:
    """What one world's forest is made of."""

    kind: int
    ground_y: float
    light_x: float
    leaf: Colour
    bark: Colour
    ground: Colour
    path: Colour
    mist: Colour
    litter: Colour


def draw(canvas: Canvas, world: World, time_seconds: float) -> None:
    """Paints the forest of `world` at one moment, in daylight colours."""
    factors = world.factors_at(time_seconds)
    wood = _wood(world, factors)
    draw_sky(canvas, world, time_seconds, wood.ground_y)
    _draw_distance(canvas, world, factors, wood, time_seconds)
    _draw_ground(canvas, world, factors, wood)
    _draw_moonlit_mist(canvas, factors, wood)
    _draw_row(canvas, world, factors, wood, time_seconds, 0)
    _draw_deer(canvas, world, factors, wood, time_seconds)
    _draw_row(canvas, world, factors, wood, time_seconds, 1)
    reach = 1.05 + 0.75 * factors.nearness
    draw_flock(canvas, world, factors.activity, time_seconds, (0.2, 0.6), reach, _BIRDS, 12)
    _draw_canopy(canvas, world, factors, wood, time_seconds)
    _draw_beams(canvas, world, factors, wood)
    _draw_undergrowth(canvas, world, factors, wood, time_seconds)
    _draw_litter(canvas, world, factors, wood)
    leaves = [wood.litter, mix(wood.litter, wood.leaf, 0.5), shade(wood.litter, 1.25)]
    draw_wind(canvas, world, time_seconds, (0.06, 0.97), leaves)
    fireflies(canvas, world, factors, time_seconds, mix(wood.litter, (1.0, 0.9, 0.5), 0.6), 0.3)
    _draw_lantern(canvas, world, factors, wood, time_seconds)


def _wood(world: World, factors: Factors) -> _Wood:
    rng = world.rng("layout")
    ground_y, light_x = rng.uniform([0.60, 0.36], [0.68, 0.64])
    kind = int(rng.integers(3))
    leaf, bark, ground, path, mist, litter = pick(_PALETTES, world.rng("palette", "forest"))
    if kind == _BIRCH:
        bark = mix((0.90, 0.89, 0.85), bark, 0.12)
    mist = mix(mist, sky_colours(world, factors).horizon, 0.35)
    return _Wood(kind, ground_y, light_x, leaf, bark, ground, path, mist, litter)


def _draw_distance(
    canvas: Canvas, world: World, factors: Factors, wood: _Wood, time_seconds: float
) -> None:
    """Fades the wood behind into mist: two rows of pale crowns and stems."""
    canvas.veil(wood.mist, 0.12, wood.ground_y + 0.02, 0.0, 0.95)
    rng = world.rng("layout", "distance")
    for layer in range(2):
        tone = mix(wood.leaf, wood.mist, 0.70 - 0.24 * layer)
        stem = mix(wood.bark, wood.mist, 0.66 - 0.22 * layer)
        count = 9 - layer
        seeds = rng.uniform(0, 1, (count, 5)).tolist()
        for number, (jitter, height, phase, *bumps) in enumerate(seeds):
            x = (number + 0.2 + 0.6 * jitter) / count
            # The wood opens towards the light.
            opening = min(1.0, abs(x - wood.light_x) / 0.3)
            tall = (0.32 + 0.16 * height + 0.12 * layer) * (0.45 + 0.55 * opening)
            tall = tall * (0.9 + 0.2 * factors.nearness)
            lean = 0.34 * bending(factors.wind, time_seconds, 6 * phase)
            base = wood.ground_y + 0.02 * layer
            if wood.kind == _PINE:
                conifer(canvas, x, base, tall, tone, stem, lean, 0.17)
            else:
                slim_tree(canvas, (x, base), tall, lean, tone, stem, bumps)


def _draw_moonlit_mist(canvas: Canvas, factors: Factors, wood: _Wood) -> None:
    """Lets moonlight stand in the mist behind the trunks, so that they show at night."""
    moonlit = max(0.0, factors.night - 0.4) * (1 - 0.5 * factors.rain)
    if moonlit > 0.0:
        canvas.glow(wood.light_x, wood.ground_y - 0.18, 0.52, (0.22, 0.34, 0.52), 1.05 * moonlit)
        canvas.hang_backdrop()


def _draw_ground(canvas: Canvas, world: World, factors: Factors, wood: _Wood) -> None:
    canvas.gradient(
        [
            (wood.ground_y, mix(wood.ground, wood.mist, 0.55)),
            (wood.ground_y + 0.1, wood.ground),
            (1.0, shade(wood.ground, 0.6)),
        ],
        top=wood.ground_y,
    )
    bend, side = world.rng("layout", "path").uniform([0.06, -1], [0.16, 1])
    ys = wood.ground_y + (1.02 - wood.ground_y) * _CURVE
    middle = wood.light_x + np.sign(side) * bend * np.sin(1.6 * pi * _CURVE**0.8) * (0.3 + _CURVE)
    half = 0.012 + (0.07 + 0.2 * factors.nearness) * _CURVE**1.3
    for spread, colour, alpha in (
        (1.25, shade(wood.ground, 0.7), 0.6),
        (1.0, shade(wood.path, 0.84), 1.0),
        (0.6, wood.path, 0.8),
    ):
        left = np.stack([middle - spread * half, ys], axis=-1)
        right = np.stack([middle + spread * half, ys], axis=-1)
        canvas.polygon(np.concatenate([left, right[::-1]]), colour, alpha)
    rng = world.rng("layout", "dapple")
    for _ in range(7):
        x, depth, size = rng.uniform([0, 0, 0.04], [1, 1, 0.12]).tolist()
        y = wood.ground_y + 0.04 + depth * (0.96 - wood.ground_y)
        colour = shade(wood.ground, 0.55) if size < 0.08 else mix(wood.path, (1.0, 0.97, 0.75), 0.5)
        canvas.soft(x, y, 1.6 * size, 0.35 * size, colour, 0.5 * (1 - 0.5 * factors.rain))


def _draw_row(
    canvas: Canvas, world: World, factors: Factors, wood: _Wood, time_seconds: float, row: int
) -> None:
    """Draws a row of tall trunks: row 0 in the middle distance, row 1 in front."""
    rng = world.rng("layout", "row", row)
    count = (6, 4)[row]
    seeds = rng.uniform(0, 1, (count, 4)).tolist()
    for number, (jitter, size, phase, depth) in enumerate(seeds):
        x = (number + 0.15 + 0.7 * jitter) / count
        away = abs(x - wood.light_x)
        if away < (0.10, 0.2)[row]:
            # Nobody stands in the light.
            x += 0.16 * (1 + row) * (1 if x >= wood.light_x else -1)
        width = (0.014 + 0.01 * size, 0.034 + 0.03 * size)[row] * (0.4 + 1.3 * factors.nearness)
        base = wood.ground_y + (0.03 + 0.08 * depth, 0.2 + 0.16 * depth)[row]
        haze = (0.34, 0.0)[row]
        lean = (0.26, 0.33)[row] * bending(factors.wind, time_seconds, 6 * phase)
        lean += 0.05 * (phase - 0.5)
        _draw_trunk(canvas, wood, (x, base), width, lean, haze, rng)


def _draw_trunk(
    canvas: Canvas,
    wood: _Wood,
    foot: tuple[float, float],
    width: float,
    lean: float,
    haze: float,
    rng: np.random.Generator,
) -> None:
    """Draws a trunk from its spreading roots to beyond the top of the picture."""
    x, base = foot
    ys = base - (base + 0.04) * _CURVE
    spine = x + lean * _CURVE**1.8
    half = width * (1 - 0.38 * _CURVE + 0.9 * np.exp(-_CURVE / 0.045))
    bark = mix(wood.bark, wood.mist, haze)
    canvas.ellipse(x + width, base, 3 * width, 0.5 * width, shade(wood.ground, 0.4), 0.45)
    edges = [np.stack([spine + place * half, ys], axis=-1) for place in (-1.0, -0.35, 0.3, 1.0)]
    canvas.polygon(np.concatenate([edges[0], edges[3][::-1]]), bark)
    canvas.polygon(
        np.concatenate([edges[0], edges[1][::-1]]), mix(shade(bark, 1.3), wood.mist, 0.25)
    )
    canvas.polygon(np.concatenate([edges[2], edges[3][::-1]]), shade(bark, 0.66))
    marks = 12
    heights, acrosses, lengths = rng.uniform([0.03, -0.8, 0.3], [0.95, 0.7, 1.0], (marks, 3)).T
    mark_x = np.interp(heights, _CURVE, spine) + acrosses * np.interp(heights, _CURVE, half) * 0.8
    mark_y = base - (base + 0.04) * heights
    if wood.kind == _BIRCH:
        reach, drop, ink = (
            0.45 * width * lengths,
            0.0 * lengths,
            mix((0.13, 0.12, 0.13), wood.mist, haze),
        )
    else:
        reach, drop, ink = 0.0 * lengths, (0.03 + 0.5 * width) * lengths, shade(bark, 0.5)
    segments = np.stack([mark_x - reach, mark_y, mark_x + reach, mark_y + drop], axis=-1)
    canvas.strokes(segments, [ink, shade(bark, 0.8)], 0.008, 0.85)


def _draw_deer(
    canvas: Canvas, world: World, factors: Factors, wood: _Wood, time_seconds: float
) -> None:
    spots = world.rng("layout", "deer").uniform([0, 0, 0.003, 0], [1, 1, 0.008, 1], (_DEER, 4))
    for rank, (jitter, depth, walk, tone) in enumerate(spots.tolist()):
        there = presence(factors.activity, rank, _DEER)
        if there <= 0.0:
            break
        # Each has a part of the picture to itself.
        slot = (0.40, 0.62, 0.18, 0.84, 0.51)[rank]
        facing = 1.0 if rank % 2 else -1.0
        height = (0.14 + 0.08 * depth) * (0.65 + 0.8 * factors.nearness)
        base = wood.ground_y + 0.07 + 0.14 * depth
        x = slot + 0.1 * (jitter - 0.5) + facing * walk * time_seconds
        colour = mix((0.66, 0.40, 0.21), (0.50, 0.30, 0.17), tone)
        canvas.ellipse(x, base, 0.4 * height, 0.05 * height, shade(wood.ground, 0.4), 0.4 * there)
        deer(canvas, x, base, height, colour, facing, there)


def _draw_canopy(
    canvas: Canvas, world: World, factors: Factors, wood: _Wood, time_seconds: float
) -> None:
    """Hangs the near crowns into the top of the picture, thick aside and thin over the light."""
    rng = world.rng("layout", "canopy")
    near = 0.7 + 0.75 * factors.nearness
    for layer in range(3):
        tone = (mix(wood.leaf, wood.mist, 0.25), wood.leaf, shade(wood.leaf, 0.68))[layer]
        reach = (0.21, 0.13, 0.05)[layer]
        for number, (jitter, size, drop, phase) in enumerate(rng.uniform(0, 1, (9, 4)).tolist()):
            x = (number + jitter) / 9
            thick = 0.3 + 0.7 * min(1.0, abs(x - wood.light_x) / 0.4)
            y = reach * thick * (0.5 + 0.8 * drop) * near
            push = bending(factors.wind, time_seconds, 6 * phase)
            if wood.kind == _PINE:
                hanging_twig(canvas, x, y, (0.10 + 0.06 * size) * near, tone, push - phase + 0.5)
            else:
                hanging_clump(canvas, x + 0.08 * push, y, (0.04 + 0.03 * size) * near, tone)
    if wood.kind != _PINE:
        _draw_sprigs(canvas, rng, wood, near, bending(factors.wind, time_seconds, 0.0))


def _draw_sprigs(
    canvas: Canvas, rng: np.random.Generator, wood: _Wood, near: float, push: float
) -> None:
    """Breaks up the edge of the canopy with single leaves."""
    count = 80
    xs, drops, tilts = rng.uniform(0, 1, (3, count))
    thick = 0.3 + 0.7 * np.minimum(1.0, np.abs(xs - wood.light_x) / 0.4)
    ys = 0.29 * near * thick * drops**0.7
    angles = 0.5 + 2.2 * tilts - 0.9 * push
    reach = 0.022 * near
    segments = np.stack([xs, ys, xs + reach * np.cos(angles), ys + reach * np.sin(angles)], axis=-1)
    tones = [shade(wood.leaf, 1.25), shade(wood.leaf, 0.8), mix(wood.leaf, wood.litter, 0.5)]
    canvas.strokes(segments, tones, 0.013)


def _draw_beams(canvas: Canvas, world: World, factors: Factors, wood: _Wood) -> None:
    """Lets the light fall in slanting beams, when the sky is clear."""
    clear = (1 - factors.rain) * (1 - 0.7 * factors.night)
    slant = float(world.rng("layout", "beams").uniform(-0.35, 0.35))
    for number in range(4):
        top = wood.light_x - slant + 0.12 * (number - 1.5)
        foot = top + 1.2 * slant + 0.06 * (number - 1.5)
        canvas.polygon(
            [(top - 0.02, 0.0), (top + 0.03, 0.0), (foot + 0.08, 0.82), (foot - 0.04, 0.82)],
            (1.0, 0.97, 0.78), 0.11 * clear,
        )  # fmt: skip


def _draw_undergrowth(
    canvas: Canvas, world: World, factors: Factors, wood: _Wood, time_seconds: float
) -> None:
    rng = world.rng("layout", "undergrowth")
    count = 54
    xs = rng.uniform(0, 1, count)
    # Grass keeps off the path.
    xs = xs + np.sign(xs - wood.light_x) * 0.12 * (np.abs(xs - wood.light_x) < 0.15)
    feet = np.stack([xs, np.sort(rng.uniform(wood.ground_y + 0.2, 1.05, count))], axis=-1)
    heights = rng.uniform(0.05, 0.12, count) * (feet[:, 1] - 0.35) * (0.9 + 0.9 * factors.nearness)
    gust = bending(factors.wind, time_seconds, 1.0)
    leans = rng.uniform(-0.45, 0.45, count) + 1.1 * gust
    dark = shade(mix(wood.ground, wood.leaf, 0.5), 0.62)
    blades(canvas, feet, heights, leans, [dark, shade(dark, 1.45), shade(wood.ground, 1.1)], 0.02)


def _draw_litter(canvas: Canvas, world: World, factors: Factors, wood: _Wood) -> None:
    """Lets leaves lie on the ground, and flowers stand among them."""
    rng = world.rng("layout", "litter")
    _draw_blooms(canvas, rng, factors, wood)
    colours = [wood.litter, mix(wood.litter, wood.leaf, 0.5), shade(wood.litter, 1.25)]
    for number, (x, depth) in enumerate(rng.uniform(0, 1, (_LEAVES, 2)).tolist()):
        ground = wood.ground_y + 0.14 + 0.84 * depth * (1 - wood.ground_y)
        canvas.ellipse(x, ground, 0.010, 0.005, colours[number % 3], 0.9)


def _draw_blooms(canvas: Canvas, rng: np.random.Generator, factors: Factors, wood: _Wood) -> None:
    """Scatters flowers on the ground: a lively wood is in bloom."""
    xs, depths = rng.uniform(0, 1, (2, _BLOOMS))
    ys = wood.ground_y + 0.08 + 0.9 * depths * (1 - wood.ground_y)
    tones = ((0.98, 0.96, 0.9), shade(wood.litter, 1.2), (0.78, 0.62, 0.88))
    for rank, (x, y) in enumerate(zip(xs.tolist(), ys.tolist(), strict=True)):
        there = presence(factors.activity, rank, _BLOOMS)
        if there <= 0.0:
            break
        size = (0.006 + 0.036 * (y - wood.ground_y)) * (0.8 + 0.6 * factors.nearness) * there
        canvas.ellipse(x, y, size, 0.8 * size, tones[rank % 3])


def _draw_lantern(
    canvas: Canvas, world: World, factors: Factors, wood: _Wood, time_seconds: float
) -> None:
    """Hangs a lantern beside the path of some worlds."""
    rng = world.rng("layout", "lantern")
    if rng.random() < 0.6:
        x = wood.light_x + 0.17 * (1 if rng.random() < 0.5 else -1)
        lantern(canvas, x, wood.ground_y + 0.2, 0.18, factors.night, time_seconds)
