"""Sounds of the built-in scenes: same every time, well-formed, and ruled by their factors."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.noise import NoiseSource
from a2i_tf.datasets.scenes.sounds.reverb import set_indoors
from a2i_tf.datasets.scenes.sounds.soundtrack import render_sound
from a2i_tf.datasets.scenes.world import (
    CLASSES,
    INDOOR_CLASSES,
    SAMPLE_RATE,
    SECONDS,
    World,
)

OUTDOOR_CLASSES = tuple(label for label in CLASSES if label not in INDOOR_CLASSES)


class StillWorld(World):
    """A world whose factors stand still where the test wants them."""

    def __init__(self, label: str, **factors: float) -> None:
        super().__init__(index=CLASSES.index(label) + len(CLASSES), seed=7)
        self.still = {"activity": 0.5, "nearness": 0.5} | factors

    def factor_curve(self, name: str, times_seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.full(np.shape(times_seconds), self.still.get(name, 0.0))


def band_level_db(waveform: NDArray[np.float32], low_hz: float, high_hz: float) -> float:
    """Level of the median frame of 32 ms: what goes on, not the loudest bird."""
    power = np.abs(np.fft.rfft(waveform.reshape(-1, 512))) ** 2 / 512**2
    frequencies_hz = np.fft.rfftfreq(512, 1 / SAMPLE_RATE)
    chosen = (frequencies_hz >= low_hz) & (frequencies_hz < high_hz)
    return float(10 * np.log10(np.median(power[:, chosen].sum(axis=1))))


@lru_cache(maxsize=8)
def still_sound(label: str, factors: tuple[tuple[str, float], ...]) -> NDArray[np.float32]:
    return render_sound(StillWorld(label, **dict(factors)))


def level_db(label: str, low_hz: float, high_hz: float, **factors: float) -> float:
    return band_level_db(still_sound(label, tuple(factors.items())), low_hz, high_hz)


@pytest.mark.parametrize("index", range(len(CLASSES)))
def test_every_scene_renders_a_waveform(index: int) -> None:
    waveform = render_sound(World(index, seed=3))
    assert waveform.dtype == np.float32
    assert waveform.shape == (SECONDS * SAMPLE_RATE,)
    assert np.isfinite(waveform).all()
    assert np.abs(waveform).max() <= 1.0
    # Neither silence in any second, nor a square wave from the limiter.
    seconds = waveform.reshape(SECONDS, SAMPLE_RATE)
    assert seconds.std(axis=1).min() > 1e-3
    assert np.mean(np.abs(waveform) > 0.95) < 0.01


def test_same_world_sounds_the_same_whatever_came_before() -> None:
    first = render_sound(World(1, seed=5))
    np.random.seed(0)  # noqa: NPY002 - the global state must not matter
    render_sound(World(2, seed=5))
    np.testing.assert_array_equal(first, render_sound(World(1, seed=5)))


def test_other_seeds_and_indices_sound_different() -> None:
    first = render_sound(World(0, seed=5))
    assert not np.array_equal(first, render_sound(World(0, seed=6)))
    assert not np.array_equal(first, render_sound(World(len(CLASSES), seed=5)))


@pytest.mark.parametrize("label", OUTDOOR_CLASSES)
def test_rain_raises_the_highs(label: str) -> None:
    dry, pour = (level_db(label, 4000, 7000, rain=rain) for rain in (0.0, 1.0))
    assert pour > dry + 4.0


@pytest.mark.parametrize("label", OUTDOOR_CLASSES)
def test_wind_raises_the_lows(label: str) -> None:
    calm, storm = (level_db(label, 40, 200, wind=wind) for wind in (0.0, 1.0))
    assert storm > calm + 6.0


@pytest.mark.parametrize("label", OUTDOOR_CLASSES)
def test_crickets_chirp_at_night(label: str) -> None:
    day, night = (level_db(label, 4000, 4700, night=night, activity=0.0) for night in (0.0, 1.0))
    assert night > day + 3.0


@pytest.mark.parametrize("label", CLASSES)
def test_nearness_raises_the_level(label: str) -> None:
    far, middle, near = (level_db(label, 200, 4000, nearness=near) for near in (0.0, 0.5, 1.0))
    assert far < middle < near
    assert near > far + 4.0


@pytest.mark.parametrize("label", CLASSES)
def test_activity_raises_the_level_of_what_surrounds(label: str) -> None:
    quiet, busy = (level_db(label, 200, 4000, activity=act, nearness=0.0) for act in (0.0, 1.0))
    assert busy > quiet + 3.0


def test_decay_after_an_impulse_grows_with_room() -> None:
    impulse = np.zeros(SECONDS * SAMPLE_RATE, dtype=np.float32)
    impulse[2 * SAMPLE_RATE] = 1.0
    silence = NoiseSource(np.random.default_rng(0))
    decays_seconds = []
    for room in (0.0, 0.5, 1.0):
        world = StillWorld("classroom", room=room)
        nothing = np.zeros_like(impulse)
        response = set_indoors(world, silence, impulse, nothing)
        response -= set_indoors(world, NoiseSource(np.random.default_rng(0)), nothing, nothing)
        energy = np.cumsum(np.square(response[2 * SAMPLE_RATE + 1 :], dtype=np.float64)[::-1])[::-1]
        decays_seconds.append(float(np.argmax(energy < 1e-3 * energy[0])) / SAMPLE_RATE)
        silence = NoiseSource(np.random.default_rng(0))
    assert decays_seconds[0] < decays_seconds[1] < decays_seconds[2]
    assert decays_seconds[0] < 0.3
    assert decays_seconds[2] > 0.7
