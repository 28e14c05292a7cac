"""River: water runs and bubbles, a few birds; by night frogs and crickets."""

from __future__ import annotations

from a2i_tf.datasets.scenes.sounds.animals import frog
from a2i_tf.datasets.scenes.sounds.birds import song
from a2i_tf.datasets.scenes.sounds.events import sprinkle
from a2i_tf.datasets.scenes.sounds.insects import crickets
from a2i_tf.datasets.scenes.sounds.layers import Layers
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource
from a2i_tf.datasets.scenes.sounds.timeline import decibels, factor, fader, tilt, to_samples
from a2i_tf.datasets.scenes.sounds.water import bubbles, stream
from a2i_tf.datasets.scenes.world import World


def render_river(world: World, noise: NoiseSource) -> Layers:
    """Returns the sounds of a river."""
    rng = world.rng("sound", "river")
    activity, night = factor(world, "activity"), factor(world, "night")
    day = 1.0 - night
    rush = stream(rng, noise)
    subject = rush * to_samples(decibels(-17.0) * tilt(activity, 4.0))
    birds = sprinkle(rng, song(rng), 0.3 * (day > 0))
    subject += birds * to_samples(decibels(-22.0) * fader(day, 26.0))
    gurgles = sprinkle(rng, bubbles(rng), 6.0 + 75.0 * activity, 15.0)
    surroundings = gurgles * to_samples(decibels(-11.0) * tilt(activity, 14.0))
    surroundings += rush * decibels(-38.0)
    frogs = sprinkle(rng, frog(rng), 0.8 * (night > 0))
    surroundings += frogs * to_samples(decibels(-24.0) * fader(night, 22.0))
    surroundings += crickets(rng) * to_samples(decibels(-19.0) * fader(night, 26.0))
    return Layers(subject, surroundings)
