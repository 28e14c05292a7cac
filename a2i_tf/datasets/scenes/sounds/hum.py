"""Electric hum: lamps, fridges, transformers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.world import SAMPLE_RATE, SECONDS


def mains_hum(pitch_hz: float, harmonics: int) -> NDArray[np.float32]:
    """Returns a hum, float32 [NUM_SAMPLES], RMS near 0.5.

    Args:
        pitch_hz: Fundamental, a whole number of hertz: one second of it repeats.
        harmonics: Number of partials; more of them buzz.
    """
    times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    numbers = np.arange(1, harmonics + 1)[:, None]
    partials = np.sin(2 * np.pi * round(pitch_hz) * numbers * times + numbers**2) / numbers**0.8
    second = partials.sum(axis=0)
    return np.tile((0.5 * second / second.std()).astype(np.float32), SECONDS)
