"""Football match: the roar of a stadium, chants, drums, applause and the referee's whistle."""

from __future__ import annotations

import numpy as np

from a2i_tf.datasets.scenes.sounds.events import Grain, sprinkle
from a2i_tf.datasets.scenes.sounds.hum import mains_hum
from a2i_tf.datasets.scenes.sounds.insects import crickets
from a2i_tf.datasets.scenes.sounds.layers import Layers
from a2i_tf.datasets.scenes.sounds.music import drum
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band, resonances
from a2i_tf.datasets.scenes.sounds.timeline import decibels, factor, fader, tilt, to_samples, wander
from a2i_tf.datasets.scenes.sounds.tones import burst, glide, sequence
from a2i_tf.datasets.scenes.sounds.voices import sung_notes
from a2i_tf.datasets.scenes.world import World

# Semitones of two well-known shapes of chant: a call of five notes, and one of seven.
_CHANTS = ((0, 0, 4, 2, 0), (7, 5, 4, 2, 4, 2, 0))


def _whistles(rng: np.random.Generator) -> list[Grain]:
    pitch = rng.uniform(2700.0, 3500.0)
    # The pea in the whistle makes it trill.
    blasts = [glide([pitch], seconds, (1.0, 0.2), 0.02, 32.0, 0.03) for seconds in (0.25, 0.7)]
    return [blasts[0], sequence([blasts[0], blasts[1]], [0.1, 0.1])]


def _chants(rng: np.random.Generator) -> list[Grain]:
    key_hz = rng.uniform(150.0, 210.0)
    tune = _CHANTS[int(rng.integers(len(_CHANTS)))]
    pitches = [key_hz * 2 ** (step / 12) for step in tune]
    notes = sung_notes(rng, pitches, rng.uniform(0.32, 0.5))
    return [sequence(notes, [0.03] * len(notes))]


def render_football_match(world: World, noise: NoiseSource) -> Layers:
    """Returns the sounds of a football match."""
    rng = world.rng("sound", "football")
    activity, night = factor(world, "activity"), factor(world, "night")
    throats = resonances(
        [rng.uniform(480, 640), rng.uniform(950, 1250), 2500.0],
        [260.0, 400.0, 900.0],
        [1.0, 0.8, 0.12],
    )
    crowd = noise.shaped(throats**2 * band(300.0, 8000.0, order=3))
    swell = np.exp(0.12 * wander(rng, 0.4)) * tilt(1.0 - night, 5.0) * tilt(activity, 3.0)
    subject = crowd * to_samples(decibels(-15.5) * swell)
    subject += decibels(-12.0) * sprinkle(rng, _chants(rng), 0.15 + 0.3 * activity, 3.0)
    claps = [burst(rng, 900.0, 3600.0, 0.03, 0.05) for _ in range(8)]
    applause = decibels(-10.0) * sprinkle(rng, claps, 2.0 + 48.0 * activity, 12.0, jitter=2.0)
    beat = rng.uniform(0.9, 1.2) * (0.8 + 3.2 * activity)
    applause += decibels(-16.0) * sprinkle(rng, drum(rng), beat, 5.0, jitter=0.05)
    applause += decibels(-24.0) * sprinkle(rng, _whistles(rng), 0.08 + 0.5 * activity)
    surroundings = applause * to_samples(tilt(activity, 13.0))
    surroundings += crowd * decibels(-37.0)
    surroundings += mains_hum(100.0, 12) * to_samples(decibels(-25.0) * fader(night, 22.0))
    surroundings += crickets(rng) * to_samples(decibels(-19.5) * fader(night, 26.0))
    return Layers(subject, surroundings)
