import dataclasses

import numpy as np
import pytest
from sklearn.metrics import r2_score

from a2i_tf.datasets.pairs import Pair
from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation import audio_regressor
from a2i_tf.evaluation.audio_regressor import read_factors_from_audio, summarize
from a2i_tf.evaluation.factors import factor_targets

NAMES = ("level", "wobble", "unheard")


def make_split(name, num_sources, seed):
    """Makes sounds whose coefficient 0 has a level and coefficient 1 a deviation.

    "wobble" belongs to every second source, and nothing tells of "unheard".
    """
    rng = np.random.default_rng(seed)
    pairs, mfcc = [], []
    for source in range(num_sources):
        for item in range(5):
            level, wobble, unheard = rng.random(3)
            sound = rng.normal(size=(30, 4))
            sound[:, 0] += 10 * level
            sound[:, 1] *= 1 + 5 * wobble
            factors = {"level": level, "unheard": unheard}
            factors |= {"wobble": wobble} if source % 2 else {}
            pairs.append(Pair(f"{source}-{item}", f"{name}{source}", "a", 0.0, "", "", factors))
            mfcc.append(sound)
    count = len(pairs)
    images = np.zeros((count, 32, 32, 3), np.uint8)
    return Arrays(tuple(pairs), np.float32(mfcc), images, np.zeros(count, np.int64))


def without_rows(arrays):
    return Arrays((), arrays.mfcc[:0], arrays.images[:0], arrays.labels[:0])


@pytest.fixture(scope="module")
def splits():
    return [make_split("train", 40, 0), make_split("validation", 10, 1), make_split("test", 20, 2)]


def scores(readings, test):
    targets = factor_targets(test.pairs, NAMES)
    has = np.isfinite(targets)
    return [r2_score(targets[h, k], readings[h, k]) for k, h in enumerate(has.T)]


def test_what_can_be_heard_is_read(splits):
    train, validation, test = splits
    readings = read_factors_from_audio(train, validation, test.mfcc, NAMES)
    assert readings.dtype == np.float64
    assert readings.shape == (100, 3)
    level, wobble, unheard = scores(readings, test)
    assert level > 0.95
    assert wobble > 0.8
    assert unheard < 0.2


def test_without_validation_it_chooses_over_training_sources(splits):
    train, validation, test = splits
    readings = read_factors_from_audio(train, without_rows(validation), test.mfcc, NAMES)
    level, wobble, _ = scores(readings, test)
    assert level > 0.95
    assert wobble > 0.8
    # What never varies tells as little.
    pairs = tuple(
        dataclasses.replace(pair, factors=dict.fromkeys(pair.factors, 0.5))
        for pair in validation.pairs
    )
    steady = dataclasses.replace(validation, pairs=pairs)
    np.testing.assert_array_equal(
        read_factors_from_audio(train, steady, test.mfcc, NAMES), readings
    )


def test_the_choice_is_that_of_the_validation_split(splits):
    train, validation, test = splits
    candidates = [
        candidate.fit(summarize(train.mfcc), factor_targets(train.pairs, NAMES)[:, 0])
        for candidate in audio_regressor._candidates(36, seed=0)
    ]
    # Whatever a candidate says of the validation sounds is made the truth: then it must be chosen.
    for candidate in candidates:
        said = candidate.predict(summarize(validation.mfcc)).clip(0, 1)
        pairs = tuple(
            dataclasses.replace(pair, factors={"level": value})
            for pair, value in zip(validation.pairs, said, strict=True)
        )
        told = dataclasses.replace(validation, pairs=pairs)
        readings = read_factors_from_audio(train, told, test.mfcc, NAMES[:1])
        expected = candidate.predict(summarize(test.mfcc)).clip(0, 1)
        np.testing.assert_allclose(readings[:, 0], expected)


def test_readings_are_factors(splits):
    train, validation, test = splits
    loud = test.mfcc + np.float32([20, 0, 0, 0])
    readings = read_factors_from_audio(train, validation, loud, NAMES[:1])
    assert readings.min() >= 0
    assert readings.max() == 1


def test_same_seed_same_readings(splits, monkeypatch):
    train, validation, test = splits
    monkeypatch.setattr(audio_regressor, "_MOST_ROWS", 50)
    first, again, other = (
        read_factors_from_audio(train, validation, test.mfcc, NAMES[:1], seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert scores(np.repeat(first, 3, axis=1), test)[0] > 0.9


def test_unknown_factor_isnt_read(splits):
    train, validation, test = splits
    readings = read_factors_from_audio(train, validation, test.mfcc, ("nothing", "level"))
    assert np.isnan(readings[:, 0]).all()
    assert np.isfinite(readings[:, 1]).all()


def test_one_source_is_enough(splits):
    train, validation, test = splits
    one = Arrays(train.pairs[:5], train.mfcc[:5], train.images[:5], train.labels[:5])
    readings = read_factors_from_audio(one, without_rows(validation), test.mfcc, NAMES[:1])
    assert np.isfinite(readings).all()


def test_summary_by_hand():
    ramp = np.arange(5, dtype=np.float32).reshape(1, 5, 1)
    expected = [2, np.sqrt(2), 0.2, 1, 2, 3, 3.8, 0, 1]
    np.testing.assert_allclose(summarize(ramp)[0], expected, rtol=1e-6)


def test_summary_keeps_coefficients_apart():
    mfcc = np.random.default_rng(0).normal(size=(2, 30, 3)).astype(np.float32)
    alone = summarize(mfcc[:, :, 1:2])
    np.testing.assert_allclose(summarize(mfcc)[:, 1::3], alone)
