import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import r2_score

from a2i_tf.datasets.pairs import Pair
from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation.factor_reader import (
    KnownFactorsError,
    augment_images,
    build_factor_reader,
    train_factor_reader,
)
from a2i_tf.evaluation.factors import factor_scores, factor_targets

NAMES = ("rain", "night")


def make_pair(**factors):
    return Pair("id", "source", "label", 0.0, "sound", "image", factors)


def made_up(noise=0.1, seed=0):
    """Returns readings, targets and sources of 20 sources with 6 items; 10 sources have night."""
    rng = np.random.default_rng(seed)
    sources = np.repeat([f"s{n}" for n in range(20)], 6)
    targets = rng.random((20, 2)).repeat(6, axis=0)
    targets[60:, 1] = np.nan
    readings = np.nan_to_num(targets) + rng.normal(0, noise, targets.shape)
    return readings, targets, sources


def score(readings, targets, sources, seed=0, names=NAMES):
    return factor_scores(readings, targets, sources, np.random.default_rng(seed), names)


def test_targets_are_nan_where_a_class_has_no_such_factor():
    pairs = [make_pair(night=0.25), make_pair(rain=1.0, night=0.0), make_pair()]
    nan = np.nan
    np.testing.assert_array_equal(
        factor_targets(pairs, NAMES), [[nan, 0.25], [1.0, 0.0], [nan, nan]]
    )
    assert factor_targets([], NAMES).shape == (0, 2)
    assert factor_targets(pairs, ()).shape == (3, 0)


def test_scores_equal_scikit_learn():
    readings, targets, sources = made_up()
    scores = score(readings, targets, sources)
    expected = [
        r2_score(targets[:, 0], readings[:, 0]),
        r2_score(targets[:60, 1], readings[:60, 1]),
    ]
    assert list(scores) == ["rain", "night", "mean"]
    assert scores["rain"].mean == pytest.approx(expected[0])
    assert scores["night"].mean == pytest.approx(expected[1])
    assert scores["mean"].mean == pytest.approx(np.mean(expected))


def test_perfect_and_useless_readings():
    _, targets, sources = made_up()
    perfect = score(np.nan_to_num(targets), targets, sources)
    assert {(s.mean, s.spread) for s in perfect.values()} == {(1.0, 0.0)}
    mean = np.broadcast_to(np.nanmean(targets, axis=0), targets.shape)
    for found in score(mean, targets, sources).values():
        assert found.mean == pytest.approx(0, abs=1e-9)
    assert score(1 - np.nan_to_num(targets), targets, sources)["mean"].mean < -1


def test_spread_equals_a_bootstrap_of_whole_sources():
    readings, targets, sources = made_up(noise=0.2)
    rng = np.random.default_rng(1)
    items = {source: np.flatnonzero(sources == source) for source in np.unique(sources)}
    drawn = [
        np.concatenate([items[source] for source in rng.choice(list(items), len(items))])
        for _ in range(400)
    ]
    expected = np.std([r2_score(targets[rows, 0], readings[rows, 0]) for rows in drawn])
    # 50 resamples tell a deviation within about a tenth.
    assert score(readings, targets, sources)["rain"].spread == pytest.approx(expected, rel=0.35)


def test_items_of_one_source_are_one_observation():
    readings, targets, _ = made_up(noise=0.2)
    alone = np.array([f"item{n}" for n in range(len(readings))])
    # Errors that a source's items share make the spread by source the larger one.
    readings[:, 0] = targets[:, 0] + np.random.default_rng(2).normal(0, 0.2, 20).repeat(6)
    _, _, sources = made_up()
    by_source, by_item = (score(readings, targets, s)["rain"].spread for s in (sources, alone))
    assert by_source > 1.5 * by_item > 0


def test_what_doesnt_vary_is_left_out():
    readings, targets, sources = made_up()
    targets[:, 1] = 0.3
    scores = score(readings, targets, sources)
    assert list(scores) == ["rain", "mean"]
    assert scores["rain"] == scores["mean"]
    assert score(readings, np.full_like(targets, np.nan), sources) == {}


def test_one_source_has_no_spread():
    readings, targets, _ = made_up()
    scores = score(readings, targets, np.full(len(readings), "only"))
    assert scores["rain"].spread == 0
    assert np.isfinite(scores["rain"].mean)


def test_same_stream_same_scores():
    assert score(*made_up()) == score(*made_up())
    assert score(*made_up(), seed=1)["rain"].mean == score(*made_up())["rain"].mean


def test_factor_of_few_sources_has_a_finite_spread():
    # Some resamples hold none of the three sources: they say nothing about the factor.
    readings, targets, sources = made_up()
    targets[18:, 1] = np.nan
    scores = score(readings, targets, sources)
    assert all(np.isfinite([s.mean, s.spread]).all() for s in scores.values())


def make_split(count, seed):
    """Makes pictures of one colour and its opposite: "light" is how bright, "stripes" how many.

    Every second picture lacks "stripes", and says nothing of them.
    """
    rng = np.random.default_rng(seed)
    light, stripes = rng.random(count), rng.random(count)
    phase = np.arange(32)[None, :] + rng.integers(0, 32, (count, 1))
    wave = np.sin(2 * np.pi * phase * (1 + 5 * stripes[:, None]) / 32)
    wave[::2] = 0
    rows = 40 + 150 * light[:, None] + 30 * wave
    images = np.broadcast_to(rows[:, :, None, None], (count, 32, 32, 3)).astype(np.uint8)
    pairs = tuple(
        make_pair(light=light[n], **({"stripes": stripes[n]} if n % 2 else {}))
        for n in range(count)
    )
    return Arrays(pairs, np.zeros((count, 1, 1), np.float32), images, np.zeros(count, np.int64))


@pytest.fixture(scope="module")
def splits():
    return [make_split(count, seed) for seed, count in enumerate((200, 40, 100))]


READ = ("light", "stripes")


@pytest.fixture(scope="module")
def reader(splits):
    return train_factor_reader(*splits[:2], READ)


def test_reader_sees_brightness_and_detail(reader, splits):
    test = splits[2]
    readings = reader.read(test.images)
    assert readings.dtype == np.float32
    light, stripes = factor_targets(test.pairs, READ).T
    assert r2_score(light, readings[:, 0]) > 0.8
    assert r2_score(stripes[1::2], readings[1::2, 1]) > 0.6


def test_same_seed_same_reader(reader, splits):
    again = train_factor_reader(*splits[:2], READ)
    np.testing.assert_array_equal(again.read(splits[2].images), reader.read(splits[2].images))


def test_reader_does_without_validation(splits):
    train, validation, test = splits
    empty = Arrays((), validation.mfcc[:0], validation.images[:0], validation.labels[:0])
    readings = train_factor_reader(train, empty, READ).read(test.images)
    assert r2_score(factor_targets(test.pairs, READ)[:, 0], readings[:, 0]) > 0.8


def test_factor_that_nothing_has_leaves_finite_weights(splits):
    train = dataclasses.replace(splits[0], pairs=splits[0].pairs[:32], images=splits[0].images[:32])
    reader = train_factor_reader(train, train, ("light", "nothing"))
    assert np.isfinite(reader.read(train.images)).all()


@pytest.mark.parametrize(
    "images", [np.zeros((1, 32, 32, 3), np.float32), np.zeros((1, 64, 64, 3), np.uint8)]
)
def test_reader_refuses_wrong_images(reader, images):
    with pytest.raises(ValueError, match="images"):
        reader.read(images)


class FactorReaderPartsTest(tf.test.TestCase):
    def test_error_by_hand(self):
        truth = tf.constant([[1.0, 0.5], [np.nan, 0.5], [np.nan, np.nan]])
        said = tf.constant([[0.0, 1.5], [7.0, 0.0], [7.0, 7.0]])
        error = KnownFactorsError(np.array([1.0, 0.5], np.float32))
        self.assertAllClose(error.call(truth, said), [1 + 4, 1, 0])

    def test_unknown_factors_have_no_gradient(self):
        truth, said = tf.constant([[np.nan, 0.5]]), tf.Variable([[7.0, 0.0]])
        with tf.GradientTape() as tape:
            error = KnownFactorsError(np.ones(2, np.float32))(truth, said)
        self.assertAllClose(tape.gradient(error, said), [[0.0, -1.0]])

    def test_large_images_are_averaged_not_cropped(self):
        small = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
        large = small.repeat(2, axis=1).repeat(2, axis=2)
        self.assertAllClose(
            build_factor_reader(64, 4)(small), build_factor_reader(128, 4)(large), atol=1e-5
        )

    def test_augmentation_leaves_brightness_and_mirrors_half(self):
        images = np.zeros((400, 16, 16, 3), np.uint8)
        images[:, :, :8] = 100
        augmented = augment_images(images, np.random.default_rng(0))
        self.assertAllEqual(np.unique(augmented), [0, 100])
        self.assertAllInRange(np.mean(augmented[:, 0, 0, 0] > 0), 0.4, 0.6)
