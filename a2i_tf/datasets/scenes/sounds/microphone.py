"""The microphone of a world: what stands between the scene and the file."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.timeline import NUM_SAMPLES, decibels
from a2i_tf.datasets.scenes.world import SAMPLE_RATE, World

_BAND_CENTRES_HZ = (120.0, 400.0, 1200.0, 3000.0, 6500.0)
_COLOUR_DB = 8.0
_GAIN_DB = (-8.0, 4.0)
_FLOOR_DBFS = (-62.0, -42.0)
_LOW_CUT_HZ = (25.0, 55.0)
_HIGH_CUT_HZ = (4800.0, 7900.0)
# Up to this amplitude the limiter is a wire; above, it bends towards full scale.
_LIMITER_KNEE = 0.6


def _colouration(rng: np.random.Generator, frequencies_hz: NDArray[np.float32]) -> NDArray:
    # Most microphones are nearly flat and few are dreadful: a triangular draw.
    gains_db = rng.triangular(-_COLOUR_DB, 0.0, _COLOUR_DB, len(_BAND_CENTRES_HZ))
    knots = np.linspace(np.log(40.0), np.log(8000.0), 200)
    widths = 0.7
    weights = np.exp(-0.5 * ((knots[:, None] - np.log(_BAND_CENTRES_HZ)) / widths) ** 2)
    curve_db = weights @ gains_db / weights.sum(axis=1)
    low_cut, high_cut = rng.uniform(*_LOW_CUT_HZ), rng.uniform(*_HIGH_CUT_HZ)
    # The curve is smooth: 200 knots describe it, an array as long as the spectrum need not.
    hertz = np.exp(knots)
    curve_db -= 10 * np.log10(1 + (low_cut / hertz) ** 4) + 10 * np.log10(
        1 + (hertz / high_cut) ** 12
    )
    gain_db = rng.triangular(_GAIN_DB[0], -1.0, _GAIN_DB[1])
    return np.interp(frequencies_hz, hertz, 10 ** ((curve_db + gain_db) / 20)).astype(np.float32)


def _limit(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    loud = np.flatnonzero(np.abs(waveform) > _LIMITER_KNEE)
    room = 1.0 - _LIMITER_KNEE
    excess = np.abs(waveform[loud]) - _LIMITER_KNEE
    waveform[loud] = np.sign(waveform[loud]) * (_LIMITER_KNEE + room * np.tanh(excess / room))
    return waveform


def record(world: World, scene: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the scene as the world's own microphone hears it.

    Colours it (a smooth equalizer of up to 8 dB, a low and a high cut), sets the gain, adds
    the hiss of the preamplifier and limits softly.

    Args:
        world: Chooses the microphone.
        scene: float32 [NUM_SAMPLES], of any level.

    Returns:
        float32 [NUM_SAMPLES] in [-1, 1].
    """
    rng = world.rng("microphone")
    frequencies_hz = np.linspace(0.0, SAMPLE_RATE / 2, NUM_SAMPLES // 2 + 1, dtype=np.float32)
    spectrum = scipy.fft.rfft(scene) * _colouration(rng, frequencies_hz)
    waveform = scipy.fft.irfft(spectrum, NUM_SAMPLES)
    floor = np.float32(decibels(rng.uniform(*_FLOOR_DBFS)))
    waveform += rng.standard_normal(NUM_SAMPLES, dtype=np.float32) * floor
    return _limit(waveform)
