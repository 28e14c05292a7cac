"""The beach: a wide sea with rolling waves, the surf on the sand, palms and parasols."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sin

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.pictures.animals import draw_flock
from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.flags import draw_flag
from a2i_tf.datasets.scenes.pictures.lanterns import campfire
from a2i_tf.datasets.scenes.pictures.palette import colours, pick
from a2i_tf.datasets.scenes.pictures.people import presence, random_look, walker
from a2i_tf.datasets.scenes.pictures.trees import bending, palm
from a2i_tf.datasets.scenes.pictures.weather import draw_sky, moon_place, sky_colours
from a2i_tf.datasets.scenes.pictures.wind import draw_wind
from a2i_tf.datasets.scenes.world import Factors, World

# Deep sea, shallow sea, sand in the light, sand in the shade, palm, land far away.
_PALETTES = (
    "1f6f9f 63c7c4 f2d7a1 d9aa6f 3d7a3c 4f7f77",
    "17598c 4fb3cf f6e3bd dcb888 2f6d4a 5b7f96",
    "2a8c9c 8fd8c4 f7d9b4 e0a878 5b8a3a 6f8f6a",
    "265f7f 73b8b5 e9cf9f c49a68 456f3f 7a7f6a",
    "1b7f8f 6fd3d0 fbe6c8 e6b78d 2f7f5a 3f7f8f",
    "3b6fa8 8cc3dd f4dcc4 d8b098 4f7f4f 8a86a0",
)
_ACCENTS = "d9483b f2b233 f7f1e3 2f6f8f e8833a e06a7f 2a9d8f"
_FOAM: Colour = (0.99, 1.0, 0.98)
_ACROSS = np.linspace(-0.02, 1.02, 27)
_WAVES = 9
_PEOPLE = 11
_BOATS = 3
_WHITECAPS = 60
_SAFETY_RED: Colour = (0.86, 0.16, 0.14)
_STORM_SEA: Colour = (0.16, 0.25, 0.31)
_GULLS: tuple[Colour, ...] = ((0.99, 0.99, 0.99), (0.24, 0.28, 0.36), (0.40, 0.44, 0.52))


@dataclass(frozen=True)
class _Shore:
    """Where sea and sand lie in one world at one moment."""

    horizon: float
    line: NDArray[np.float64]
    side: int
    sea: tuple[Colour, Colour]
    sand: tuple[Colour, Colour]
    leaf: Colour
    land: Colour


def draw(canvas: Canvas, world: World, time_seconds: float) -> None:
    """Paints the beach of `world` at one moment, in daylight colours."""
    factors = world.factors_at(time_seconds)
    shore = _shore(world, factors, time_seconds)
    draw_sky(canvas, world, time_seconds, shore.horizon)
    _draw_land(canvas, world, factors, shore)
    _draw_sea(canvas, world, factors, shore, time_seconds)
    _draw_boats(canvas, world, factors, shore, time_seconds)
    _draw_waves(canvas, world, factors, shore, time_seconds)
    _draw_sand(canvas, world, factors, shore, time_seconds)
    _draw_people(canvas, world, factors, shore, time_seconds)
    reach = 0.75 + 0.8 * factors.nearness
    draw_flock(
        canvas, world, factors.activity, time_seconds, (0.05, 1.15 * shore.horizon), reach, _GULLS
    )
    _draw_frame(canvas, world, factors, shore, time_seconds)
    spray = [_FOAM, mix(shore.sand[0], _FOAM, 0.5), shade(shore.sand[1], 0.9)]
    draw_wind(canvas, world, time_seconds, (0.06, 0.98), spray)


def _shore(world: World, factors: Factors, time_seconds: float) -> _Shore:
    rng = world.rng("layout")
    horizon, slope, bay, phase = rng.uniform([0.34, 0.06, 0.01, 0], [0.45, 0.17, 0.035, 6])
    side = 1 if rng.random() < 0.5 else -1
    swash = 0.010 * sin(2 * pi * time_seconds / 5.5 + phase)
    middle = 0.60 + 0.22 * factors.nearness + swash
    line = middle + side * slope * (_ACROSS - 0.5) * 1.6
    line = line + bay * np.sin(5 * _ACROSS + phase)
    line = line + 0.006 * np.sin(17 * _ACROSS + phase + 0.9 * time_seconds)
    deep, shallow, sand, sand_shade, leaf, land = pick(_PALETTES, world.rng("palette", "beach"))
    sky = sky_colours(world, factors)
    deep, shallow = mix(deep, sky.zenith, 0.15), mix(shallow, sky.horizon, 0.12)
    # A rough sea mirrors less of the sky.
    deep = mix(deep, _STORM_SEA, 0.5 * factors.wind)
    shallow = mix(shallow, _STORM_SEA, 0.38 * factors.wind)
    return _Shore(horizon, line, side, (deep, shallow), (sand, sand_shade), leaf, land)


def _draw_land(canvas: Canvas, world: World, factors: Factors, shore: _Shore) -> None:
    """Draws a headland or two on the horizon, pale with distance."""
    rng = world.rng("layout", "land")
    air = sky_colours(world, factors).horizon
    for layer in range(int(rng.integers(0, 3))):
        start, reach, height, phase = rng.uniform([-0.3, 0.3, 0.04, 0], [0.9, 0.7, 0.11, 6])
        xs = np.linspace(start, start + reach, 15)
        swell = np.sin(np.linspace(0, pi, 15)) ** 0.7
        ridge = 0.75 + 0.25 * np.sin(11 * xs + phase)
        ys = shore.horizon - height * (1 - 0.3 * layer) * swell * ridge
        tone = mix(shore.land, air, 0.62 - 0.22 * layer)
        outline = np.stack([xs, ys], axis=-1)
        foot = [(float(xs[-1]), shore.horizon + 0.01), (float(xs[0]), shore.horizon + 0.01)]
        canvas.polygon(np.concatenate([outline, foot]), tone)
        lit = np.stack([xs, ys + 0.4 * (shore.horizon - ys)], axis=-1)
        canvas.polygon(
            np.concatenate([outline, lit[::-1] + np.array([0.03, 0.0])]), mix(tone, air, 0.25), 0.6
        )


def _draw_sea(
    canvas: Canvas, world: World, factors: Factors, shore: _Shore, time_seconds: float
) -> None:
    deep, shallow = shore.sea
    low = float(shore.line.max())
    canvas.gradient(
        [
            (shore.horizon, mix(deep, sky_colours(world, factors).horizon, 0.25)),
            (shore.horizon + 0.02, deep),
            (shore.horizon + 0.55 * (low - shore.horizon), mix(deep, shallow, 0.6)),
            (low, mix(shallow, shore.sand[0], 0.3)),
        ],
        top=shore.horizon,
        bottom=min(1.0, low + 0.02),
    )
    rng = world.rng("layout", "ripples")
    depth = rng.uniform(0, 1, 70) ** 1.5
    xs = (rng.uniform(0, 1, 70) + 0.012 * time_seconds) % 1.2 - 0.1
    ys = shore.horizon + 0.01 + depth * (low - shore.horizon)
    reach = (0.015 + 0.05 * depth) * (1 + 0.4 * factors.wind)
    segments = np.stack([xs - reach, ys, xs + reach, ys], axis=-1)
    light, dark = mix(shallow, _FOAM, 0.35), shade(deep, 0.85)
    canvas.strokes(segments[:45], [light, dark, mix(deep, shallow, 0.5)], 0.006, 0.55)
    _draw_whitecaps(canvas, world, factors, shore, time_seconds)
    _draw_glitter(canvas, world, factors, shore, time_seconds)


def _draw_whitecaps(
    canvas: Canvas, world: World, factors: Factors, shore: _Shore, time_seconds: float
) -> None:
    """Breaks the crests of the open sea where the wind is strong."""
    starts, depth, phases = world.rng("layout", "whitecaps").uniform(0, 1, (3, _WHITECAPS))
    xs = (starts + 0.03 * time_seconds) % 1.1 - 0.05
    ys = shore.horizon + 0.015 + depth**1.4 * (float(shore.line.min()) - shore.horizon)
    reach = (0.008 + 0.03 * depth) * (0.5 + 0.5 * factors.wind)
    reach = reach * (0.8 + 0.2 * np.sin(2 * time_seconds + 6 * phases))
    segments = np.stack([xs - reach, ys, xs + reach, ys - 0.25 * reach], axis=-1)
    canvas.strokes(segments[: round(_WHITECAPS * factors.wind)], [_FOAM], 0.012)


def _draw_glitter(
    canvas: Canvas, world: World, factors: Factors, shore: _Shore, time_seconds: float
) -> None:
    """Lights the path of the moon on the water."""
    clear = 1 - 0.8 * factors.rain
    moon_x, moon_y = moon_place(world, factors.night, shore.horizon)
    if moon_y > shore.horizon or clear <= 0.0:
        return
    rng = world.rng("layout", "glitter")
    depth = rng.uniform(0, 1, 110)
    xs = moon_x + rng.normal(0, 1, 110) * (0.015 + 0.05 * depth)
    ys = shore.horizon + 0.005 + depth * (float(shore.line.min()) - shore.horizon)
    twinkle = 0.5 + 0.5 * np.sin(3 * time_seconds + rng.uniform(0, 6, 110))
    canvas.sparkle(xs, ys, (0.75, 0.8, 0.85), clear * twinkle * (0.9 - 0.5 * depth))


def _draw_boats(
    canvas: Canvas, world: World, factors: Factors, shore: _Shore, time_seconds: float
) -> None:
    """Lets sailing boats cross the bay, heeling in the wind."""
    accents = colours(_ACCENTS)
    seeds = world.rng("layout", "boats").uniform(0, 1, (_BOATS, 4)).tolist()
    for rank, (start, depth, speed, tone) in enumerate(seeds):
        there = presence(factors.activity, rank, _BOATS)
        if there <= 0.0:
            break
        x = (start + (0.004 + 0.006 * speed) * time_seconds) % 1.0
        y = shore.horizon + 0.01 + 0.05 * depth
        size = (0.05 + 0.05 * depth) * (0.7 + 0.6 * factors.nearness)
        mast = (x + 0.35 * factors.wind * size, y - size)
        sail = accents[int(tone * len(accents))]
        canvas.polygon([mast, (x - 0.05 * size, y), (x - 0.5 * size, y)], _FOAM, there)
        canvas.polygon([mast, (x + 0.05 * size, y), (x + 0.42 * size, y)], sail, there)
        hull = [(x - 0.5 * size, y + 0.03 * size), (x + 0.5 * size, y + 0.03 * size),
                (x + 0.3 * size, y + 0.2 * size), (x - 0.35 * size, y + 0.2 * size)]  # fmt: skip
        canvas.polygon(hull, shade(sail, 0.55), there)


def _draw_waves(
    canvas: Canvas, world: World, factors: Factors, shore: _Shore, time_seconds: float
) -> None:
    """Rolls the waves in: born flat at the horizon, they grow and bend to the shore's line."""
    rng = world.rng("layout", "waves")
    phases = rng.uniform(0, 2 * pi, (_WAVES, 3))
    starts = rng.permutation(_WAVES) / _WAVES
    order = [((start + 0.035 * time_seconds) % 1.0, rank) for rank, start in enumerate(starts)]
    for progress, rank in sorted(order):
        size = presence(0.12 + 0.88 * factors.activity, rank, _WAVES)
        if size > 0.0:
            _draw_wave(canvas, factors, shore, float(progress), phases[rank], size, time_seconds)


def _draw_wave(
    canvas: Canvas,
    factors: Factors,
    shore: _Shore,
    progress: float,
    phases: NDArray[np.float64],
    size: float,
    time_seconds: float,
) -> None:
    deep, shallow = shore.sea
    depth = progress**1.6
    flat = shore.horizon + 0.015
    crest = flat + (shore.line - flat) * depth
    crest = crest + (0.004 + 0.012 * depth) * np.sin(6 * _ACROSS + phases[0])
    chop = factors.wind * (0.003 + 0.010 * depth)
    crest = crest + chop * np.sin(31 * _ACROSS + phases[1] + 2 * time_seconds)
    grown = sin(pi * min(1.0, 0.15 + progress)) ** 0.5
    height = size * grown * (0.008 + 0.06 * depth) * (0.4 + 0.9 * factors.nearness)
    height = height * (0.65 + 0.35 * factors.activity)
    ragged = 0.55 + 0.45 * np.sin(9 * _ACROSS + phases[2]) * np.sin(23 * _ACROSS + phases[1])
    top = np.stack([_ACROSS, crest - height * (0.55 + 0.45 * ragged)], axis=-1)
    lip = np.stack([_ACROSS, crest - 0.35 * height * (1 - 0.8 * ragged)], axis=-1)
    foot = np.stack([_ACROSS, crest + 0.5 * height], axis=-1)
    back = np.stack([_ACROSS, crest - 1.6 * height], axis=-1)
    canvas.polygon(np.concatenate([back, top[::-1]]), mix(shallow, _FOAM, 0.15), 0.35 * size)
    canvas.polygon(
        np.concatenate([top, foot[::-1]]), shade(mix(deep, shallow, 0.45), 0.88), 0.8 * size
    )
    spray = np.concatenate([top, lip[::-1]])
    opacity = size * (0.55 + 0.4 * depth)
    canvas.polygon(spray, _FOAM, opacity)
    _light_foam(canvas, spray, 0.8 * opacity, factors)


def _draw_sand(
    canvas: Canvas, world: World, factors: Factors, shore: _Shore, time_seconds: float
) -> None:
    light, dark = shore.sand
    edge = np.stack([_ACROSS, shore.line], axis=-1)
    bottom = [(1.02, 1.02), (-0.02, 1.02)]
    wet = mix(dark, shore.sea[1], 0.3)
    canvas.polygon(np.concatenate([edge, bottom]), wet)
    for drop, colour in ((0.035, mix(wet, light, 0.45)), (0.055, light)):
        wavy = drop + 0.008 * np.sin(8 * _ACROSS + 40 * drop)
        canvas.polygon(np.concatenate([edge + np.stack([0 * wavy, wavy], axis=-1), bottom]), colour)
    rng = world.rng("layout", "sand")
    for _ in range(3):
        x, y, reach, flat = rng.uniform([0, 0.9, 0.2, 0.05], [1, 1.05, 0.5, 0.1])
        canvas.soft(x, y, reach, flat, mix(light, dark, 0.8), 0.7)
    xs, depth = rng.uniform(-0.02, 1.02, 70), rng.uniform(0, 1, 70)
    line = np.interp(xs, _ACROSS, shore.line) + 0.07
    ys = line + depth * np.maximum(0.0, 1.0 - line)
    reach = 0.006 + 0.025 * depth
    segments = np.stack([xs - reach, ys, xs + reach, ys + 0.25 * reach], axis=-1)
    canvas.strokes(segments, [dark, shade(light, 1.06), mix(dark, light, 0.5)], 0.006, 0.6)
    _draw_surf(canvas, world, factors, shore, time_seconds)


def _draw_surf(
    canvas: Canvas, world: World, factors: Factors, shore: _Shore, time_seconds: float
) -> None:
    """Lays the foam's lace along the edge of the water."""
    first, second = world.rng("layout", "surf").uniform(0, 6, 2)
    breadth = (0.008 + 0.03 * factors.nearness) * (0.55 + 0.6 * factors.activity)
    for rise, share, alpha in ((0.0, 1.0, 0.95), (0.05 + 0.05 * factors.nearness, 0.55, 0.7)):
        lace = 0.5 + 0.3 * np.sin(13 * _ACROSS + first + 0.5 * time_seconds + 30 * rise)
        lace = lace + 0.25 * np.sin(37 * _ACROSS + second - 0.4 * time_seconds)
        thickness = breadth * share * np.maximum(0.12, lace)
        line = shore.line - rise
        above = np.stack([_ACROSS, line - thickness], axis=-1)
        below = np.stack([_ACROSS, line + 0.5 * thickness], axis=-1)
        outline = np.concatenate([above, below[::-1]])
        canvas.polygon(outline, _FOAM, alpha)
        _light_foam(canvas, outline, alpha, factors)


def _light_foam(
    canvas: Canvas, outline: NDArray[np.float64], alpha: float, factors: Factors
) -> None:
    """Lets foam catch the light of the night sky, so that the surf shows in the dark."""
    faint = max(0.0, factors.night - 0.35) * (1 - 0.4 * factors.rain)
    if faint > 0.0:
        canvas.emit(outline, (0.42, 0.56, 0.74), faint * alpha)


def _draw_people(
    canvas: Canvas, world: World, factors: Factors, shore: _Shore, time_seconds: float
) -> None:
    """Peoples the sand: strollers, and parasols with someone beneath."""
    accents = colours(_ACCENTS)
    seeds = world.rng("layout", "people").uniform(
        [-0.5, 0, -0.012, 0], [0.5, 1, 0.012, 6], (_PEOPLE, 4)
    )
    spots = []
    for rank, (jitter, depth, walk, phase) in enumerate(seeds.tolist()):
        there = presence(factors.activity, rank, _PEOPLE)
        if there <= 0.0:
            break
        # Strides that visit all of the beach before they come near one another.
        x = 0.08 + 0.84 * ((0.31 + 0.375 * rank + 0.08 * jitter) % 1.0) + walk * time_seconds
        line = float(np.interp(x, _ACROSS, shore.line)) + 0.05
        y = line + (0.05 + 0.55 * depth) * max(0.05, 0.97 - line)
        spots.append((y, x, rank, there, phase))
    for y, x, rank, there, phase in sorted(spots):
        rng = world.rng("people", rank)
        size = (0.065 + 0.24 * (y - 0.6)) * (0.75 + 0.75 * factors.nearness)
        if rank % 3 == 1:
            _draw_parasol(canvas, x, y, 1.35 * size, accents, rng, factors.wind, there)
        else:
            look = random_look(rng, accents)
            stride = 2.5 * time_seconds + phase
            walker(canvas, x, y, size, look, stride, wind=factors.wind, alpha=there)


def _draw_parasol(
    canvas: Canvas,
    x: float,
    y: float,
    size: float,
    accents: tuple[Colour, ...],
    rng: np.random.Generator,
    wind: float,
    alpha: float,
) -> None:
    first, second, towel = (accents[i] for i in rng.choice(len(accents), 3, replace=False))
    lean = 0.12 + 0.25 * wind
    canvas.soft(x + 0.5 * size, y, 0.8 * size, 0.16 * size, (0.25, 0.18, 0.2), 0.45 * alpha)
    canvas.polygon(
        [(x - 0.1 * size, y - 0.06 * size), (x + 0.75 * size, y - 0.04 * size),
         (x + 0.62 * size, y + 0.1 * size), (x - 0.25 * size, y + 0.08 * size)],
        towel, alpha,
    )  # fmt: skip
    top_x, top_y = x + lean * size, y - 1.15 * size
    canvas.line([(x, y), (top_x, top_y)], (0.95, 0.93, 0.88), 0.05 * size, alpha)
    angles = np.linspace(pi, 2 * pi, 7)
    rim = np.stack([np.cos(angles), 0.62 * np.sin(angles) + 0.12], axis=-1) * 0.72 * size
    rim = rim @ np.array([[1.0, lean * 0.7], [-lean * 0.7, 1.0]]) + [top_x, top_y + 0.35 * size]
    for panel in range(6):
        wedge = [(top_x, top_y - 0.02 * size), tuple(rim[panel]), tuple(rim[panel + 1])]
        canvas.polygon(wedge, first if panel % 2 else second, alpha)


def _draw_frame(
    canvas: Canvas, world: World, factors: Factors, shore: _Shore, time_seconds: float
) -> None:
    """Sets palms, if any, at the side where the sand is broad; at night a fire burns there."""
    rng = world.rng("layout", "frame")
    trunk = mix((0.55, 0.40, 0.27), shore.sand[1], 0.3)
    near = 0.75 + 0.55 * factors.nearness
    # The sand is broad where the shore's line lies high.
    x = 0.1 if shore.side > 0 else 0.9
    _draw_safety_flag(canvas, factors, 1 - x, near, time_seconds)
    for number in range(int(rng.integers(0, 3))):
        aside, height, bend, phase = rng.uniform([-0.06, 0.42, 0.08, 0], [0.06, 0.62, 0.4, 6])
        sway = 0.1 * bending(factors.wind, time_seconds, phase)
        foot = x + aside + (0.13 * number if shore.side > 0 else -0.13 * number)
        palm(
            canvas, float(foot), 0.93 - 0.06 * number, float(height) * near,
            float(bend) * shore.side, shore.leaf, trunk, factors.wind, float(sway),
        )  # fmt: skip
    if rng.random() < 0.6:
        campfire(canvas, 0.5 - 0.22 * shore.side, 0.93, factors.night, time_seconds)


def _draw_safety_flag(
    canvas: Canvas, factors: Factors, x: float, near: float, time_seconds: float
) -> None:
    """Plants the lifeguards' red flag in the sand."""
    x, foot, height = 0.5 + 0.8 * (x - 0.5), 0.9, 0.36 * near
    canvas.line([(x, foot), (x, foot - height)], (0.93, 0.9, 0.84), 0.014)
    draw_flag(
        canvas, (x, foot - height), 0.17 * near, _SAFETY_RED, factors.wind, 6 * time_seconds, 1.0,
        factors.night,
    )  # fmt: skip
