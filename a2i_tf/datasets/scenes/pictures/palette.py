"""Curated colours: palettes written as hexadecimal codes, and the small change each world makes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Colour


def colours(codes: str) -> tuple[Colour, ...]:
    """Returns the colours of a string of hexadecimal codes, such as "f2c14e d1495b"."""
    return tuple(colour(code) for code in codes.split())


def colour(code: str) -> Colour:
    """Returns the colour of one hexadecimal code, such as "f2c14e"."""
    red, green, blue = (int(code[place : place + 2], 16) / 255 for place in (0, 2, 4))
    return (red, green, blue)


def pick(palettes: Sequence[str], rng: np.random.Generator) -> tuple[Colour, ...]:
    """Returns one palette with a tint of its own.

    All its colours are shifted together, so that they stay in harmony.
    """
    chosen = colours(palettes[int(rng.integers(len(palettes)))])
    gain = rng.uniform(0.94, 1.06) * (1 + rng.uniform(-0.035, 0.035, 3))
    red, green, blue = (float(channel) for channel in gain)
    return tuple((min(1.0, r * red), min(1.0, g * green), min(1.0, b * blue)) for r, g, b in chosen)
