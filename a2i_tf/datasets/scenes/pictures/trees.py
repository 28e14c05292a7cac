"""Whole trees: conifers, round crowns and palms."""

from __future__ import annotations

from math import cos, pi, sin, sqrt

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.foliage import leaf

_TIERS = 6
# How far the light moves up in a crown, its tone and the size of its patches.
_CROWN_TONES = ((0.0, 0.74, 1.0), (0.25, 1.02, 0.78), (0.5, 1.32, 0.42))
_DETAIL_HEIGHT = 0.14
_VEINED_HEIGHT = 0.45


def conifer(
    canvas: Canvas,
    x: float,
    base: float,
    height: float,
    colour: Colour,
    trunk: Colour,
    lean: float = 0.0,
    width: float = 0.2,
) -> None:
    """Draws a fir that stands at (x, base), its left side lit.

    Args:
        canvas: The picture.
        x: Place of the foot.
        base: Ground.
        height: From the ground to the tip.
        colour: Colour of the shaded needles.
        trunk: Colour of the trunk.
        lean: How far the wind moves the tip aside, as a fraction of the height.
        width: Half of the lowest tier's width, as a fraction of the height.
    """
    canvas.rectangle(x - 0.025 * height, base - 0.16 * height, x + 0.025 * height, base, trunk)
    light = shade(colour, 1.3)
    for tier in range(_TIERS):
        low = 0.1 + 0.78 * tier / _TIERS
        high = min(1.0, low + 0.34 - 0.012 * tier)
        half = width * height * (1 - 0.82 * tier / _TIERS)
        foot_x, tip_x = x + lean * height * low**2, x + lean * height * high**2
        foot_y, tip_y = base - low * height, base - high * height
        dip = 0.035 * height
        outline = [
            (tip_x, tip_y),
            (foot_x + half, foot_y),
            (foot_x + 0.5 * half, foot_y - 0.6 * dip),
            (foot_x + 0.1 * half, foot_y + dip),
            (foot_x - 0.5 * half, foot_y - 0.6 * dip),
            (foot_x - half, foot_y),
        ]
        canvas.polygon(outline, shade(colour, 0.86 + 0.03 * tier))
        canvas.polygon([outline[0], outline[3], *outline[4:]], light, 0.55)


def round_tree(
    canvas: Canvas,
    x: float,
    base: float,
    height: float,
    colour: Colour,
    trunk: Colour,
    bumps: list[float],
    lean: float = 0.0,
) -> None:
    """Draws a broad-leaved tree that stands at (x, base).

    Args:
        canvas: The picture.
        x: Place of the foot.
        base: Ground.
        height: From the ground to the top of the crown.
        colour: Colour of the shaded leaves.
        trunk: Colour of the trunk.
        bumps: Numbers in [0, 1] that shape the crown.
        lean: How far the wind moves the crown aside, as a fraction of the height.
    """
    crown_x, crown_y = x + lean * height, base - 0.64 * height
    half = 0.03 * height
    canvas.polygon(
        [(x - half, base), (x + half, base), (crown_x + 0.4 * half, crown_y),
         (crown_x - 0.4 * half, crown_y)],
        trunk,
    )  # fmt: skip
    # Clumps lie on a sunflower's spiral, which leaves neither rings nor gaps.
    count, tones = (9, _CROWN_TONES) if height > _DETAIL_HEIGHT else (6, _CROWN_TONES[:2])
    clumps = []
    for number in range(count):
        angle = 2.4 * number + 6 * bumps[0]
        reach = 0.27 * height * sqrt((number + 0.3) / count)
        size = height * (0.125 + 0.05 * bumps[number % len(bumps)])
        up = reach * sin(angle)
        clumps.append((crown_x + 1.1 * reach * cos(angle) - lean * up, crown_y + 0.85 * up, size))
    for lift, tone, scale in tones:
        ink = shade(colour, tone)
        for place_x, place_y, size in clumps:
            across, down = place_x - lift * 0.7 * size, place_y - lift * size
            canvas.ellipse(across, down, scale * size, 0.86 * scale * size, ink)


def palm(
    canvas: Canvas,
    x: float,
    base: float,
    height: float,
    bend: float,
    colour: Colour,
    trunk: Colour,
    wind: float,
    sway: float,
    fronds: int = 9,
) -> None:
    """Draws a palm whose trunk bends aside from (x, base).

    Args:
        canvas: The picture.
        x: Place of the foot.
        base: Ground.
        height: From the ground to the crown.
        bend: How far the crown is beside the foot, as a fraction of the height.
        colour: Colour of the shaded fronds.
        trunk: Colour of the trunk.
        wind: From 0 to 1; blows the fronds to the right.
        sway: Momentary movement in radians.
        fronds: How many fronds it has.
    """
    along = np.linspace(0, 1, 9)
    spine_x = x + height * (bend * along**1.7 + 0.42 * wind * along**2)
    spine_y = base - height * along
    half = height * (0.034 - 0.016 * along)
    left, right = (np.stack([spine_x + s * half, spine_y], axis=-1) for s in (-1, 1))
    canvas.polygon(np.concatenate([left, right[::-1]]), shade(trunk, 0.72))
    middle = np.stack([spine_x + 0.1 * half, spine_y], axis=-1)
    canvas.polygon(np.concatenate([left, middle[::-1]]), shade(trunk, 1.12))
    for number in range(1, 8):
        canvas.line([tuple(left[number]), tuple(right[number])], shade(trunk, 0.55), 0.004, 0.6)
    crown_x, crown_y = float(spine_x[-1]), float(spine_y[-1])
    for number in range(fronds):
        # From the back to the front: those that hang down come last.
        spread = (number + 0.5) / fronds
        side = 1 if number % 2 else -1
        angle = -pi / 2 + side * (0.15 + 1.6 * spread)
        # Wind turns all fronds to its lee, and those on the windward side over the crown.
        angle += wind * (1.15 - 0.5 * spread if side < 0 else 0.3 - 0.35 * spread)
        angle += sway * (1 + 0.5 * spread)
        fall = 1.7 * cos(angle) * (1 - 0.55 * wind) + 0.25 * side * (1 - wind)
        tone = 0.74 + 0.42 * ((number * 5) % fronds) / fronds
        leaf(
            canvas, crown_x, crown_y, angle, 0.62 * height, 0.062 * height, shade(colour, tone),
            fall, is_comb=True, vein=0.2 if height > _VEINED_HEIGHT else 0.0,
        )  # fmt: skip
    for place in (-0.5, 0.3, 0.0):
        canvas.ellipse(
            crown_x + place * 0.07 * height, crown_y + 0.02 * height, 0.03 * height, 0.03 * height,
            mix(trunk, (0.25, 0.14, 0.06), 0.6),
        )  # fmt: skip


def slim_tree(
    canvas: Canvas,
    foot: tuple[float, float],
    tall: float,
    lean: float,
    tone: Colour,
    stem: Colour,
    bumps: list[float],
) -> None:
    """Draws a slim broad-leaved tree of a dense wood, seen from afar."""
    x, base = foot
    top_x = x + lean * tall
    canvas.polygon([(x - 0.008, base), (x + 0.008, base), (top_x, base - tall)], stem)
    light = shade(tone, 1.1)
    for number in range(5):
        bump = bumps[number % 2]
        side = (number % 3 - 1) * 0.13 * tall * (0.7 + 0.6 * bump)
        y = base - tall * (0.62 + 0.1 * number - 0.08 * bump)
        reach = tall * (0.15 + 0.06 * bump)
        blown = lean * tall * 0.12 * number
        canvas.ellipse(x + 0.7 * lean * tall + side + blown, y, reach, 0.72 * reach, tone)
        canvas.ellipse(
            x + 0.7 * lean * tall + side + blown - 0.25 * reach, y - 0.25 * reach, 0.6 * reach,
            0.4 * reach, light,
        )  # fmt: skip


def hanging_twig(
    canvas: Canvas, x: float, y: float, length: float, colour: Colour, push: float
) -> None:
    """Draws a fir's branch that hangs down, with needles like a comb."""
    canvas.polygon([(x - 0.1, -0.01), (x + 0.1, -0.01), (x, y)], colour)
    for side in (-1, 1):
        angle = pi / 2 - 0.55 * side - 0.8 * push
        leaf(
            canvas, x - 0.02 * side, y - 0.5 * length, angle, 1.5 * length, 0.3 * length,
            shade(colour, 0.95), 0.4 * side, is_comb=True, vein=0.0,
        )  # fmt: skip


def hanging_clump(canvas: Canvas, x: float, y: float, half: float, colour: Colour) -> None:
    """Draws leaves that hang into the picture from above, down to (x, y)."""
    canvas.rectangle(x - half, -0.01, x + half, y - 0.6 * half, colour)
    canvas.ellipse(x, y - 0.5 * half, 1.3 * half, 0.95 * half, colour)
    canvas.ellipse(x - 0.35 * half, y - 0.8 * half, 0.8 * half, 0.5 * half, shade(colour, 1.17))


def bending(wind: float, time_seconds: float, phase: float) -> float:
    """Returns how far a tree leans at one moment: more, and more restless, with more wind."""
    gust = 0.86 + 0.1 * sin(1.7 * time_seconds + phase) + 0.04 * sin(4.1 * time_seconds + 2 * phase)
    return wind * gust + 0.04 * sin(1.1 * time_seconds + phase)
