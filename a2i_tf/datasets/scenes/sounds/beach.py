"""Beach: waves swell and break, gulls cry, bathers shout; by night crickets and a bell buoy."""

from __future__ import annotations

import numpy as np

from a2i_tf.datasets.scenes.sounds.birds import gull
from a2i_tf.datasets.scenes.sounds.events import sprinkle
from a2i_tf.datasets.scenes.sounds.insects import crickets
from a2i_tf.datasets.scenes.sounds.layers import Layers
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band
from a2i_tf.datasets.scenes.sounds.timeline import decibels, factor, fader, tilt, to_samples, wander
from a2i_tf.datasets.scenes.sounds.tones import struck
from a2i_tf.datasets.scenes.sounds.voices import babble
from a2i_tf.datasets.scenes.sounds.water import surf
from a2i_tf.datasets.scenes.world import World


def render_beach(world: World, noise: NoiseSource) -> Layers:
    """Returns the sounds of a beach."""
    rng = world.rng("sound", "beach")
    activity, night = factor(world, "activity"), factor(world, "night")
    day = 1.0 - night
    waves = rng.uniform(0.9, 1.15) * (0.14 + 0.19 * activity)
    subject = surf(rng, noise, waves, tilt(activity, 4.0)) * decibels(-9.0)
    bell = struck([620.0, 1490.0, 2260.0], [1.6, 0.9, 0.5], [1.0, 0.5, 0.3], 1.5)
    buoy = sprinkle(rng, [bell], 0.15 + 0.4 * night)
    subject += buoy * to_samples(decibels(-24.0) * fader(night, 20.0))
    far_sea = noise.shaped(band(300.0, 1100.0, order=1))
    surroundings = far_sea * to_samples(decibels(-36.0) * np.exp(0.25 * wander(rng, 0.3)))
    gulls = sprinkle(rng, gull(rng), 0.1 + 1.6 * activity)
    surroundings += gulls * to_samples(decibels(-20.0) * tilt(activity, 10.0) * fader(day, 20.0))
    bathers = babble(rng, 0.2 + 4.8 * activity, (240.0, 380.0), (1.2, 1.4), most=5)
    surroundings += bathers * to_samples(decibels(-15.0) * tilt(activity, 12.0) * tilt(day, 12.0))
    # The backwash rolls pebbles, by day and by night.
    pebbles = [
        struck([pitch, 1.9 * pitch], [0.02, 0.012], [1.0, 0.5], 0.02)
        for pitch in rng.uniform(2000.0, 3200.0, 6)
    ]
    rolling = sprinkle(rng, pebbles, 3.0 + 58.0 * activity, 12.0)
    surroundings += rolling * to_samples(decibels(-10.0) * tilt(activity, 16.0))
    surroundings += crickets(rng) * to_samples(decibels(-19.0) * fader(night, 26.0))
    return Layers(subject, surroundings)
