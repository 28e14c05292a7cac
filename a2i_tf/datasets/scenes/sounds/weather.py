"""Weather beds: rain is bright and grainy, wind is deep and slow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.events import sprinkle
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band
from a2i_tf.datasets.scenes.sounds.timeline import decibels, factor, fader, to_samples, wander
from a2i_tf.datasets.scenes.sounds.tones import struck
from a2i_tf.datasets.scenes.world import World

_RAIN_DBFS = -24.0
_WIND_DBFS = -17.0


def render_rain(world: World, noise: NoiseSource) -> NDArray[np.float32]:
    """Returns hiss above 3 kHz with sharp drops, float32 [NUM_SAMPLES]; level follows `rain`."""
    rain = factor(world, "rain")
    rng = world.rng("sound", "rain")
    hiss = noise.shaped(band(3500.0, 7800.0, order=4))
    drops = [
        struck([pitch, 1.2 * pitch], [0.012, 0.006], [1.0, 0.5], 0.012)
        for pitch in rng.uniform(4000.0, 6500.0, 8)
    ]
    level = fader(rain, 26.0) * decibels(_RAIN_DBFS)
    splashes = sprinkle(rng, drops, 70.0 * rain**1.5, spread_db=20.0, jitter=2.0)
    return hiss * to_samples(level) + splashes * to_samples(level * 5.0)


def render_wind(world: World, noise: NoiseSource) -> NDArray[np.float32]:
    """Returns gusts below 400 Hz and a rustle, float32 [NUM_SAMPLES]; level follows `wind`."""
    wind = factor(world, "wind")
    rng = world.rng("sound", "wind")
    gusts = np.exp(0.3 * wander(rng, 0.6))
    flutter = np.exp(0.25 * wander(rng, 6.0))
    level = fader(wind, 30.0) * decibels(_WIND_DBFS) * gusts
    rumble = noise.shaped(band(50.0, rng.uniform(130.0, 180.0), order=3))
    leaves = noise.shaped(band(900.0, 2500.0, order=3))
    return rumble * to_samples(level * flutter) + leaves * to_samples(level * flutter**2 * 0.06)
