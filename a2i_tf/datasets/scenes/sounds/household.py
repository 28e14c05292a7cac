"""Things people handle indoors: cutlery, glass, chalk, chairs, trolleys, tills and bells."""

from __future__ import annotations

import numpy as np

from a2i_tf.datasets.scenes.sounds.events import Grain
from a2i_tf.datasets.scenes.sounds.tones import burst, glide, sequence, struck
from a2i_tf.datasets.scenes.world import SAMPLE_RATE


def cutlery(rng: np.random.Generator) -> list[Grain]:
    """Returns clinks of knives and forks on plates: short, bright, inharmonic."""
    return [
        struck(
            np.sort(rng.uniform(2600.0, 6500.0, 4)),
            rng.uniform(0.04, 0.16, 4),
            rng.uniform(0.4, 1.0, 4),
            0.15,
        )
        for _ in range(6)
    ]


def plates(rng: np.random.Generator) -> list[Grain]:
    """Returns plates and cups set down: lower and duller than cutlery."""
    return [
        struck(
            np.sort(rng.uniform(500.0, 2600.0, 5)),
            rng.uniform(0.05, 0.14, 5),
            rng.uniform(0.4, 1.0, 5),
            0.12,
        )
        for _ in range(6)
    ]


def glass(rng: np.random.Generator) -> list[Grain]:
    """Returns glasses that touch: two or three pure partials that ring."""
    clinks = []
    for pitch in rng.uniform(1900.0, 3200.0, 3):
        clinks.append(struck([pitch, 2.32 * pitch], [0.7, 0.4], [1.0, 0.6], 0.5))
    return clinks


def chalk(rng: np.random.Generator) -> list[Grain]:
    """Returns strokes of chalk: a tap, then a scrape."""
    strokes = []
    for _ in range(5):
        tap = struck(
            [rng.uniform(900, 1500), rng.uniform(2200, 3200)], [0.03, 0.02], [1, 0.7], 0.03
        )
        scrape = burst(rng, 1800.0, 5500.0, rng.uniform(0.06, 0.18), 0.5)
        strokes.append(sequence([tap, 0.3 * scrape], [0.0, 0.0]))
    return strokes


def chair(rng: np.random.Generator) -> list[Grain]:
    """Returns chairs dragged over a floor: a stuttering, groaning scrape."""
    scrapes = []
    for _ in range(3):
        seconds = rng.uniform(0.25, 0.6)
        pitch = rng.uniform(140.0, 320.0)
        bend = list(pitch * rng.uniform(0.8, 1.3, 5))
        groan = glide(bend, seconds, (1.0, 0.8, 0.7, 0.6, 0.5, 0.4), 0.03, 37.0, 0.08)
        scrapes.append(0.7 * groan + 0.4 * burst(rng, 300.0, 2500.0, seconds, 2.0)[: groan.size])
    return scrapes


def school_bell(rng: np.random.Generator) -> Grain:
    """Returns three seconds of an electric bell: a hammer at 20 Hz on a bright shell."""
    pitch = rng.uniform(1100.0, 1700.0)
    stroke = struck(
        pitch * np.array([1.0, 1.5, 2.1, 2.9]), [0.5, 0.4, 0.3, 0.2], [1, 0.8, 0.6, 0.5], 0.3
    )
    bell = np.zeros(3 * SAMPLE_RATE, dtype=np.float32)
    for start in range(0, bell.size - stroke.size, SAMPLE_RATE // 20):
        bell[start : start + stroke.size] += stroke
    return bell / np.abs(bell).max()


def scanner_beep(rng: np.random.Generator) -> Grain:
    """Returns the beep of one till."""
    return glide([rng.uniform(1900.0, 2900.0)], rng.uniform(0.09, 0.14), (1.0, 0.0, 0.25), 0.004)


def trolley(rng: np.random.Generator) -> list[Grain]:
    """Returns a trolley's rattle over tiles: a second of metallic knocks in irregular rhythm."""
    wires = rng.uniform(500.0, 4200.0, 6)
    knock = struck(wires, rng.uniform(0.03, 0.09, 6), rng.uniform(0.4, 1.0, 6), 0.08)
    rattles = []
    for _ in range(3):
        rattle = np.zeros(SAMPLE_RATE, dtype=np.float32)
        for start in rng.integers(0, rattle.size - knock.size, 26):
            rattle[start : start + knock.size] += knock * np.float32(rng.uniform(0.2, 0.8))
        rattles.append(rattle * np.hanning(rattle.size).astype(np.float32) ** 0.3)
    return rattles


def tick(rng: np.random.Generator) -> list[Grain]:
    """Returns the tick and the tock of a wall clock."""
    case = rng.uniform(1500.0, 2600.0)
    return [
        struck([case * up, 2.1 * case * up], [0.02, 0.012], [1.0, 0.8], 0.02) for up in (1, 0.85)
    ]
