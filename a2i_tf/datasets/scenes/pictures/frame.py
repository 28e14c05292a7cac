"""One picture of a world: its scene is painted, then weather and camera do their part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.pictures import (
    beach,
    city,
    classroom,
    football_match,
    forest,
    grocery_store,
    jungle,
    restaurant,
    river,
)
from a2i_tf.datasets.scenes.pictures.camera import apply_camera
from a2i_tf.datasets.scenes.pictures.canvas import Canvas
from a2i_tf.datasets.scenes.pictures.weather import apply_weather
from a2i_tf.datasets.scenes.world import IMAGE_SIZE, World

_SCENES: dict[str, Callable[[Canvas, World, float], None]] = {
    "beach": beach.draw,
    "city": city.draw,
    "classroom": classroom.draw,
    "football-match": football_match.draw,
    "forest": forest.draw,
    "grocery-store": grocery_store.draw,
    "jungle": jungle.draw,
    "restaurant": restaurant.draw,
    "river": river.draw,
}


def draw_picture(world: World, time_seconds: float) -> NDArray[np.uint8]:
    """Returns what the camera of `world` sees at one moment: uint8 [128, 128, 3].

    The same world and moment always give the same picture.
    """
    canvas = Canvas(IMAGE_SIZE)
    _SCENES[world.label](canvas, world, time_seconds)
    pixels, lights = canvas.pixels(), canvas.lights()
    if world.is_indoor:
        # Lamps burn in daylight too; what they add can't go beyond white.
        pixels = pixels + lights * (1 - pixels)
    else:
        pixels = apply_weather(pixels, world, time_seconds, lights)
    seen = apply_camera(pixels, world, time_seconds)
    return (seen * 255 + 0.5).astype(np.uint8)
