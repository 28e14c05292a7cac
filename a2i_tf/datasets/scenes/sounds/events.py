"""Events in time: when they happen, and how short sounds (grains) are laid at those times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.timeline import (
    CONTROL_RATE,
    CONTROL_TIMES,
    NUM_SAMPLES,
)
from a2i_tf.datasets.scenes.world import SAMPLE_RATE

Grain = NDArray[np.float32]


def starts(
    rng: np.random.Generator, rate_hz: NDArray[np.float64], jitter: float = 1.0
) -> NDArray[np.float64]:
    """Draws the times of events whose rate changes.

    Args:
        rng: Source of randomness.
        rate_hz: Events per second, [NUM_CONTROLS].
        jitter: 0 for a metronome; from 1 on the events come nearly at random, yet more evenly
            than a Poisson process, so that a single second tells the rate.

    Returns:
        Times in seconds, sorted.
    """
    expected = np.concatenate([[0.0], np.cumsum(rate_hz[:-1]) / CONTROL_RATE])
    numbers = np.arange(int(expected[-1]) + 1) + rng.uniform()
    numbers += jitter * rng.uniform(-0.5, 0.5, numbers.size)
    numbers = np.sort(numbers[(numbers > 0) & (numbers < expected[-1])])
    return np.interp(numbers, expected, CONTROL_TIMES)


def at(curve: NDArray[np.float64], times_seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns a control curve at the given times."""
    return np.interp(times_seconds, CONTROL_TIMES, curve)


def scatter(
    grains: Sequence[Grain] | NDArray[np.float32],
    times_seconds: NDArray[np.float64],
    gains: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Lays a grain, picked at random, at each time.

    Args:
        grains: The sounds to pick from, each float32 [samples].
        times_seconds: Where they begin.
        gains: Their amplitudes, one per time.
        rng: Picks the grains.

    Returns:
        float32 [NUM_SAMPLES].
    """
    track = np.zeros(NUM_SAMPLES, dtype=np.float32)
    choices = rng.integers(len(grains), size=len(times_seconds))
    for choice, time, gain in zip(choices, times_seconds, gains, strict=True):
        start = int(time * SAMPLE_RATE)
        target = track[start : start + len(grains[choice])]
        target += grains[choice][: len(target)] * np.float32(gain)
    return track


def sprinkle(
    rng: np.random.Generator,
    grains: Sequence[Grain] | NDArray[np.float32],
    rate_hz: NDArray[np.float64],
    spread_db: float = 6.0,
    jitter: float = 1.0,
) -> NDArray[np.float32]:
    """Lays grains at a changing rate, each at its own level within `spread_db` below 0 dB."""
    times = starts(rng, rate_hz, jitter)
    gains = 10.0 ** (-rng.uniform(0.0, spread_db, times.size) / 20.0)
    return scatter(grains, times, gains, rng)
