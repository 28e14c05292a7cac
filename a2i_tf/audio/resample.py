"""Changing a waveform's sample rate, without TensorFlow."""

from __future__ import annotations

import math

import numpy as np
import scipy.signal
from numpy.typing import NDArray


def resample(waveform: NDArray[np.float32], rate: int, target_rate: int) -> NDArray[np.float32]:
    """Resamples by a polyphase low-pass filter, `scipy.signal.resample_poly`'s default.

    Args:
        waveform: float32 [num_samples].
        rate: Its sample rate in Hz, above 0.
        target_rate: The rate wanted in Hz, above 0.

    Returns:
        float32 [ceil(num_samples * target_rate / rate)]; the same array if the rates are equal.

    Raises:
        ValueError: if a rate isn't above 0.
    """
    if rate < 1 or target_rate < 1:
        raise ValueError(f"sample rates must be above 0, not {rate} and {target_rate}")
    if rate == target_rate:
        return waveform
    divisor = math.gcd(rate, target_rate)
    resampled = scipy.signal.resample_poly(waveform, target_rate // divisor, rate // divisor)
    return resampled.astype(np.float32, copy=False)
