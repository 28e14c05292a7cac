"""Birds: songs, trills, gulls, owls, parrots and a woodpecker, each a handful of grains."""

from __future__ import annotations

import numpy as np

from a2i_tf.datasets.scenes.sounds.events import Grain
from a2i_tf.datasets.scenes.sounds.tones import glide, sequence, struck


def song(rng: np.random.Generator) -> list[Grain]:
    """Returns phrases of one songbird: whistled notes that slide, about a second each."""
    pitch = rng.uniform(2200.0, 4600.0)
    length = rng.uniform(0.07, 0.18)
    phrases = []
    for _ in range(3):
        count = int(rng.integers(3, 7))
        notes = [
            glide(list(pitch * rng.uniform(0.8, 1.25, 3)), length * rng.uniform(0.7, 1.4))
            for _ in range(count)
        ]
        phrases.append(sequence(notes, list(rng.uniform(0.02, 0.09, count))))
    return phrases


def trill(rng: np.random.Generator) -> list[Grain]:
    """Returns trills of one bird: a short chirp repeated ten to twenty times a second."""
    pitch = rng.uniform(3000.0, 5500.0)
    chirp = glide([pitch * 1.15, pitch * 0.85], rng.uniform(0.025, 0.05), attack_seconds=0.006)
    gap = rng.uniform(0.02, 0.05)
    return [sequence([chirp] * count, [gap] * count) for count in (6, 9, 13)]


def two_tone(rng: np.random.Generator) -> list[Grain]:
    """Returns the call of a tit: two notes in turn, a few times over."""
    high = rng.uniform(3500.0, 5200.0)
    low = high * rng.uniform(0.65, 0.85)
    length = rng.uniform(0.09, 0.16)
    pair = [glide([high], length), glide([low], length * 1.2)]
    return [sequence(pair * count, [0.03, 0.06] * count) for count in (2, 3)]


def cuckoo(rng: np.random.Generator) -> list[Grain]:
    """Returns a cuckoo's falling third."""
    high = rng.uniform(620.0, 720.0)
    notes = [glide([high], 0.22, (1.0, 0.1), 0.03), glide([high * 0.81], 0.32, (1.0, 0.1), 0.03)]
    return [sequence(notes, [0.12, 0.1])]


def gull(rng: np.random.Generator) -> list[Grain]:
    """Returns cries of a gull: harsh, rich in harmonics, rising and falling."""
    pitch = rng.uniform(750.0, 1100.0)
    harmonics = (0.6, 1.0, 0.8, 0.5, 0.25)
    cries = []
    for _ in range(3):
        count = int(rng.integers(2, 5))
        length = rng.uniform(0.18, 0.38)
        cry = glide([pitch * 0.85, pitch * 1.3, pitch], length, harmonics, 0.03, 28.0, 0.012)
        cries.append(sequence([cry] * count, list(rng.uniform(0.06, 0.16, count))))
    return cries


def owl(rng: np.random.Generator) -> list[Grain]:
    """Returns the hoots of an owl: one long, then a quavering one."""
    pitch = rng.uniform(330.0, 460.0)
    long_hoot = glide([pitch * 0.97, pitch, pitch * 0.96], 0.45, (1.0, 0.12), 0.08)
    quaver = glide([pitch, pitch * 0.94], 0.8, (1.0, 0.12), 0.1, 11.0, 0.02)
    return [sequence([long_hoot, quaver], [0.35, 0.1]), long_hoot]


def parrot(rng: np.random.Generator) -> list[Grain]:
    """Returns squawks: a rough, fast-modulated shriek."""
    pitch = rng.uniform(900.0, 1500.0)
    harmonics = (0.5, 1.0, 0.9, 0.6, 0.3)
    squawks = []
    for _ in range(4):
        bend = list(pitch * rng.uniform(0.75, 1.35, 4))
        rate = rng.uniform(60.0, 110.0)
        cry = glide(bend, rng.uniform(0.12, 0.35), harmonics, 0.015, rate, 0.12)
        count = int(rng.integers(1, 4))
        squawks.append(sequence([cry] * count, [0.08] * count))
    return squawks


def woodpecker(rng: np.random.Generator) -> list[Grain]:
    """Returns a drum roll on a hollow trunk, some twenty strokes a second."""
    trunk = rng.uniform(700.0, 1300.0)
    stroke = struck([trunk, 2.3 * trunk], [0.05, 0.025], [1.0, 0.6], 0.04)
    count = int(rng.integers(10, 18))
    gap = 1.0 / rng.uniform(16.0, 22.0) - 0.04
    return [sequence([stroke] * count, [max(gap, 0.002)] * count)]
