"""City: engines pass, horns and sirens, steps on the pavement; by night dogs and a neon hum."""

from __future__ import annotations

from a2i_tf.datasets.scenes.sounds.animals import dog
from a2i_tf.datasets.scenes.sounds.events import sprinkle
from a2i_tf.datasets.scenes.sounds.hum import mains_hum
from a2i_tf.datasets.scenes.sounds.insects import crickets
from a2i_tf.datasets.scenes.sounds.layers import Layers
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band
from a2i_tf.datasets.scenes.sounds.timeline import decibels, factor, fader, tilt, to_samples
from a2i_tf.datasets.scenes.sounds.traffic import footsteps, horn, idling_bus, passing_engine, siren
from a2i_tf.datasets.scenes.sounds.voices import babble
from a2i_tf.datasets.scenes.world import World


def render_city(world: World, noise: NoiseSource) -> Layers:
    """Returns the sounds of a city street."""
    rng = world.rng("sound", "city")
    activity, night = factor(world, "activity"), factor(world, "night")
    bustle = 1.0 - 0.5 * night
    traffic = noise.shaped(band(200.0, rng.uniform(500.0, 900.0), order=2))
    subject = traffic * to_samples(decibels(-16.0) * tilt(1.0 - night, 6.0) * tilt(activity, 3.0))
    engines = [passing_engine(rng) for _ in range(4)]
    passes = sprinkle(rng, engines, (0.15 + 0.5 * activity) * bustle)
    sirens = sprinkle(rng, [siren(rng)], 0.02 + 0.04 * activity)
    subject += decibels(-13.0) * passes + decibels(-19.0) * sirens
    horns = sprinkle(rng, horn(rng), (0.03 + 0.7 * activity) * bustle)
    steps = sprinkle(rng, footsteps(rng), 0.8 + 11.0 * activity, jitter=0.7)
    walkers = babble(rng, 3.0 * activity * bustle, (100.0, 230.0), (1.0, 1.2), most=3)
    near_by = decibels(-22.0) * horns + decibels(-6.0) * steps + decibels(-15.0) * walkers
    surroundings = near_by * to_samples(tilt(activity, 12.0))
    barks = sprinkle(rng, dog(rng), 0.1 + 0.5 * night)
    surroundings += barks * to_samples(decibels(-26.0) * fader(night, 24.0))
    surroundings += idling_bus(rng, noise) * decibels(-33.0)
    surroundings += mains_hum(100.0, 9) * to_samples(decibels(-26.0) * fader(night, 22.0))
    surroundings += crickets(rng) * to_samples(decibels(-19.5) * fader(night, 26.0))
    return Layers(subject, surroundings)
