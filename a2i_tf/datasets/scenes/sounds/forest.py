"""Forest: leaves, day birds, a woodpecker, twigs; by night owls and crickets."""

from __future__ import annotations

import numpy as np

from a2i_tf.datasets.scenes.sounds.birds import cuckoo, owl, song, trill, two_tone, woodpecker
from a2i_tf.datasets.scenes.sounds.events import Grain, sprinkle
from a2i_tf.datasets.scenes.sounds.insects import crickets
from a2i_tf.datasets.scenes.sounds.layers import Layers
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band
from a2i_tf.datasets.scenes.sounds.timeline import decibels, factor, fader, tilt, to_samples, wander
from a2i_tf.datasets.scenes.sounds.tones import burst, sequence
from a2i_tf.datasets.scenes.sounds.voices import one
from a2i_tf.datasets.scenes.world import World

_DAY_BIRDS = (song, song, trill, two_tone, cuckoo)


def _twigs(rng: np.random.Generator) -> list[Grain]:
    snaps = [burst(rng, 1500.0, 4500.0, 0.025, 0.025) for _ in range(4)]
    return [*snaps, sequence([snaps[0], snaps[1], snaps[2]], list(rng.uniform(0.02, 0.1, 3)))]


def _steps_in_leaves(rng: np.random.Generator) -> list[Grain]:
    return [burst(rng, 250.0, 3400.0, rng.uniform(0.25, 0.35), 0.5) for _ in range(5)]


def render_forest(world: World, noise: NoiseSource) -> Layers:
    """Returns the sounds of a forest."""
    rng = world.rng("sound", "forest")
    activity, night = factor(world, "activity"), factor(world, "night")
    day = 1.0 - night
    # Somebody walks through dry leaves: the one sound that is there by day and by night.
    subject = decibels(-6.0) * sprinkle(rng, _steps_in_leaves(rng), 2.6 * one(), 3.0, jitter=0.2)
    hoots = sprinkle(rng, owl(rng), 0.6 * (night > 0))
    subject += hoots * to_samples(decibels(-15.0) * fader(night, 20.0))
    songs = np.zeros_like(subject)
    for kind in rng.choice(len(_DAY_BIRDS), 4, replace=False):
        songs += sprinkle(rng, _DAY_BIRDS[kind](rng), (0.1 + 1.3 * activity) * (day > 0))
    songs += 1.3 * sprinkle(rng, woodpecker(rng), (0.05 + 0.5 * activity) * (day > 0))
    surroundings = songs * to_samples(decibels(-18.0) * tilt(activity, 12.0) * fader(day, 26.0))
    twigs = sprinkle(rng, _twigs(rng), 0.6 + 13.0 * activity)
    surroundings += twigs * to_samples(decibels(-11.0) * tilt(activity, 14.0))
    leaves = noise.shaped(band(700.0, rng.uniform(2600.0, 3600.0), order=1))
    surroundings += leaves * to_samples(decibels(-40.0) * np.exp(0.3 * wander(rng, 1.0)))
    surroundings += crickets(rng) * to_samples(decibels(-19.0) * fader(night, 26.0))
    return Layers(subject, surroundings)
