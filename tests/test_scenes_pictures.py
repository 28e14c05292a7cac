import dataclasses

import numpy as np
import pytest

from a2i_tf.datasets.scenes.pictures.frame import draw_picture
from a2i_tf.datasets.scenes.world import (
    CLASSES,
    IMAGE_SIZE,
    INDOOR_CLASSES,
    OUTDOOR_FACTORS,
    World,
)

SEED = 7
MOMENT = 5.0
NATURE = ("beach", "forest", "jungle", "river")
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
CALM = {"activity": 0.5, "nearness": 0.5, "rain": 0.0, "wind": 0.3, "night": 0.0}
# Mean absolute difference that noise alone makes: its standard deviation is 2 of 255.
NOISE = 2.5


def world_of(label, number=3, **factors):
    """Returns a world whose factors stand still at the given values."""
    world = World(CLASSES.index(label) + number * len(CLASSES), SEED)
    drifting = world.factors_at
    world.factors_at = lambda time: dataclasses.replace(drifting(time), **factors)
    return world


def dark_fraction(picture):
    return float(np.mean(picture / 255.0 @ LUMINANCE < 0.1))


def difference(first, second):
    return float(np.abs(first.astype(np.float64) - second.astype(np.float64)).mean())


def shrunk(picture):
    """Returns the picture at the half size that models see."""
    half = IMAGE_SIZE // 2
    return picture.reshape(half, 2, half, 2, 3).mean(axis=(1, 3))


@pytest.mark.parametrize("label", CLASSES)
def test_a_picture_is_deterministic_and_of_the_promised_form(label):
    index = CLASSES.index(label)
    picture = draw_picture(World(index, SEED), MOMENT)
    assert picture.shape == (IMAGE_SIZE, IMAGE_SIZE, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, draw_picture(World(index, SEED), MOMENT))


@pytest.mark.parametrize("label", CLASSES)
def test_worlds_and_seeds_look_different(label):
    index = CLASSES.index(label)
    picture = draw_picture(World(index, SEED), MOMENT)
    assert difference(picture, draw_picture(World(index + len(CLASSES), SEED), MOMENT)) > NOISE
    assert difference(picture, draw_picture(World(index, SEED + 1), MOMENT)) > NOISE


@pytest.mark.parametrize("label", NATURE)
@pytest.mark.parametrize("number", range(3))
def test_nights_are_dark_and_days_are_not(label, number):
    night = draw_picture(world_of(label, number, **(CALM | {"night": 1.0})), MOMENT)
    day = draw_picture(world_of(label, number, **CALM), MOMENT)
    assert dark_fraction(night) > 0.5
    assert dark_fraction(day) < 0.2


@pytest.mark.parametrize("label", NATURE)
@pytest.mark.parametrize("factor", ["activity", "nearness", *OUTDOOR_FACTORS])
def test_every_factor_shows_and_shows_more_the_more_it_changes(label, factor):
    low, middle, high = (
        draw_picture(world_of(label, **(CALM | {factor: value})), MOMENT)
        for value in (0.0, 0.5, 1.0)
    )
    assert difference(low, middle) > NOISE
    assert difference(middle, high) > NOISE
    assert difference(low, high) > difference(low, middle)


@pytest.mark.parametrize("label", sorted(set(CLASSES) - INDOOR_CLASSES))
@pytest.mark.parametrize("night", [0.0, 1.0])
def test_stronger_wind_shows_by_day_and_by_night(label, night):
    calm, breeze, storm = (
        shrunk(draw_picture(world_of(label, **(CALM | {"wind": wind, "night": night})), MOMENT))
        for wind in (0.0, 0.5, 1.0)
    )
    assert difference(calm, breeze) > NOISE
    assert difference(calm, storm) > 1.2 * difference(calm, breeze)


@pytest.mark.parametrize("label", NATURE)
def test_pictures_change_smoothly_in_time(label):
    world = world_of(label, **CALM)
    picture = draw_picture(world, MOMENT)
    at_once = difference(picture, draw_picture(world, MOMENT + 0.04))
    later = difference(picture, draw_picture(world, MOMENT + 3.0))
    assert at_once < later
    assert at_once < 2 * NOISE


def test_moonlight_survives_the_grading():
    night = draw_picture(world_of("beach", 1, **(CALM | {"night": 1.0})), MOMENT)
    assert night.max() > 200
