"""The sound of a world: its scene, the space and weather around it, and its microphone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.beach import render_beach
from a2i_tf.datasets.scenes.sounds.city import render_city
from a2i_tf.datasets.scenes.sounds.classroom import render_classroom
from a2i_tf.datasets.scenes.sounds.football_match import render_football_match
from a2i_tf.datasets.scenes.sounds.forest import render_forest
from a2i_tf.datasets.scenes.sounds.grocery_store import render_grocery_store
from a2i_tf.datasets.scenes.sounds.jungle import render_jungle
from a2i_tf.datasets.scenes.sounds.layers import Layers
from a2i_tf.datasets.scenes.sounds.microphone import record
from a2i_tf.datasets.scenes.sounds.noise import NoiseSource
from a2i_tf.datasets.scenes.sounds.restaurant import render_restaurant
from a2i_tf.datasets.scenes.sounds.reverb import set_indoors, set_outdoors
from a2i_tf.datasets.scenes.sounds.river import render_river
from a2i_tf.datasets.scenes.sounds.weather import render_rain, render_wind
from a2i_tf.datasets.scenes.world import World

_SCENES: dict[str, Callable[[World, NoiseSource], Layers]] = {
    "beach": render_beach,
    "city": render_city,
    "classroom": render_classroom,
    "football-match": render_football_match,
    "forest": render_forest,
    "grocery-store": render_grocery_store,
    "jungle": render_jungle,
    "restaurant": render_restaurant,
    "river": render_river,
}


def render_sound(world: World) -> NDArray[np.float32]:
    """Returns the sound of a world, float32 [SECONDS * SAMPLE_RATE] in [-1, 1].

    Depends only on the world's seed and index.
    """
    noise = NoiseSource(world.rng("sound", "noise"))
    subject, surroundings = _SCENES[world.label](world, noise)
    if world.is_indoor:
        return record(world, set_indoors(world, noise, subject, surroundings))
    weather = render_rain(world, noise) + render_wind(world, noise)
    return record(world, set_outdoors(world, subject) + surroundings + weather)
