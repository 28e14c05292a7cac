"""The constant matrices of the MFCC front end, in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mel_filter_bank(
    style: str,
    *,
    sample_rate: int,
    fft_length: int,
    num_mel_bins: int,
    low_hz: float,
    high_hz: float,
) -> NDArray[np.float32]:
    """Returns the matrix that turns a power spectrum into mel power.

    Args:
        style: "slaney" or "psf"; see `slaney_filter_bank` and `psf_filter_bank`.
        sample_rate: In Hz.
        fft_length: Points of the Fourier transform, even.
        num_mel_bins: Number of filters.
        low_hz: Lower edge of the lowest filter.
        high_hz: Upper edge of the highest filter, at most half the sample rate.

    Returns:
        float32 [fft_length // 2 + 1, num_mel_bins], all values at least 0.
    """
    build = {"slaney": slaney_filter_bank, "psf": psf_filter_bank}[style]
    return build(sample_rate, fft_length, num_mel_bins, low_hz, high_hz)


def slaney_filter_bank(
    sample_rate: int, fft_length: int, num_mel_bins: int, low_hz: float, high_hz: float
) -> NDArray[np.float32]:
    """Triangles drawn in Hz, each of area 1, as `librosa.filters.mel` draws them by default.

    Source: M. Slaney, Auditory Toolbox, Interval Research technical report 1998-010.
    """
    low_mel, high_mel = _slaney_mel(np.array([low_hz, high_hz]))
    edges_hz = _slaney_hz(np.linspace(low_mel, high_mel, num_mel_bins + 2))
    bins_hz = np.linspace(0.0, sample_rate / 2, fft_length // 2 + 1)[:, np.newaxis]
    lower, centre, upper = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising = (bins_hz - lower) / (centre - lower)
    falling = (upper - bins_hz) / (upper - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (upper - lower)).astype(np.float32)


def psf_filter_bank(
    sample_rate: int, fft_length: int, num_mel_bins: int, low_hz: float, high_hz: float
) -> NDArray[np.float32]:
    """Triangles of height 1 between whole bins, as python_speech_features draws them.

    The edges, equally spaced on the HTK mel scale, are floored to bins of the transform.

    Source: `python_speech_features.base.get_filterbanks`, version 0.6.
    """
    low_mel, high_mel = 2595.0 * np.log10(1.0 + np.array([low_hz, high_hz]) / 700.0)
    edges_hz = 700.0 * (10.0 ** (np.linspace(low_mel, high_mel, num_mel_bins + 2) / 2595.0) - 1.0)
    edges = np.floor((fft_length + 1) * edges_hz / sample_rate).astype(int)
    bank = np.zeros((fft_length // 2 + 1, num_mel_bins), np.float32)
    for index, (lower, centre, upper) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        bank[lower:centre, index] = np.arange(centre - lower) / max(centre - lower, 1)
        bank[centre:upper, index] = 1.0 - np.arange(upper - centre) / max(upper - centre, 1)
    return bank


def cepstral_matrix(num_mel_bins: int, num_mfccs: int, lifter: int) -> NDArray[np.float32]:
    """Returns the orthonormal DCT-II with the lifter folded in.

    Coefficient n is weighted by 1 + (L / 2) sin(pi n / L) for a lifter of length L, after
    equation 5.12 of the HTK Book 3.4.

    Args:
        num_mel_bins: Length of the log mel spectrum.
        num_mfccs: Coefficients kept.
        lifter: Length of the sinusoidal lifter; 0 for none.

    Returns:
        float32 [num_mel_bins, num_mfccs].
    """
    orders = np.arange(num_mfccs)
    points = (np.arange(num_mel_bins) + 0.5)[:, np.newaxis]
    matrix = np.sqrt(2.0 / num_mel_bins) * np.cos(np.pi / num_mel_bins * points * orders)
    matrix[:, 0] /= np.sqrt(2.0)
    if lifter:
        matrix *= 1.0 + lifter / 2.0 * np.sin(np.pi * orders / lifter)
    return matrix.astype(np.float32)


def hann_window(length: int) -> NDArray[np.float32]:
    """Returns the periodic Hann window, as `scipy.signal.get_window("hann", length)` does."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)).astype(np.float32)


# Slaney's scale is linear below 1 kHz (15 mels) and logarithmic above (27 mels to 6.4 kHz).
_LINEAR_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1_000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def _slaney_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _LINEAR_HZ_PER_MEL, above)


def _slaney_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ_PER_MEL, above)
