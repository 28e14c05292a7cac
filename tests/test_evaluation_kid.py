import itertools

import numpy as np
import pytest

from a2i_tf.evaluation.kid import kid


def features(count=60, shift=0.0, seed=0, size=8):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, size)) + shift).astype(np.float32)


def kernel(x, y):
    return (float(x @ y) / len(x) + 1) ** 3


def by_hand(first, second):
    def within(rows):
        return np.mean([kernel(x, y) for x, y in itertools.permutations(rows, 2)])

    between = np.mean([kernel(x, y) for x, y in itertools.product(first, second)])
    return within(first) + within(second) - 2 * between


def test_equals_brute_force():
    # Subsets as large as the sets are the sets: there is nothing to choose.
    first, second = features(20).astype(np.float64), features(20, 0.3, seed=1).astype(np.float64)
    score = kid(first, second, np.random.default_rng(0), num_subsets=3, subset_size=20)
    assert score.mean == pytest.approx(by_hand(first, second), rel=1e-9)
    assert score.spread == pytest.approx(0, abs=1e-9)


def test_subsets_are_at_most_the_smaller_set():
    first, second = features(20), features(500, seed=1)
    large = kid(first, second, np.random.default_rng(0), subset_size=1000)
    assert large == kid(first, second, np.random.default_rng(0), subset_size=20)


def test_one_distribution_gives_zero_on_average():
    scores = [
        kid(features(100, seed=2 * n), features(100, seed=2 * n + 1), np.random.default_rng(n), 20)
        for n in range(60)
    ]
    means = np.array([score.mean for score in scores])
    # An unbiased estimate falls on both sides, and its mean within a few standard errors of 0.
    assert (means < 0).any()
    assert abs(means.mean()) < 3 * means.std() / np.sqrt(len(means))


def test_grows_with_the_shift():
    rows = features(200)
    near, far = (
        kid(features(200, shift, seed=1), rows, np.random.default_rng(0)).mean
        for shift in (0.2, 1.0)
    )
    same = kid(features(200, seed=1), rows, np.random.default_rng(0))
    assert abs(same.mean) < 0.1 * near < 0.1 * far


def test_mean_pictures_are_far_from_real_ones():
    rows = features(200)
    mean = np.repeat(rows.mean(axis=0, keepdims=True), 200, axis=0)
    score = kid(mean, rows, np.random.default_rng(0))
    assert score.mean > 5 * score.spread > 0


def test_same_stream_same_subsets():
    first, second = features(200), features(200, seed=1)
    scores = [kid(first, second, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert scores[0] == scores[1]
    assert scores[0] != scores[2]
    assert scores[0].spread > 0


def test_one_picture_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        kid(features(1), features(), np.random.default_rng(0))
