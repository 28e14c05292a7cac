"""Insects: chirping crickets of the night and the drone of a jungle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.events import Grain, sprinkle
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, resonances
from a2i_tf.datasets.scenes.sounds.timeline import NUM_CONTROLS, NUM_SAMPLES
from a2i_tf.datasets.scenes.sounds.tones import burst, glide, sequence
from a2i_tf.datasets.scenes.world import SAMPLE_RATE


def _chirp(pitch_hz: float, pulses: int, pulses_per_second: float) -> Grain:
    pulse = glide([pitch_hz], 0.6 / pulses_per_second, attack_seconds=0.004)
    return sequence([pulse] * pulses, [0.4 / pulses_per_second] * pulses)


def crickets(rng: np.random.Generator, chirps_hz: float = 2.8) -> NDArray[np.float32]:
    """Returns three crickets, each chirping at about `chirps_hz`, float32 [NUM_SAMPLES]."""
    track = np.zeros(NUM_SAMPLES, dtype=np.float32)
    for _ in range(3):
        chirp = _chirp(rng.uniform(4000.0, 4700.0), 3, rng.uniform(24.0, 34.0))
        rate = np.full(NUM_CONTROLS, chirps_hz * rng.uniform(0.8, 1.25))
        track += sprinkle(rng, [chirp], rate, spread_db=5.0, jitter=0.15)
    return 0.5 * track


def katydid(rng: np.random.Generator) -> list[Grain]:
    """Returns the rasp of a katydid: teeth of a comb, about 90 a second, of broad noise."""
    tooth = burst(rng, 1200.0, 3800.0, 0.008, 0.01)
    return [sequence([tooth] * teeth, [rng.uniform(0.002, 0.004)] * teeth) for teeth in (12, 15)]


def drone(rng: np.random.Generator, noise: NoiseSource) -> NDArray[np.float32]:
    """Returns cicadas: narrow bands of noise, throbbing fast, float32 [NUM_SAMPLES], RMS near 1."""
    centres = np.array([rng.uniform(2500.0, 3400.0), rng.uniform(4600.0, 6200.0)])
    buzz = noise.shaped(resonances(centres, [220.0, 350.0], [0.8, 1.0]) ** 2)
    # One second of the throb repeats: its rate is a whole number of hertz.
    times = np.arange(SAMPLE_RATE, dtype=np.float32) / SAMPLE_RATE
    rate = np.float32(rng.integers(9, 19))
    throb = 0.6 + 0.55 * np.sin(np.float32(2 * np.pi) * rate * times) ** 3
    return (buzz.reshape(-1, SAMPLE_RATE) * throb).reshape(-1)
