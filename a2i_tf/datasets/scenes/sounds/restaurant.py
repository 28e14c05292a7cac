"""Restaurant: grown-ups murmur, cutlery and glasses clink, and somebody plays the piano."""

from __future__ import annotations

from a2i_tf.datasets.scenes.sounds.events import sprinkle
from a2i_tf.datasets.scenes.sounds.household import cutlery, glass, plates
from a2i_tf.datasets.scenes.sounds.layers import Layers
from a2i_tf.datasets.scenes.sounds.music import piano
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, resonances
from a2i_tf.datasets.scenes.sounds.timeline import decibels, factor, tilt, to_samples
from a2i_tf.datasets.scenes.sounds.voices import babble, one
from a2i_tf.datasets.scenes.world import World


def render_restaurant(world: World, noise: NoiseSource) -> Layers:
    """Returns the sounds of a restaurant."""
    rng = world.rng("sound", "restaurant")
    activity = factor(world, "activity")
    # The nearest table keeps talking and eating; the others fill up.
    table = babble(rng, 2.0 * one(), (95.0, 230.0), (0.95, 1.18), most=2)
    subject = decibels(-4.0) * table
    subject += decibels(-7.0) * sprinkle(rng, plates(rng), 4.5 * one(), 6.0, jitter=0.4)
    guests = babble(rng, 0.2 + 5.8 * activity, (95.0, 230.0), (0.95, 1.18), most=6)
    clatter = sprinkle(rng, cutlery(rng), 0.5 + 11.0 * activity, 8.0)
    clatter += sprinkle(rng, glass(rng), 0.1 + 1.4 * activity)
    others = decibels(-6.0) * guests + decibels(-6.0) * clatter
    surroundings = others * to_samples(tilt(activity, 13.0))
    murmur = noise.shaped(resonances([500.0, 1400.0], [350.0, 500.0], [1.0, 0.4]) ** 2)
    surroundings += murmur * decibels(-42.0)
    surroundings += piano(rng) * decibels(rng.uniform(-20.0, -16.0))
    return Layers(subject, surroundings)
