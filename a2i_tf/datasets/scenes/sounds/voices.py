"""Voices from formants: syllables, talkers who take breath, and crowds that chant."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.events import Grain, at, scatter, starts
from a2i_tf.datasets.scenes.sounds.noise import resonances
from a2i_tf.datasets.scenes.sounds.timeline import NUM_CONTROLS, NUM_SAMPLES, wander
from a2i_tf.datasets.scenes.world import SAMPLE_RATE

# First three formants of adult male vowels, Peterson & Barney, 1952.
_VOWELS_HZ = np.array(
    [
        (730.0, 1090.0, 2440.0),
        (270.0, 2290.0, 3010.0),
        (300.0, 870.0, 2240.0),
        (530.0, 1840.0, 2480.0),
        (570.0, 840.0, 2410.0),
        (660.0, 1720.0, 2410.0),
        (490.0, 1350.0, 1690.0),
    ]
)
_FORMANT_WIDTHS_HZ = (110.0, 150.0, 220.0)
_FORMANT_GAINS = (1.0, 0.6, 0.3)
_SYLLABLE_LENGTH = 4096
_FREQUENCIES_HZ = np.fft.rfftfreq(_SYLLABLE_LENGTH, 1 / SAMPLE_RATE).astype(np.float32)
_SYLLABLES_PER_SECOND = 4.5


def _vowel_responses(vowels_hz: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.stack(
        [
            resonances(vowel, _FORMANT_WIDTHS_HZ, _FORMANT_GAINS, _FREQUENCIES_HZ)
            for vowel in vowels_hz
        ]
    )


def syllables(
    rng: np.random.Generator, count: int, pitch_hz: float, formant_scale: float
) -> NDArray[np.float32]:
    """Returns spoken syllables of one talker, float32 [count, 4096] (a quarter second), RMS 0.25.

    Args:
        rng: Draws vowels, melody and consonants.
        count: Number of syllables.
        pitch_hz: Mean pitch of the talker.
        formant_scale: 1 for a man, about 1.17 for a woman and 1.35 for a child.
    """
    times = np.arange(_SYLLABLE_LENGTH, dtype=np.float32) / _SYLLABLE_LENGTH
    pitch = pitch_hz * np.exp(rng.normal(0.0, 0.13, (count, 1)))
    bend = rng.normal(-0.1, 0.12, (count, 1))
    seconds = _SYLLABLE_LENGTH / SAMPLE_RATE
    phase = (pitch * seconds * (times + 0.5 * bend * times**2)).astype(np.float32)
    buzz = 2.0 * (phase % 1.0) - 1.0
    consonant = rng.standard_normal((count, _SYLLABLE_LENGTH), dtype=np.float32)
    consonant *= 0.5 * (rng.uniform(size=(count, 1)) < 0.5) * np.exp(-times * 16.0)
    spectrum = scipy.fft.rfft(buzz, axis=1)
    chosen = rng.integers(len(_VOWELS_HZ), size=(2, count))
    opening, closing = (
        scipy.fft.irfft(spectrum * _vowel_responses(_VOWELS_HZ[vowels] * formant_scale), axis=1)
        for vowels in chosen
    )
    # Differencing the noise leaves its highs: a consonant hisses.
    hiss = np.diff(consonant, axis=1, prepend=0.0)
    voiced = opening * (1.0 - times) + closing * times
    lengths = rng.uniform(0.6, 1.0, (count, 1)).astype(np.float32)
    position = np.minimum(times / lengths, 1.0)
    spoken = voiced * np.maximum(np.sin(np.pi * np.sqrt(position)), 0.0) ** 1.5
    spoken *= 0.25 / np.sqrt(np.mean(np.square(spoken), axis=1, keepdims=True))
    return (spoken + 0.25 * hiss).astype(np.float32)


def babble(
    rng: np.random.Generator,
    talkers: NDArray[np.float64],
    pitches_hz: tuple[float, float],
    formant_scales: tuple[float, float],
    most: int = 7,
) -> NDArray[np.float32]:
    """Returns several people talking at once, float32 [NUM_SAMPLES].

    Args:
        rng: Draws the people and what they say.
        talkers: How many talk, [NUM_CONTROLS]; fractions are spoken softly and seldom.
        pitches_hz: Range of their pitches.
        formant_scales: Range of the size of their voices, small to large as the pitch rises.
        most: Number of different people.
    """
    track = np.zeros(NUM_SAMPLES, dtype=np.float32)
    for number in range(most):
        presence = np.clip(talkers - number, 0.0, 1.0)
        if not presence.any():
            break
        height = rng.uniform()
        voice = syllables(
            rng,
            6,
            pitches_hz[0] + height * (pitches_hz[1] - pitches_hz[0]),
            formant_scales[0] + height * (formant_scales[1] - formant_scales[0]),
        )
        breath = 1.0 / (1.0 + np.exp(-5.0 * (wander(rng, 1.0) + 1.3)))
        times = starts(
            rng, _SYLLABLES_PER_SECOND * rng.uniform(0.85, 1.2) * breath * (presence > 0)
        )
        gains = at(presence, times) * 10.0 ** (-rng.uniform(0.0, 8.0, times.size) / 20.0)
        track += scatter(voice, times, gains, rng)
    return track


def sung_notes(
    rng: np.random.Generator, pitches_hz: list[float], seconds: float, singers: int = 9
) -> list[Grain]:
    """Returns one note per pitch, sung by an untuned crowd on an open vowel, RMS about 0.25."""
    length = scipy.fft.next_fast_len(int(seconds * SAMPLE_RATE), real=True)
    times = np.arange(length) / SAMPLE_RATE
    frequencies_hz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE).astype(np.float32)
    vowel = resonances(
        [520.0, 950.0, 2500.0], [180.0, 220.0, 400.0], [1, 0.7, 0.15], frequencies_hz
    )
    edges = np.clip(np.minimum(times, times[-1] - times) / 0.06, 0.0, 1.0)
    notes = []
    for pitch in pitches_hz:
        detuned = pitch * np.exp(rng.normal(0.0, 0.012, (singers, 1)))
        phases = rng.uniform(size=(singers, 1))
        chorus = np.sum((detuned * times + phases) % 1.0 - 0.5, axis=0)
        note = scipy.fft.irfft(scipy.fft.rfft(chorus) * vowel, length) * edges
        notes.append((0.25 * note / note.std()).astype(np.float32))
    return notes


def one(presence: float = 1.0) -> NDArray[np.float64]:
    """Returns a constant number of talkers, [NUM_CONTROLS]."""
    return np.full(NUM_CONTROLS, presence)
