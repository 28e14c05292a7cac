import numpy as np
import pytest
from scipy.spatial.distance import cdist

from a2i_tf.evaluation.variety import class_distances, mean_pairwise_distance, nearest_distance


def features(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_mean_pairwise_distance_by_hand():
    # A right triangle with sides 3, 4 and 5, and three times the same point.
    triangle = [[0, 0], [3, 0], [0, 4]]
    groups = np.array([triangle, np.ones((3, 2))], np.float32)
    np.testing.assert_allclose(mean_pairwise_distance(groups), [4, 0])


def test_a_group_is_measured_by_itself():
    groups = features(5, 4, 8)
    np.testing.assert_allclose(
        mean_pairwise_distance(groups)[2], mean_pairwise_distance(groups[2:3])[0]
    )


def test_one_sample_has_no_distance():
    with pytest.raises(ValueError, match="at least 2"):
        mean_pairwise_distance(features(3, 1, 8))


def test_class_distances_by_hand():
    rows = np.array([[0, 0], [3, 4], [7, 7], [1, 0], [1, 1], [1, 2]], np.float32)
    labels = np.array([0, 0, 1, 3, 3, 3])
    # Label 1 has one picture, label 2 none.
    expected = [5, np.nan, np.nan, (1 + 1 + 2) / 3]
    distances = class_distances(rows, labels, np.random.default_rng(0))
    np.testing.assert_allclose(distances, expected)


def test_large_classes_are_sampled_without_bias():
    rows, labels = features(400, 8), np.zeros(400, np.int64)
    exact = class_distances(rows, labels, np.random.default_rng(0), most=400)
    sampled = [class_distances(rows, labels, np.random.default_rng(n), most=40) for n in range(20)]
    assert len(np.unique(sampled)) == 20
    np.testing.assert_allclose(np.mean(sampled), exact[0], rtol=0.02)


def test_class_and_group_distances_agree():
    # Their ratio is the diversity: it's 1 if samples of a sound vary as the class does.
    rows = features(30, 8)
    of_class = class_distances(rows, np.zeros(30, np.int64), np.random.default_rng(0))
    np.testing.assert_allclose(mean_pairwise_distance(rows[None]), of_class)


def test_nearest_distance_equals_all_distances():
    rows, known = features(70, 8), features(600, 8, seed=1)
    nearest = nearest_distance(rows, known)
    assert nearest.dtype == np.float64
    np.testing.assert_allclose(nearest, cdist(rows, known).min(axis=1), rtol=1e-6)


def test_a_copied_picture_has_no_distance():
    # As large as a judge's features; what the copy's distance is wrong by is small against that.
    known = 5 * np.abs(features(600, 128))
    assert nearest_distance(known[::7], known).max() < 1e-4
