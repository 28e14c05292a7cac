import numpy as np
import pytest

from a2i_tf.datasets.pairs import Pair
from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation import baselines
from a2i_tf.evaluation.baselines import (
    BASELINES,
    class_mean,
    mean_image,
    nearest_audio,
    random_same_class,
    real,
)


def make_arrays(count, seed, labels=3):
    rng = np.random.default_rng(seed)
    names = [f"{seed}-{row}" for row in range(count)]
    return Arrays(
        pairs=tuple(Pair(name, name, "label", 0.0, "sound", "image") for name in names),
        mfcc=rng.normal(5, 3, (count, 4, 6)).astype(np.float32),
        images=rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8),
        labels=np.arange(count) % labels,
    )


@pytest.fixture
def train():
    return make_arrays(30, seed=0)


@pytest.fixture
def test():
    return make_arrays(7, seed=1)


def draw_all(system, seed=0):
    """Draws one picture for every test item."""
    return system.draw(np.arange(7), np.random.default_rng(seed))


def test_all_draw_one_image_an_item(train, test):
    for name, make in BASELINES.items():
        system = make(train, test)
        assert system.name == name
        drawn = draw_all(system)
        assert drawn.shape == test.images.shape
        assert drawn.dtype == np.uint8


def test_all_draw_for_the_rows_that_are_asked(train, test):
    rows = np.array([5, 5, 2])
    for make in BASELINES.values():
        system = make(train, test)
        drawn = system.draw(rows, np.random.default_rng(0))
        assert drawn.shape == (3, 8, 8, 3)
        if not system.varies:
            np.testing.assert_array_equal(drawn, draw_all(system)[rows])


def test_only_random_same_class_varies(train, test):
    for name, make in BASELINES.items():
        system = make(train, test)
        repeats = np.array_equal(draw_all(system, 0), draw_all(system, 1))
        assert system.varies == (not repeats) == (name == "random_same_class")


def test_mean_image_is_the_mean(train, test):
    expected = np.round(train.images.astype(float).mean(axis=0))
    for image in draw_all(mean_image(train, test)):
        np.testing.assert_array_equal(image, expected)


def test_class_mean_is_the_mean_of_the_class(train, test):
    for image, label in zip(draw_all(class_mean(train, test)), test.labels, strict=True):
        expected = np.round(train.images[train.labels == label].astype(float).mean(axis=0))
        np.testing.assert_array_equal(image, expected)


def test_nearest_audio_finds_the_same_sound(train):
    rows = np.array([17, 3, 29, 3])
    heard = Arrays(
        tuple(train.pairs[row] for row in rows),
        train.mfcc[rows],
        np.zeros_like(train.images[rows]),
        train.labels[rows],
    )
    drawn = nearest_audio(train, heard).draw(np.arange(4), np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, train.images[rows])


@pytest.mark.parametrize("block", [7, 1_024])
def test_nearest_audio_equals_a_plain_search(train, monkeypatch, block):
    monkeypatch.setattr(baselines, "_DISTANCE_BLOCK", block)
    many = make_arrays(600, seed=2)
    frames = train.mfcc.reshape(-1, 6)
    known, heard = ((a.mfcc - frames.mean(0)) / frames.std(0) for a in (train, many))
    distances = ((heard[:, None] - known[None]) ** 2).sum(axis=(2, 3))
    expected = train.images[distances.argmin(axis=1)]
    drawn = nearest_audio(train, many).draw(np.arange(600), np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, expected)


def test_nearest_audio_isnt_ruled_by_the_loudest_coefficient():
    train, test = make_arrays(2, seed=0), make_arrays(1, seed=1)
    # The first coefficient is 1000 times as wide as the others, which agree with row 1.
    train.mfcc[0], train.mfcc[1] = 0.0, 1.0
    train.mfcc[1, :, 0] = 1000.0
    test.mfcc[0] = 1.0
    test.mfcc[0, :, 0] = 400.0
    drawn = nearest_audio(train, test).draw(np.arange(1), np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, train.images[1:])


def test_random_same_class_draws_training_images_of_the_class(train, test):
    system = random_same_class(train, test)
    np.testing.assert_array_equal(draw_all(system), draw_all(system))
    for image, label in zip(draw_all(system), test.labels, strict=True):
        same = train.images[train.labels == label]
        assert (same == image).all(axis=(1, 2, 3)).any()


def test_real_is_the_test_image(train, test):
    np.testing.assert_array_equal(draw_all(real(train, test)), test.images)


@pytest.mark.parametrize("make", [class_mean, random_same_class])
def test_a_class_without_training_images_is_refused(make, test):
    train = make_arrays(30, seed=0, labels=2)
    with pytest.raises(ValueError, match="label 2 has no training images"):
        make(train, test)
