"""Tones: gliding harmonic notes and struck bodies, the grains of birds, horns, bells and clinks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.events import Grain
from a2i_tf.datasets.scenes.world import SAMPLE_RATE


def glide(
    knots_hz: Sequence[float],
    seconds: float,
    harmonics: Sequence[float] = (1.0,),
    attack_seconds: float = 0.01,
    vibrato_hz: float = 0.0,
    vibrato_depth: float = 0.0,
) -> Grain:
    """Returns a note whose pitch passes evenly through `knots_hz`, float32, peak about 1.

    Args:
        knots_hz: Pitches to pass through; one alone holds the note.
        seconds: Length of the note.
        harmonics: Amplitudes of the fundamental and of the partials above it.
        attack_seconds: Time of the fade at both ends.
        vibrato_hz: Rate of the vibrato.
        vibrato_depth: Relative depth of the vibrato.
    """
    length = int(seconds * SAMPLE_RATE)
    times = np.arange(length) / SAMPLE_RATE
    pitch = np.interp(times, np.linspace(0.0, seconds, len(knots_hz)), knots_hz)
    if vibrato_depth > 0.0:
        pitch = pitch * (1.0 + vibrato_depth * np.sin(2 * np.pi * vibrato_hz * times))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    note = np.zeros(length)
    for number, amplitude in enumerate(harmonics, start=1):
        if amplitude and number * max(knots_hz) < SAMPLE_RATE / 2:
            note += amplitude * np.sin(number * phase)
    edges = np.minimum(times, seconds - times) / attack_seconds
    return (note * np.clip(edges, 0.0, 1.0) / sum(harmonics)).astype(np.float32)


def struck(
    partials_hz: Sequence[float] | NDArray[np.floating],
    decays_seconds: Sequence[float] | NDArray[np.floating],
    amplitudes: Sequence[float] | NDArray[np.floating],
    seconds: float,
) -> Grain:
    """Returns a struck body: partials that die away, float32 [seconds * SAMPLE_RATE], peak 1.

    Args:
        partials_hz: Frequencies of the modes.
        decays_seconds: Time in which each mode falls by 60 dB.
        amplitudes: Amplitude of each mode.
        seconds: Length of the grain.
    """
    times = np.arange(int(seconds * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    body = np.zeros_like(times)
    for partial, decay, amplitude in zip(partials_hz, decays_seconds, amplitudes, strict=True):
        if partial < SAMPLE_RATE / 2:
            body += (
                np.float32(amplitude)
                * np.exp(times * np.float32(-6.9 / decay))
                * np.sin(np.float32(2 * np.pi * partial) * times)
            )
    body *= np.clip((seconds - times) / 0.005, 0.0, 1.0)
    return (body / np.abs(body).max()).astype(np.float32)


def burst(
    rng: np.random.Generator, low_hz: float, high_hz: float, seconds: float, decay_seconds: float
) -> Grain:
    """Returns a burst of band-passed noise that falls by 60 dB in `decay_seconds`, peak 1."""
    length = int(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.standard_normal(length))
    frequencies_hz = np.fft.rfftfreq(length, 1.0 / SAMPLE_RATE)
    spectrum[(frequencies_hz < low_hz) | (frequencies_hz > high_hz)] = 0.0
    times = np.arange(length) / SAMPLE_RATE
    noise = np.fft.irfft(spectrum, length) * np.exp(-6.9 * times / decay_seconds)
    noise *= np.clip(times / 0.001, 0.0, 1.0) * np.clip((seconds - times) / 0.003, 0.0, 1.0)
    return (noise / np.abs(noise).max()).astype(np.float32)


def sequence(notes: Sequence[Grain], gaps_seconds: Sequence[float]) -> Grain:
    """Joins notes into a phrase, with a gap of silence after each."""
    parts: list[Grain] = []
    for note, gap in zip(notes, gaps_seconds, strict=True):
        parts += [note, np.zeros(int(gap * SAMPLE_RATE), dtype=np.float32)]
    return np.concatenate(parts)
