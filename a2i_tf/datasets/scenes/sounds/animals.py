"""Four-legged callers: monkeys, frogs and dogs."""

from __future__ import annotations

import numpy as np

from a2i_tf.datasets.scenes.sounds.events import Grain
from a2i_tf.datasets.scenes.sounds.tones import burst, glide, sequence, struck


def monkey(rng: np.random.Generator) -> list[Grain]:
    """Returns hoots of a monkey that grow into screams, each phrase about a second."""
    pitch = rng.uniform(380.0, 620.0)
    harmonics = (1.0, 0.7, 0.45, 0.3, 0.15)
    phrases = []
    for _ in range(3):
        count = int(rng.integers(3, 7))
        growth = np.linspace(1.0, rng.uniform(1.3, 1.9), count)
        hoots = [
            (np.float32(0.5 + 0.5 * step / count))
            * glide([pitch * up * 0.8, pitch * up * 1.3, pitch * up], 0.13, harmonics, 0.02)
            for step, up in enumerate(growth, start=1)
        ]
        phrases.append(sequence(hoots, [rng.uniform(0.05, 0.1)] * count))
    return phrases


def frog(rng: np.random.Generator) -> list[Grain]:
    """Returns croaks: pulses of a resonant throat, 25 to 50 a second."""
    throat = rng.uniform(550.0, 1300.0)
    pulse = struck([throat, 2.1 * throat], [0.03, 0.015], [1.0, 0.4], 0.018)
    gap = 1.0 / rng.uniform(26.0, 48.0) - 0.018
    return [sequence([pulse] * count, [max(gap, 0.001)] * count) for count in (5, 8, 12)]


def tree_frog(rng: np.random.Generator) -> list[Grain]:
    """Returns the short, bell-like peeps of tree frogs, each of another size."""
    return [glide([0.92 * pitch, pitch], 0.07) for pitch in rng.uniform(1500.0, 2600.0, 5)]


def dog(rng: np.random.Generator) -> list[Grain]:
    """Returns two and three barks."""
    pitch = rng.uniform(280.0, 480.0)
    tone = glide([pitch, pitch * 1.5, pitch * 0.8], 0.16, (0.5, 1.0, 0.9, 0.6, 0.4), 0.015)
    rasp = burst(rng, 600.0, 2500.0, 0.16, 0.2)
    bark = 0.7 * tone + 0.3 * rasp
    return [sequence([bark] * count, [rng.uniform(0.12, 0.25)] * count) for count in (2, 3)]
