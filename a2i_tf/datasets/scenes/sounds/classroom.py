"""Classroom: children babble, a teacher talks, chalk, chairs, a clock and now and then the bell."""

from __future__ import annotations

import numpy as np

from a2i_tf.datasets.scenes.sounds.events import scatter, sprinkle
from a2i_tf.datasets.scenes.sounds.household import chair, chalk, school_bell, tick
from a2i_tf.datasets.scenes.sounds.layers import Layers
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band
from a2i_tf.datasets.scenes.sounds.timeline import decibels, factor, tilt, to_samples
from a2i_tf.datasets.scenes.sounds.voices import babble, one
from a2i_tf.datasets.scenes.world import SECONDS, World

_BELL_CHANCE = 0.5


def render_classroom(world: World, noise: NoiseSource) -> Layers:
    """Returns the sounds of a classroom."""
    rng = world.rng("sound", "classroom")
    activity = factor(world, "activity")
    teacher = babble(rng, one(), (110.0, 230.0), (1.0, 1.18), most=1)
    subject = decibels(-4.0) * teacher
    subject += decibels(-9.0) * sprinkle(rng, chalk(rng), 4.0 * one(), jitter=0.3)
    children = babble(rng, 0.2 + 6.8 * activity, (250.0, 400.0), (1.3, 1.5))
    scrapes = sprinkle(rng, chair(rng), 0.05 + 1.4 * activity)
    bustle = decibels(-5.0) * children + decibels(-16.0) * scrapes
    surroundings = bustle * to_samples(tilt(activity, 13.0))
    surroundings += decibels(-20.0) * sprinkle(rng, tick(rng), 2.0 * one(), 1.0, jitter=0.0)
    if rng.uniform() < _BELL_CHANCE:
        time = rng.uniform(0.0, SECONDS - 3.0, 1)
        surroundings += scatter([school_bell(rng)], time, np.array([decibels(-19.0)]), rng)
    surroundings += noise.shaped(band(200.0, rng.uniform(500.0, 800.0), order=1)) * decibels(-44.0)
    return Layers(subject, surroundings)
