"""The street: engines that pass, horns, sirens and footsteps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.events import Grain
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band
from a2i_tf.datasets.scenes.sounds.tones import burst, glide, sequence, struck
from a2i_tf.datasets.scenes.world import SAMPLE_RATE

_PASS_SECONDS = 4.0
_CYLINDER_HARMONICS = (0.3, 0.9, 0.5, 0.6, 0.3, 0.35, 0.2, 0.2, 0.12, 0.12)


def passing_engine(rng: np.random.Generator) -> Grain:
    """Returns a vehicle that comes and goes in four seconds, its pitch falling as it passes."""
    firing = rng.uniform(75.0, 140.0)
    doppler = rng.uniform(0.04, 0.09)
    knots = firing * (1.0 - doppler * np.tanh(np.linspace(-3.0, 3.0, 21)))
    engine = glide(list(knots), _PASS_SECONDS, _CYLINDER_HARMONICS, 0.2, rng.uniform(9, 17), 0.004)
    tyres = burst(rng, 200.0, rng.uniform(1200.0, 2600.0), _PASS_SECONDS, 1e6)
    distance = np.linspace(-1.0, 1.0, engine.size, dtype=np.float32) / rng.uniform(0.2, 0.35)
    loudness = 1.0 / (1.0 + distance**2) - 1.0 / (1.0 + distance[0] ** 2)
    return ((1.6 * engine + 0.8 * tyres) * loudness).astype(np.float32)


def idling_bus(rng: np.random.Generator, noise: NoiseSource) -> NDArray[np.float32]:
    """Returns a diesel that knocks in idle, float32 [NUM_SAMPLES], RMS near 1."""
    knocks_per_second = int(rng.integers(10, 15))
    # A whole number of knocks a second: one second of the envelope repeats.
    phase = np.arange(SAMPLE_RATE, dtype=np.float32) * (knocks_per_second / SAMPLE_RATE) % 1.0
    knock = (0.25 + 1.8 * np.exp(-6.0 * phase)).astype(np.float32)
    clatter = noise.shaped(band(200.0, rng.uniform(1000.0, 1500.0)))
    return (clatter.reshape(-1, SAMPLE_RATE) * knock).reshape(-1)


def horn(rng: np.random.Generator) -> list[Grain]:
    """Returns honks of one car: two brassy tones a third apart, short or held."""
    low = rng.uniform(330.0, 440.0)
    brass = (0.5, 0.8, 1.0, 0.8, 0.6, 0.4, 0.2)
    honks = []
    for seconds in (0.18, 0.5):
        honk = 0.5 * glide([low], seconds, brass) + 0.5 * glide([low * 1.25], seconds, brass)
        honks.append(honk)
    return [sequence([honks[0]] * 2, [0.12, 0.05]), honks[1]]


def siren(rng: np.random.Generator) -> Grain:
    """Returns five seconds of a siren: a wail or two tones in turn, that comes and goes."""
    low = rng.uniform(480.0, 680.0)
    if rng.uniform() < 0.5:
        knots = low * (1.3 + 0.45 * np.sin(np.linspace(0.0, 6 * np.pi, 120)))
    else:
        knots = low * np.where(np.arange(200) // 20 % 2, 1.33, 1.0)
    wail = glide(list(knots), 5.0, (1.0, 0.5, 0.4, 0.2), 0.3)
    fade = np.sin(np.linspace(0.0, np.pi, int(5.0 * SAMPLE_RATE), dtype=np.float32))
    return wail * fade


def footsteps(rng: np.random.Generator) -> list[Grain]:
    """Returns single steps of hard heels on pavement."""
    return [
        struck(
            rng.uniform([250.0, 900.0, 2100.0], [400.0, 1500.0, 3200.0]),
            [0.06, 0.03, 0.02],
            [0.7, 1.0, 0.6],
            0.05,
        )
        for _ in range(5)
    ]
