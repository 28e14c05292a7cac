"""Hills and mountains on the horizon."""

from __future__ import annotations

from math import pi

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.world import World


def draw_hills(
    canvas: Canvas, world: World, horizon: float, hill: Colour, meadow: Colour, air: Colour
) -> None:
    """Raises three ranges above the horizon, the farther the paler; some worlds have mountains.

    Args:
        canvas: The picture.
        world: Source whose hills they are.
        horizon: Where the hills end.
        hill: Colour of the farthest range before the air takes it away.
        meadow: Colour that the nearer ranges take on.
        air: Colour of the haze.
    """
    rng = world.rng("layout", "hills")
    xs = np.linspace(-0.02, 1.02, 53)
    is_rugged = rng.random() < 0.5
    for layer in range(3):
        first, second = rng.uniform(0, 2 * pi, 2)
        height = (0.18 - 0.05 * layer) * rng.uniform(0.85, 1.25)
        tone = mix(mix(hill, meadow, 0.4 * layer), air, 0.52 - 0.19 * layer)
        if is_rugged and layer == 0:
            _draw_peaks(canvas, rng, horizon + 0.02, 1.25 * height, tone, air)
            continue
        ridge = 0.55 + 0.3 * np.sin(5.5 * xs + first) + 0.16 * np.sin(11 * xs + second)
        ys = horizon + 0.015 - height * ridge
        top = np.stack([xs, ys], axis=-1)
        ground = [(1.02, horizon + 0.03), (-0.02, horizon + 0.03)]
        canvas.polygon(np.concatenate([top, ground]), tone)
        fall = np.stack([xs + 0.04, ys + 0.42 * (horizon - ys)], axis=-1)
        canvas.polygon(np.concatenate([top, fall[::-1]]), mix(tone, air, 0.35), 0.6)


def _draw_peaks(
    canvas: Canvas, rng: np.random.Generator, base: float, height: float, tone: Colour, air: Colour
) -> None:
    """Raises mountains with a lit and a shaded flank and snow on top."""
    seeds = rng.uniform([0, 0.6, 0.16, -0.3], [1, 1.1, 0.26, 0.3], (5, 4)).tolist()
    for number, (jitter, share, half, skew) in enumerate(seeds):
        x, top = (number + jitter) / 5, base - height * share
        foot = x + skew * half
        canvas.polygon([(x, top), (x - half, base), (foot, base)], mix(tone, air, 0.3))
        canvas.polygon([(x, top), (x + half, base), (foot, base)], shade(tone, 0.86))
        for side, snow in ((-1, (0.99, 0.99, 1.0)), (1, (0.80, 0.85, 0.94))):
            low = top + 0.36 * (base - top)
            canvas.polygon(
                [(x, top), (x + 0.36 * side * half, low),
                 (x + 0.2 * side * half, low - 0.25 * (low - top)),
                 (x + 0.36 * skew * half, low + 0.12 * (low - top))],
                snow,
            )  # fmt: skip
