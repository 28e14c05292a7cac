"""Coloured noise: one white spectrum per world, shaped into as many beds as a scene asks for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.timeline import NUM_SAMPLES
from a2i_tf.datasets.scenes.world import SAMPLE_RATE

# Noise has no memory worth 24 seconds: a loop of a third of it, without a seam, is not told apart.
_REPEATS = 3
_LOOP_LENGTH = NUM_SAMPLES // _REPEATS
LOOP_FREQUENCIES_HZ: NDArray[np.float32] = np.fft.rfftfreq(_LOOP_LENGTH, 1 / SAMPLE_RATE).astype(
    np.float32
)


def band(
    low_hz: float,
    high_hz: float,
    order: int = 2,
    frequencies_hz: NDArray[np.float32] = LOOP_FREQUENCIES_HZ,
) -> NDArray[np.float32]:
    """Returns the magnitude of a Butterworth-like band, with slopes of `6 * order` dB an octave."""
    above = (frequencies_hz / np.float32(high_hz)) ** (2 * order)
    below = (np.float32(low_hz) / np.maximum(frequencies_hz, 1.0)) ** (2 * order)
    return 1.0 / np.sqrt((1.0 + above) * (1.0 + below))


def resonances(
    centres_hz: Iterable[float],
    widths_hz: Iterable[float],
    gains: Iterable[float],
    frequencies_hz: NDArray[np.float32] = LOOP_FREQUENCIES_HZ,
) -> NDArray[np.float32]:
    """Returns the summed magnitudes of resonators, one per centre frequency."""
    response = np.zeros_like(frequencies_hz)
    for centre, width, gain in zip(centres_hz, widths_hz, gains, strict=True):
        offset = (frequencies_hz - np.float32(centre)) / np.float32(width / 2)
        response += np.float32(gain) / np.sqrt(1.0 + offset**2)
    return response


class NoiseSource:
    """Hands out noise beds of one world, cheaply: each costs one short inverse FFT."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._spectrum = scipy.fft.rfft(rng.standard_normal(_LOOP_LENGTH, dtype=np.float32))

    def shaped(self, magnitude: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns noise of the given spectrum, float32 [NUM_SAMPLES], RMS 1.

        Args:
            magnitude: Gain at each of `LOOP_FREQUENCIES_HZ`.
        """
        loop = scipy.fft.irfft(self._spectrum * magnitude, _LOOP_LENGTH)
        loop *= np.float32(1.0 / np.sqrt(np.mean(np.square(loop))))
        # A random shift keeps beds of the same source from moving together.
        return np.tile(np.roll(loop, int(self._rng.integers(_LOOP_LENGTH))), _REPEATS)
