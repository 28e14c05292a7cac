"""Animals: birds in the air, parrots and monkeys in the canopy, deer, ducks, butterflies."""

from __future__ import annotations

from math import cos, sin

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.people import presence
from a2i_tf.datasets.scenes.world import World


def flying_bird(
    canvas: Canvas, x: float, y: float, span: float, beat: float, colour: Colour, alpha: float = 1.0
) -> None:
    """Draws a bird seen from afar, wings spread over `span`; `beat` is the wings' phase."""
    lift = 0.28 * span * (0.35 + 0.65 * sin(beat))
    half = span / 2
    thick = 0.14 * span
    canvas.polygon(
        [(x - half, y - lift), (x - 0.45 * half, y - 0.75 * lift - 0.35 * thick),
         (x, y - 0.2 * thick), (x + 0.45 * half, y - 0.75 * lift - 0.35 * thick),
         (x + half, y - lift), (x + 0.35 * half, y - 0.35 * lift + 0.5 * thick), (x, y + thick),
         (x - 0.35 * half, y - 0.35 * lift + 0.5 * thick)],
        colour, alpha,
    )  # fmt: skip


def draw_flock(
    canvas: Canvas,
    world: World,
    activity: float,
    time_seconds: float,
    heights: tuple[float, float],
    scale: float,
    colours: tuple[Colour, ...],
    count: int = 12,
) -> None:
    """Draws birds that cross the picture between two heights, more of them with more activity.

    Args:
        canvas: The picture.
        world: Source whose birds they are.
        activity: From 0 (none) to 1 (all).
        time_seconds: Moment in the source.
        heights: Uppermost and lowest y.
        scale: Size; at 1 a bird spans a tenth of the picture.
        colours: Colours that they take in turn.
        count: How many there are at the most.
    """
    seeds = world.rng("layout", "flock").uniform(0, 1, (count, 5)).tolist()
    top, bottom = heights
    for rank, (start, height, speed, phase, size) in enumerate(seeds):
        there = presence(activity, rank, count)
        if there <= 0.0:
            break
        # Out of the picture on one side they come back on the other.
        x = (start + (0.03 + 0.04 * speed) * time_seconds) % 1.0 * 1.2 - 0.1
        y = top + (bottom - top) * height + 0.02 * sin(0.8 * time_seconds + 6 * phase)
        beat = 6 * phase + 9 * time_seconds
        span = scale * (0.085 + 0.045 * size)
        flying_bird(canvas, x, y, span, beat, colours[rank % len(colours)], there)


def parrot(
    canvas: Canvas,
    x: float,
    y: float,
    size: float,
    colours: tuple[Colour, Colour, Colour],
    facing: float,
    alpha: float = 1.0,
) -> None:
    """Draws a macaw that sits at (x, y), its long tail hanging below; `facing` is -1 or 1."""
    body, wing, tail = colours
    f = facing
    canvas.polygon(
        [(x - 0.1 * f * size, y), (x + 0.16 * f * size, y), (x - 0.3 * f * size, y + 1.05 * size)],
        tail, alpha,
    )  # fmt: skip
    canvas.ellipse(x, y - 0.25 * size, 0.26 * size, 0.42 * size, body, alpha)
    canvas.ellipse(x + 0.1 * f * size, y - 0.68 * size, 0.23 * size, 0.23 * size, body, alpha)
    canvas.polygon(
        [(x - 0.02 * f * size, y - 0.48 * size), (x + 0.1 * f * size, y - 0.2 * size),
         (x - 0.2 * f * size, y + 0.5 * size), (x - 0.3 * f * size, y - 0.25 * size)],
        wing, alpha,
    )  # fmt: skip
    canvas.ellipse(
        x + 0.2 * f * size, y - 0.7 * size, 0.1 * size, 0.11 * size, (0.97, 0.95, 0.9), alpha
    )
    canvas.ellipse(
        x + 0.19 * f * size, y - 0.71 * size, 0.04 * size, 0.04 * size, (0.05, 0.05, 0.07), alpha
    )
    canvas.polygon(
        [(x + 0.26 * f * size, y - 0.82 * size), (x + 0.47 * f * size, y - 0.66 * size),
         (x + 0.36 * f * size, y - 0.48 * size), (x + 0.25 * f * size, y - 0.6 * size)],
        (0.12, 0.11, 0.12), alpha,
    )  # fmt: skip


def monkey(
    canvas: Canvas,
    x: float,
    y: float,
    size: float,
    colour: Colour,
    swing: float,
    alpha: float = 1.0,
) -> None:
    """Draws a monkey that hangs by one arm from (x, y) and swings by `swing` radians."""
    dark, face = shade(colour, 0.7), mix(colour, (0.95, 0.8, 0.62), 0.75)
    across, down = sin(swing) * size, cos(swing) * size
    chest_x, chest_y = x + across, y + down
    width = 0.15 * size
    canvas.line([(x, y), (chest_x + 0.12 * size, chest_y)], colour, width, alpha)
    tail = [
        (chest_x - 0.1 * size, chest_y + 0.75 * size),
        (chest_x - 0.6 * size, chest_y + 0.85 * size),
        (chest_x - 0.72 * size, chest_y + 0.45 * size),
        (chest_x - 0.5 * size, chest_y + 0.35 * size),
    ]
    canvas.line(tail, dark, 0.7 * width, alpha)
    for side in (-1, 1):
        knee = (chest_x + side * 0.34 * size, chest_y + 0.75 * size)
        canvas.line(
            [
                (chest_x, chest_y + 0.6 * size),
                knee,
                (knee[0] - side * 0.12 * size, knee[1] + 0.3 * size),
            ],
            dark,
            width,
            alpha,
        )
    canvas.line(
        [
            (chest_x - 0.1 * size, chest_y + 0.1 * size),
            (chest_x - 0.45 * size, chest_y + 0.45 * size),
        ],
        colour,
        width,
        alpha,
    )
    canvas.ellipse(chest_x, chest_y + 0.36 * size, 0.26 * size, 0.4 * size, colour, alpha)
    head_x, head_y = chest_x - 0.12 * size, chest_y - 0.18 * size
    for side in (-1, 1):
        canvas.ellipse(head_x + side * 0.26 * size, head_y, 0.1 * size, 0.1 * size, face, alpha)
    canvas.ellipse(head_x, head_y, 0.27 * size, 0.26 * size, colour, alpha)
    canvas.ellipse(head_x, head_y + 0.06 * size, 0.18 * size, 0.17 * size, face, alpha)
    for side in (-1, 1):
        canvas.ellipse(
            head_x + side * 0.08 * size,
            head_y,
            0.04 * size,
            0.045 * size,
            (0.06, 0.04, 0.04),
            alpha,
        )


def butterfly(
    canvas: Canvas, x: float, y: float, size: float, beat: float, colour: Colour, alpha: float = 1.0
) -> None:
    """Draws a butterfly around (x, y); `beat` is the phase of its wings."""
    spread = size * (0.45 + 0.55 * abs(cos(beat)))
    for side in (-1, 1):
        canvas.polygon(
            [(x, y), (x + side * 0.9 * spread, y - 0.8 * size),
             (x + side * spread, y - 0.1 * size)],
            colour, alpha,
        )  # fmt: skip
        canvas.polygon(
            [(x, y), (x + side * 0.9 * spread, y), (x + side * 0.6 * spread, y + 0.6 * size)],
            shade(colour, 0.75), alpha,
        )  # fmt: skip
    canvas.line([(x, y - 0.35 * size), (x, y + 0.35 * size)], (0.1, 0.08, 0.08), 0.008, alpha)


def deer(
    canvas: Canvas,
    x: float,
    base: float,
    height: float,
    colour: Colour,
    facing: float,
    alpha: float = 1.0,
) -> None:
    """Draws a deer that stands at (x, base); `facing` is -1 or 1."""
    f, h = facing, height
    dark, light = shade(colour, 0.68), mix(colour, (1.0, 0.95, 0.85), 0.45)
    for place, tone in ((-0.24, dark), (0.2, dark), (-0.29, colour), (0.26, colour)):
        canvas.line(
            [(x + place * f * h, base - 0.45 * h), (x + place * f * h, base)],
            tone,
            0.055 * h,
            alpha,
        )
    canvas.ellipse(x, base - 0.5 * h, 0.35 * h, 0.16 * h, colour, alpha)
    canvas.ellipse(x - 0.33 * f * h, base - 0.53 * h, 0.06 * h, 0.09 * h, light, alpha)
    canvas.polygon(
        [(x + 0.14 * f * h, base - 0.55 * h), (x + 0.33 * f * h, base - 0.45 * h),
         (x + 0.47 * f * h, base - 0.84 * h), (x + 0.36 * f * h, base - 0.88 * h)],
        colour, alpha,
    )  # fmt: skip
    canvas.ellipse(x + 0.46 * f * h, base - 0.88 * h, 0.13 * h, 0.07 * h, colour, alpha)
    canvas.ellipse(x + 0.33 * f * h, base - 0.95 * h, 0.035 * h, 0.07 * h, light, alpha)
    for reach, tip in ((0.36, 0.30), (0.40, 0.52)):
        canvas.line(
            [(x + 0.38 * f * h, base - 0.93 * h), (x + reach * f * h, base - 1.1 * h),
             (x + tip * f * h, base - 1.24 * h)],
            dark, 0.03 * h, alpha,
        )  # fmt: skip


def duck(
    canvas: Canvas,
    x: float,
    y: float,
    size: float,
    colour: Colour,
    facing: float,
    alpha: float = 1.0,
) -> None:
    """Draws a duck that swims at (x, y), with its wake; `facing` is -1 or 1."""
    f = facing
    canvas.line(
        [(x - 1.6 * f * size, y + 0.2 * size), (x + 0.6 * f * size, y + 0.2 * size)],
        (0.97, 0.99, 1.0),
        0.12 * size,
        0.6 * alpha,
    )
    canvas.ellipse(x, y - 0.05 * size, 0.6 * size, 0.3 * size, colour, alpha)
    canvas.polygon(
        [
            (x - 0.4 * f * size, y - 0.1 * size),
            (x - 0.8 * f * size, y - 0.4 * size),
            (x - 0.2 * f * size, y - 0.3 * size),
        ],
        shade(colour, 0.7),
        alpha,
    )
    canvas.ellipse(
        x + 0.48 * f * size, y - 0.48 * size, 0.24 * size, 0.24 * size, (0.10, 0.36, 0.27), alpha
    )
    canvas.polygon(
        [
            (x + 0.66 * f * size, y - 0.5 * size),
            (x + 0.98 * f * size, y - 0.4 * size),
            (x + 0.66 * f * size, y - 0.34 * size),
        ],
        (0.95, 0.65, 0.2),
        alpha,
    )
