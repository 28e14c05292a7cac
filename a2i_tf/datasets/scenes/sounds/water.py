"""Water: surf that swells and breaks, streams that run and bubble."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.events import Grain
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band
from a2i_tf.datasets.scenes.sounds.timeline import CONTROL_RATE, NUM_CONTROLS, decibels, to_samples
from a2i_tf.datasets.scenes.world import SAMPLE_RATE


def surf(
    rng: np.random.Generator,
    noise: NoiseSource,
    waves_per_second: NDArray[np.float64],
    wash: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Returns waves that swell, break and run out, float32 [NUM_SAMPLES], RMS near 0.5.

    Args:
        rng: Draws the place in the wave at which the track begins, and the kind of beach.
        noise: Source of the noise.
        waves_per_second: [NUM_CONTROLS].
        wash: Amplitude of the bright wash, as against the deep swell, [NUM_CONTROLS].
    """
    place = np.cumsum(waves_per_second) / CONTROL_RATE + rng.uniform()
    breaking_point = rng.uniform(0.45, 0.6)
    swell, crash = np.zeros_like(place), np.zeros_like(place)
    # A second train of waves, a little off beat and smaller, keeps the sea from being a clock.
    for offset, size in ((0.0, 1.0), (0.618, 0.6)):
        phase = (place + offset) % 1.0
        swell += size * np.sin(np.pi * phase) ** 3
        rise = np.clip((phase - breaking_point + 0.08) / 0.08, 0.0, 1.0) ** 2
        crash += size * rise * np.exp(-np.maximum(phase - breaking_point, 0.0) * 6.0)
    deep = noise.shaped(band(250.0, rng.uniform(450.0, 650.0), order=3))
    bright = noise.shaped(band(500.0, rng.uniform(2400.0, 3200.0), order=2))
    return deep * to_samples(0.35 + 0.45 * swell) + bright * to_samples(wash * (0.4 + 0.6 * crash))


def bubbles(rng: np.random.Generator, count: int = 24) -> list[Grain]:
    """Returns bubbles: ringing drops whose pitch rises as the bubble nears the surface."""
    grains = []
    for pitch in rng.uniform(350.0, 1700.0, count):
        seconds = 18.0 / pitch + 0.02
        times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        rising = pitch * (times + 0.5 * rng.uniform(2.0, 9.0) * times**2)
        ring = np.sin(2 * np.pi * rising) * np.exp(-5.0 * times / seconds)
        grains.append((ring * np.clip(times / 0.002, 0.0, 1.0)).astype(np.float32))
    return grains


def stream(rng: np.random.Generator, noise: NoiseSource) -> NDArray[np.float32]:
    """Returns the steady rush of a stream, 300 to 2500 Hz, float32 [NUM_SAMPLES], RMS near 1."""
    rush = noise.shaped(band(rng.uniform(280.0, 450.0), rng.uniform(1300.0, 2300.0), order=2))
    flicker = 1.0 + 0.4 * rng.standard_normal(NUM_CONTROLS)
    return rush * to_samples(flicker * decibels(-0.5))
