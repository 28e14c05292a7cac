"""The clock of a soundtrack: samples, the slower control rate, and curves between the two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.world import SAMPLE_RATE, SECONDS, World

NUM_SAMPLES = SECONDS * SAMPLE_RATE
# Envelopes move slowly: drawing them at 50 Hz and interpolating costs a hundredth of the work.
CONTROL_RATE = 50
BLOCK_LENGTH = SAMPLE_RATE // CONTROL_RATE
NUM_CONTROLS = SECONDS * CONTROL_RATE + 1
CONTROL_TIMES: NDArray[np.float64] = np.arange(NUM_CONTROLS) / CONTROL_RATE

_RAMP = (np.arange(BLOCK_LENGTH, dtype=np.float32) / BLOCK_LENGTH)[None, :]


def factor(world: World, name: str) -> NDArray[np.float64]:
    """Returns a factor of the world at the control rate, float64 [NUM_CONTROLS] in [0, 1]."""
    return world.factor_curve(name, CONTROL_TIMES)


def to_samples(controls: NDArray[np.floating]) -> NDArray[np.float32]:
    """Interpolates [NUM_CONTROLS] linearly to float32 [NUM_SAMPLES]."""
    knots = np.asarray(controls, dtype=np.float32)[:, None]
    return (knots[:-1] + (knots[1:] - knots[:-1]) * _RAMP).reshape(-1)


def decibels(level_db: float) -> float:
    """Returns the amplitude of a level in dB relative to full scale."""
    return float(10.0 ** (level_db / 20.0))


def fader(position: NDArray[np.floating], range_db: float) -> NDArray[np.float64]:
    """Returns the gain of a fader at positions in [0, 1]: from silence to 1.

    Between 0.05 and 1 the gain is linear in dB over `range_db`, as an ear (and a log-mel
    spectrogram) hears it; below, it runs into silence.
    """
    position = np.asarray(position, dtype=np.float64)
    return 10.0 ** (range_db * (position - 1.0) / 20.0) * np.clip(position / 0.05, 0.0, 1.0)


def tilt(position: NDArray[np.floating], range_db: float) -> NDArray[np.float64]:
    """Returns a gain linear in dB, from `-range_db` at position 0 to 0 dB at position 1."""
    return 10.0 ** (range_db * (np.asarray(position, dtype=np.float64) - 1.0) / 20.0)


def wander(rng: np.random.Generator, cutoff_hz: float) -> NDArray[np.float64]:
    """Returns a smooth random curve [NUM_CONTROLS], zero mean, unit variance, below `cutoff_hz`."""
    spectrum = np.fft.rfft(rng.standard_normal(NUM_CONTROLS))
    frequencies_hz = np.fft.rfftfreq(NUM_CONTROLS, 1.0 / CONTROL_RATE)
    curve = np.fft.irfft(spectrum * np.exp(-((frequencies_hz / cutoff_hz) ** 2)), NUM_CONTROLS)
    curve -= curve.mean()
    return curve / curve.std()
