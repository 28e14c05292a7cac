"""Jungle: a drone of insects, monkeys and parrots; by night frogs and katydids."""

from __future__ import annotations

from a2i_tf.datasets.scenes.sounds.animals import frog, monkey, tree_frog
from a2i_tf.datasets.scenes.sounds.birds import parrot, song
from a2i_tf.datasets.scenes.sounds.events import sprinkle
from a2i_tf.datasets.scenes.sounds.insects import crickets, drone, katydid
from a2i_tf.datasets.scenes.sounds.layers import Layers
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band
from a2i_tf.datasets.scenes.sounds.timeline import decibels, factor, fader, tilt, to_samples
from a2i_tf.datasets.scenes.sounds.voices import one
from a2i_tf.datasets.scenes.world import World


def render_jungle(world: World, noise: NoiseSource) -> Layers:
    """Returns the sounds of a jungle."""
    rng = world.rng("sound", "jungle")
    activity, night = factor(world, "activity"), factor(world, "night")
    day = 1.0 - night
    monkeys = sprinkle(rng, monkey(rng), 1.1 * (day > 0))
    subject = monkeys * to_samples(decibels(-8.0) * fader(day, 20.0))
    frogs = sprinkle(rng, frog(rng), 2.5 * one())
    subject += frogs * to_samples(decibels(-7.0) * tilt(night, 6.0))
    subject += decibels(-6.0) * sprinkle(rng, katydid(rng), 3.6 * one(), 2.0, jitter=0.15)
    parrots = sprinkle(rng, parrot(rng), (0.2 + 3.0 * activity) * (day > 0))
    whistles = sprinkle(rng, song(rng), (0.1 + 1.0 * activity) * (day > 0))
    surroundings = parrots * to_samples(decibels(-18.0) * tilt(activity, 12.0) * fader(day, 26.0))
    surroundings += whistles * to_samples(decibels(-24.0) * fader(day, 26.0))
    tree_frogs = sprinkle(rng, tree_frog(rng), 1.0 + 14.0 * activity)
    surroundings += tree_frogs * to_samples(decibels(-16.0) * tilt(activity, 14.0))
    surroundings += drone(rng, noise) * to_samples(decibels(-27.0) * tilt(day, 6.0))
    surroundings += crickets(rng, 5.0) * to_samples(decibels(-18.0) * fader(night, 26.0))
    surroundings += noise.shaped(band(200.0, 1500.0, order=1)) * decibels(-46.0)
    return Layers(subject, surroundings)
