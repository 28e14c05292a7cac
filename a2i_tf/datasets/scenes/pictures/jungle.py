"""The jungle: giant leaves in layers, lianas, parrots and monkeys in a green light."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sin

import numpy as np

from a2i_tf.datasets.scenes.pictures.animals import butterfly, draw_flock, monkey, parrot
from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.foliage import flower, leaf, plant
from a2i_tf.datasets.scenes.pictures.lanterns import fireflies
from a2i_tf.datasets.scenes.pictures.palette import colours, pick
from a2i_tf.datasets.scenes.pictures.people import presence
from a2i_tf.datasets.scenes.pictures.trees import bending, palm
from a2i_tf.datasets.scenes.pictures.weather import draw_sky, sky_colours
from a2i_tf.datasets.scenes.pictures.wind import draw_wind
from a2i_tf.datasets.scenes.world import Factors, World

# Leaves: dark, full, lime; mist; trunk; flower.
_PALETTES = (
    "0b4a35 178a4a 6cc04a d8f2b0 4a3426 e8384f",
    "083f42 12806a 5ac18a c8f0d8 3f3430 ff7a3d",
    "1a4a1f 3f9a2f a2cc3a f2f2a8 553a22 f0485f",
    "0d3f2f 1f7f3f 8ac43f e8efae 4f3a2c c9389a",
    "0a4640 1b9070 7ccf6a d4f5e0 46352b ffb52e",
)
_PARROTS = (
    ("d7263d f2b632 1f6fb5", "1f78c8 2fa8d8 f2c230", "f2b21f 3f9a3f d7263d"),
    ("e8442f 2f7fc8 f2c230", "2fa85a d7263d 2f5fb0", "f28c28 2f9fb5 d7263d"),
)
_ANIMALS = 6
_INSECTS = 12
_FLOWERS = 12


@dataclass(frozen=True)
class _Thicket:
    """What one world's jungle is made of."""

    dark: Colour
    full: Colour
    lime: Colour
    mist: Colour
    trunk: Colour
    flower: Colour
    light_x: float


def draw(canvas: Canvas, world: World, time_seconds: float) -> None:
    """Paints the jungle of `world` at one moment, in daylight colours."""
    factors = world.factors_at(time_seconds)
    thicket = _thicket(world, factors)
    draw_sky(canvas, world, time_seconds, 0.75, has_clouds=False)
    _draw_distance(canvas, world, factors, thicket, time_seconds)
    _draw_plants(canvas, world, factors, thicket, time_seconds, 0)
    _draw_trunks(canvas, world, factors, thicket)
    _draw_lianas(canvas, world, factors, thicket, time_seconds)
    _draw_plants(canvas, world, factors, thicket, time_seconds, 1)
    _draw_flowers(canvas, world, factors, thicket)
    _draw_canopy(canvas, world, factors, thicket, time_seconds)
    _draw_animals(canvas, world, factors, thicket, time_seconds)
    _draw_plants(canvas, world, factors, thicket, time_seconds, 2)
    leaves = [thicket.lime, thicket.full, mix(thicket.lime, (1.0, 0.9, 0.5), 0.5)]
    draw_wind(canvas, world, time_seconds, (0.08, 0.95), leaves)
    _draw_butterflies(canvas, world, factors, time_seconds)
    fireflies(canvas, world, factors, time_seconds, (0.9, 1.0, 0.4), 0.9)


def _thicket(world: World, factors: Factors) -> _Thicket:
    dark, full, lime, mist, trunk, flower = pick(_PALETTES, world.rng("palette", "jungle"))
    mist = mix(mist, sky_colours(world, factors).horizon, 0.25)
    light_x = float(world.rng("layout").uniform(0.38, 0.62))
    return _Thicket(dark, full, lime, mist, trunk, flower, light_x)


def _draw_distance(
    canvas: Canvas, world: World, factors: Factors, thicket: _Thicket, time_seconds: float
) -> None:
    """Fills the clearing with green mist, pale palms and, in some worlds, a waterfall."""
    canvas.veil(thicket.mist, 0.0, 0.7, 0.35, 0.95)
    canvas.gradient([(0.68, mix(thicket.mist, thicket.full, 0.55)), (0.85, thicket.dark)], top=0.68)
    rng = world.rng("layout", "distance")
    if rng.random() < 0.45:
        _draw_waterfall(canvas, thicket, time_seconds)
    _draw_moonlit_mist(canvas, factors, thicket)
    tone = mix(thicket.full, thicket.mist, 0.5)
    stem = mix(thicket.trunk, thicket.mist, 0.55)
    seeds = rng.uniform([-0.06, 0.34, -0.2, 0], [0.06, 0.52, 0.2, 6], (3, 4)).tolist()
    for place, (jitter, height, bend, phase) in zip((-0.36, 0.36, 0.17), seeds, strict=True):
        x = thicket.light_x + place + jitter
        sway = 0.15 * bending(factors.wind, time_seconds, phase)
        palm(canvas, x, 0.74, height, bend, tone, stem, factors.wind, sway, 7)
    for number, (x, size, light) in enumerate(
        rng.uniform([0, 0.07, 0], [1, 0.13, 1], (10, 3)).tolist()
    ):
        place = (number + x) / 10
        rise = size * (0.9 + 1.6 * min(1.0, abs(place - thicket.light_x) / 0.4))
        bush = mix(shade(thicket.full, 0.8 + 0.4 * light), thicket.mist, 0.42)
        canvas.ellipse(place, 0.76, size, rise, bush)
        canvas.ellipse(
            place - 0.25 * size, 0.76 - 0.3 * rise, 0.6 * size, 0.55 * rise, shade(bush, 1.1)
        )
    dabs = rng.uniform([0, 0.58, -0.03, 0.01], [1, 0.86, 0.03, 0.03], (70, 4))
    dabs[:, 2:] += dabs[:, :2]
    leaves = [
        mix(thicket.lime, thicket.mist, 0.3),
        mix(thicket.full, thicket.mist, 0.25),
        thicket.full,
    ]
    canvas.strokes(dabs, leaves, 0.011, 0.75)


def _draw_moonlit_mist(canvas: Canvas, factors: Factors, thicket: _Thicket) -> None:
    """Lets moonlight stand in the mist of the clearing, so that leaves show before it at night."""
    moonlit = max(0.0, factors.night - 0.4) * (1 - 0.5 * factors.rain)
    if moonlit > 0.0:
        canvas.glow(thicket.light_x, 0.42, 0.48, (0.16, 0.40, 0.36), 1.1 * moonlit)
        canvas.hang_backdrop()


def _draw_waterfall(canvas: Canvas, thicket: _Thicket, time_seconds: float) -> None:
    x, white = thicket.light_x, (0.97, 0.99, 1.0)
    cliff = mix(mix(thicket.trunk, (0.45, 0.5, 0.5), 0.6), thicket.mist, 0.45)
    canvas.polygon([(x - 0.3, 0.72), (x - 0.22, 0.3), (x - 0.09, 0.24), (x + 0.1, 0.25),
                    (x + 0.2, 0.32), (x + 0.3, 0.72)], cliff)  # fmt: skip
    canvas.polygon(
        [(x - 0.05, 0.25), (x + 0.05, 0.25), (x + 0.085, 0.72), (x - 0.085, 0.72)], white
    )
    for number in range(9):
        place = x - 0.05 + 0.0125 * number
        top = 0.26 + (0.11 * number + 0.5 * time_seconds) % 0.34
        canvas.line(
            [(place, top), (place + 0.3 * (place - x), top + 0.1)], (0.62, 0.8, 0.88), 0.008, 0.8
        )
    canvas.soft(x, 0.71, 0.2, 0.07, white, 0.95)


def _draw_trunks(canvas: Canvas, world: World, factors: Factors, thicket: _Thicket) -> None:
    """Raises one or two giants at the sides, on buttress roots."""
    rng = world.rng("layout", "trunks")
    along = np.linspace(0, 1, 15)
    for side in (-1, 1):
        aside, width, bend, phase, here = rng.uniform(
            [0.26, 0.04, -0.05, 0, 0], [0.40, 0.065, 0.05, 6, 1]
        )
        if here < 0.2:
            continue
        x = thicket.light_x + side * aside
        half = width * (0.6 + 0.95 * factors.nearness) * (0.8 + 1.5 * np.exp(-along / 0.1))
        spine = x + bend * np.sin(3 * along + phase) + 0.03 * factors.wind * along
        ys = 0.86 - 0.9 * along
        bark = mix(thicket.trunk, thicket.full, 0.22)
        for low, high, tone in ((-1.0, 1.0, 0.85), (-1.0, -0.3, 1.35), (0.45, 1.0, 0.55)):
            left = np.stack([spine + low * half, ys], axis=-1)
            right = np.stack([spine + high * half, ys], axis=-1)
            canvas.polygon(np.concatenate([left, right[::-1]]), shade(bark, tone))
        for place in (-0.5, 0.1, 0.55):
            canvas.line(np.stack([spine + place * half, ys], axis=-1), shade(bark, 0.6), 0.005, 0.7)


def _draw_lianas(
    canvas: Canvas, world: World, factors: Factors, thicket: _Thicket, time_seconds: float
) -> None:
    rng = world.rng("layout", "lianas")
    along = np.linspace(0, 1, 11)
    seeds = rng.uniform([-0.1, 0.12, 0.2, 0], [0.9, 0.5, 0.55, 6], (4, 4)).tolist()
    for start, reach, sag, phase in seeds:
        swing = 0.05 * sin(1.3 * time_seconds + phase) * (0.3 + factors.wind) + 0.1 * factors.wind
        bulge = np.sin(pi * along)
        xs = start + reach * along + swing * bulge
        ys = -0.02 + sag * bulge
        tone = mix(thicket.dark, thicket.trunk, 0.4)
        canvas.line(np.stack([xs, ys], axis=-1), tone, 0.011)
        for number in range(2, 9, 2):
            leaf(
                canvas,
                xs[number],
                ys[number],
                pi / 2 + 0.7 * sin(5 * number + phase),
                0.06,
                0.016,
                thicket.full,
                vein=0.0,
            )


def _draw_plants(
    canvas: Canvas, world: World, factors: Factors, thicket: _Thicket, time_seconds: float, row: int
) -> None:
    """Draws a row of plants with giant leaves.

    Row 0 climbs up both sides and leaves the clearing open, row 1 covers the ground, row 2 stands
    dark in front of us.
    """
    rng = world.rng("layout", "plants", row)
    count = (6, 5, 4)[row]
    near = 0.45 + 1.1 * factors.nearness
    seeds = rng.uniform(0, 1, (count, 5)).tolist()
    for number, (jitter, size, phase, kind, tone) in enumerate(seeds):
        side = 1 if number % 2 else -1
        colour = mix(thicket.full, thicket.lime, 0.75 * tone)
        if row == 0:
            climb = (number // 2) / 2
            x = thicket.light_x + side * (0.26 + 0.12 * climb + 0.12 * jitter)
            y, length = 0.84 - 0.44 * climb, 0.26
            colour = mix(shade(colour, 0.9), thicket.mist, 0.18)
        elif row == 1:
            x = (number + 0.1 + 0.8 * jitter) / count
            y, length = 0.92 + 0.04 * size, 0.20 + 0.16 * min(1.0, abs(x - thicket.light_x) / 0.35)
        else:
            # In front only the corners are grown over.
            x = thicket.light_x + side * (0.34 + 0.2 * jitter)
            y, length = 1.04 + 0.04 * size, 0.44
            colour = mix(thicket.dark, thicket.full, 0.5 * tone)
        length *= (0.8 + 0.35 * size) * near
        push = 1.0 * bending(factors.wind, time_seconds, 6 * phase)
        plant(canvas, (x, y), length, kind, colour, push)


def _draw_flowers(canvas: Canvas, world: World, factors: Factors, thicket: _Thicket) -> None:
    """Opens flowers among the leaves, more of them where there is more life."""
    size = 0.034 + 0.032 * factors.nearness
    colours_in_turn = (thicket.flower, mix(thicket.flower, (1.0, 0.9, 0.75), 0.6))
    seeds = world.rng("layout", "flowers").uniform(0, 1, (_FLOWERS, 3)).tolist()
    for rank, (x, y, share) in enumerate(seeds):
        there = presence(factors.activity, rank, _FLOWERS)
        if there <= 0.0:
            break
        x = (0.618 * rank + 0.1 * x) % 1.0
        y = 0.93 - (0.12 + 0.3 * abs(x - thicket.light_x)) * (0.3 + y)
        flower(canvas, x, y, size * (0.7 + 0.6 * share) * there, colours_in_turn[rank % 2])


def _draw_canopy(
    canvas: Canvas, world: World, factors: Factors, thicket: _Thicket, time_seconds: float
) -> None:
    """Hangs giant leaves from the upper corners."""
    rng = world.rng("layout", "canopy")
    for number, (jitter, size, phase, tone) in enumerate(rng.uniform(0, 1, (12, 4)).tolist()):
        x = (number + jitter) / 12
        aside = x - thicket.light_x
        reach = 0.14 + 0.30 * min(1.0, abs(aside) / 0.45)
        length = reach * (0.7 + 0.4 * size) * (0.55 + 0.9 * factors.nearness)
        push = 0.85 * bending(factors.wind, time_seconds, 6 * phase)
        angle = pi / 2 + 0.9 * aside - push + 0.5 * (phase - 0.5)
        colour = mix(thicket.dark, thicket.full, 0.15 + 0.75 * tone)
        leaf(
            canvas,
            x,
            -0.04,
            angle,
            length,
            0.2 * length,
            colour,
            -0.6 * push,
            is_comb=number % 4 == 0,
        )


def _draw_animals(
    canvas: Canvas, world: World, factors: Factors, thicket: _Thicket, time_seconds: float
) -> None:
    """Lets parrots sit and monkeys swing, more of them with more activity."""
    flock = _PARROTS[int(world.rng("palette", "parrots").integers(len(_PARROTS)))]
    reach = 0.9 + 0.6 * factors.nearness
    bright = tuple(colour for codes in flock for colour in colours(codes)[:1])
    draw_flock(canvas, world, factors.activity, time_seconds, (0.3, 0.62), reach, bright)
    size = 0.065 + 0.075 * factors.nearness
    spots = world.rng("layout", "animals").uniform([0, 0, 0], [1, 1, 6], (_ANIMALS, 3)).tolist()
    for rank, (x, y, phase) in enumerate(spots):
        there = presence(factors.activity, rank, _ANIMALS)
        if there <= 0.0:
            break
        side = -1.0 if rank % 2 else 1.0
        # One after the other from the clearing outwards, so that nobody hides anybody.
        x = thicket.light_x + side * (0.07 + 0.085 * rank + 0.05 * x)
        if rank % 3 == 1:
            swing = 0.35 * sin(1.6 * time_seconds + phase) + 0.2 * factors.wind
            top = 0.1 + 0.14 * y
            canvas.line([(x, -0.02), (x, top)], thicket.dark, 0.012, there)
            monkey(canvas, x, top, 1.25 * size, (0.42, 0.26, 0.16), swing, there)
        else:
            perch = 0.34 + 0.07 * (rank % 3) + 0.14 * y
            bob = 0.008 * sin(2.2 * time_seconds + phase)
            _draw_branch(canvas, thicket, x, perch, side, 1.6 * size, there)
            body, wing, tail = colours(flock[rank % 3])
            parrot(canvas, x, perch + bob, 1.15 * size, (body, wing, tail), -side, there)


def _draw_branch(
    canvas: Canvas, thicket: _Thicket, x: float, y: float, side: float, reach: float, alpha: float
) -> None:
    """Draws a branch that comes in from the side of the picture and ends beyond (x, y)."""
    root = 1.04 if side > 0 else -0.04
    tip = x - side * reach
    outline = [
        (root, y + 0.055),
        (x, y + 0.005),
        (tip, y - 0.012),
        (x, y + 0.022),
        (root, y + 0.10),
    ]
    canvas.polygon(outline, thicket.trunk, alpha)
    for place, angle in ((tip, -0.6), (tip + 0.3 * side * reach, 2.2)):
        leaf(
            canvas,
            place,
            y,
            pi / 2 + side * angle,
            0.5 * reach,
            0.13 * reach,
            thicket.full,
            vein=0.0,
        )


def _draw_butterflies(canvas: Canvas, world: World, factors: Factors, time_seconds: float) -> None:
    """Lets butterflies flutter, more of them with more activity."""
    spots = world.rng("layout", "insects").uniform([0.1, 0.3, 0], [0.9, 0.85, 6], (_INSECTS, 3))
    for rank, (x, y, phase) in enumerate(spots.tolist()):
        there = presence(factors.activity, rank, _INSECTS)
        if there <= 0.0:
            break
        x += 0.05 * sin(0.7 * time_seconds + phase)
        y += 0.03 * sin(1.3 * time_seconds + 2 * phase)
        colour = ((1.0, 0.78, 0.25), (0.35, 0.65, 1.0), (1.0, 0.5, 0.35), (0.98, 0.96, 0.9))[
            rank % 4
        ]
        size = 0.022 + 0.016 * factors.nearness
        butterfly(canvas, x, y, size, 8 * time_seconds + phase, colour, there)
