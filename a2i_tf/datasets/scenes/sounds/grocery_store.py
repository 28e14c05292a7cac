"""Grocery store: scanners beep, trolleys rattle, fridges hum and a voice mumbles from above."""

from __future__ import annotations

import numpy as np
import scipy.signal

from a2i_tf.datasets.scenes.sounds.events import sprinkle
from a2i_tf.datasets.scenes.sounds.household import scanner_beep, trolley
from a2i_tf.datasets.scenes.sounds.hum import mains_hum
from a2i_tf.datasets.scenes.sounds.layers import Layers
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource, band
from a2i_tf.datasets.scenes.sounds.timeline import decibels, factor, tilt, to_samples, wander
from a2i_tf.datasets.scenes.sounds.tones import burst
from a2i_tf.datasets.scenes.sounds.voices import babble, one
from a2i_tf.datasets.scenes.world import SAMPLE_RATE, World


def render_grocery_store(world: World, noise: NoiseSource) -> Layers:
    """Returns the sounds of a grocery store."""
    rng = world.rng("sound", "grocery")
    activity = factor(world, "activity")
    beeps = [scanner_beep(rng), scanner_beep(rng)]
    subject = decibels(-11.0) * sprinkle(rng, beeps, 2.0 * one(), jitter=0.4)
    cashier = babble(rng, one(), (110.0, 240.0), (1.0, 1.2), most=1)
    bags = [burst(rng, 1500.0, 6500.0, seconds, 1.0) for seconds in rng.uniform(0.1, 0.3, 4)]
    subject += decibels(-6.0) * cashier
    subject += decibels(-13.0) * sprinkle(rng, bags, 3.0 * one(), jitter=0.5)
    rattles = sprinkle(rng, trolley(rng), 0.4 + 4.0 * activity, 8.0)
    shoppers = babble(rng, 3.4 * activity, (110.0, 240.0), (1.0, 1.2), most=4)
    surroundings = decibels(-5.0) * rattles + decibels(-9.0) * shoppers
    surroundings *= to_samples(tilt(activity, 15.0))
    speaker = scipy.signal.butter(2, (400.0, 1800.0), "bandpass", fs=SAMPLE_RATE, output="sos")
    voice = babble(rng, one(), (180.0, 230.0), (1.1, 1.2), most=1)
    announcing = 1.0 / (1.0 + np.exp(-8.0 * (wander(rng, 0.12) - 0.3)))
    surroundings += scipy.signal.sosfilt(speaker, voice).astype(np.float32) * to_samples(
        decibels(-17.0) * announcing
    )
    fridge = mains_hum(float(rng.choice([200.0, 240.0])), 5)
    surroundings += fridge * decibels(rng.uniform(-31.0, -26.0))
    surroundings += noise.shaped(band(250.0, rng.uniform(600.0, 900.0), order=1)) * decibels(-42.0)
    return Layers(subject, surroundings)
