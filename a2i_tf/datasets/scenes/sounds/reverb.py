"""Space: what distance and walls do to a sound."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band
from a2i_tf.datasets.scenes.sounds.timeline import NUM_SAMPLES, decibels, factor, tilt, to_samples
from a2i_tf.datasets.scenes.world import SAMPLE_RATE, World

_FREQUENCIES_HZ: NDArray[np.float32] = np.linspace(
    0.0, SAMPLE_RATE / 2, NUM_SAMPLES // 2 + 1, dtype=np.float32
)
# Decay times of the rooms at `room` = 0, 0.5 and 1; those between are mixed from neighbours.
ROOM_RT60_SECONDS = (0.25, 0.75, 2.2)
_OPEN_AIR_RT60_SECONDS = 1.0
_AIR_CUTOFF_HZ = 600.0
# How far the direct sound and its dull, diffuse remainder fall from nearest to farthest.
_DIRECT_RANGE_DB = 40.0
_DIFFUSE_RANGE_DB = 19.0
# Near by, the direct sound outdoes the room.
_ROOM_DIRECT_GAIN, _ROOM_DIRECT_RANGE_DB = 1.4, 38.0
_ROOM_DIFFUSE_RANGE_DB = 17.0
# A hard hall gives back more of a sound than a furnished closet.
_ROOM_GAINS = (0.35, 0.6, 1.0)
_SURROUNDINGS_DIRECT, _SURROUNDINGS_WET = np.float32(0.8), np.float32(0.6)
_AIR_DBFS, _AIR_RANGE_DB = -22.0, 26.0


def decaying_tail(rng: np.random.Generator, rt60_seconds: float) -> NDArray[np.float32]:
    """Returns a room's diffuse tail, float32 [rt60_seconds * SAMPLE_RATE], energy 1.

    White noise under an exponential decay of 60 dB; high frequencies die twice as fast, as
    air and furniture have it.
    """
    length = int(rt60_seconds * SAMPLE_RATE)
    times = np.arange(length, dtype=np.float32) / np.float32(rt60_seconds * SAMPLE_RATE)
    bright = rng.standard_normal(length, dtype=np.float32) * np.exp(-6.9 * 2.0 * times)
    dull = scipy.fft.rfft(rng.standard_normal(length, dtype=np.float32))
    dull *= band(60.0, 1500.0, 1, scipy.fft.rfftfreq(length, 1 / SAMPLE_RATE).astype(np.float32))
    tail = bright + 2.0 * scipy.fft.irfft(dull, length) * np.exp(-6.9 * times)
    return (tail / np.sqrt(np.sum(np.square(tail)))).astype(np.float32)


def _through(spectrum: NDArray[np.complex64], tail: NDArray[np.float32]) -> NDArray[np.float32]:
    # The convolution is circular: the last tail rings into the first seconds, which no one misses.
    return scipy.fft.irfft(spectrum * scipy.fft.rfft(tail, NUM_SAMPLES), NUM_SAMPLES)


def set_outdoors(world: World, subject: NDArray[np.float32]) -> NDArray[np.float32]:
    """Places a sound in the open air at the distance that `nearness` asks for.

    Near it is loud, bright and dry; far it is soft, dulled by the air and diffuse.
    """
    nearness = factor(world, "nearness")
    spectrum = scipy.fft.rfft(subject)
    spectrum *= band(30.0, _AIR_CUTOFF_HZ, 1, _FREQUENCIES_HZ)
    tail = 0.7 * decaying_tail(world.rng("sound", "air"), _OPEN_AIR_RT60_SECONDS)
    tail[0] += 0.7
    diffuse = _through(spectrum, tail)
    return subject * to_samples(tilt(nearness, _DIRECT_RANGE_DB)) + diffuse * to_samples(
        tilt(nearness, _DIFFUSE_RANGE_DB)
    )


def set_indoors(
    world: World,
    noise: NoiseSource,
    subject: NDArray[np.float32],
    surroundings: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Places a subject and its surroundings in a room.

    `room` sets the decay; `nearness` the level of the subject and its share of direct sound.
    """
    nearness, room = factor(world, "nearness"), factor(world, "room")
    rng = world.rng("sound", "room")
    excitation = subject * to_samples(tilt(nearness, _ROOM_DIFFUSE_RANGE_DB))
    spectrum = scipy.fft.rfft(excitation + surroundings * _SURROUNDINGS_WET)
    wet = np.zeros(NUM_SAMPLES, dtype=np.float32)
    for position, rt60_seconds, gain in zip(
        (0.0, 0.5, 1.0), ROOM_RT60_SECONDS, _ROOM_GAINS, strict=True
    ):
        share = np.clip(1.0 - np.abs(room - position) / 0.5, 0.0, 1.0)
        tail = decaying_tail(rng, rt60_seconds)
        wet += _through(spectrum, tail) * to_samples(gain * np.sqrt(share))
    direct = subject * to_samples(_ROOM_DIRECT_GAIN * tilt(nearness, _ROOM_DIRECT_RANGE_DB))
    # The air of a large hall is never still: its ventilation is deeper and louder.
    air = noise.shaped(band(40.0, 120.0, order=3))
    air *= to_samples(decibels(_AIR_DBFS) * tilt(room, _AIR_RANGE_DB))
    return direct + surroundings * _SURROUNDINGS_DIRECT + wet + air
