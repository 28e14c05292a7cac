import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from a2i_tf.evaluation import retrieval
from a2i_tf.evaluation.retrieval import class_ranks, pair_ranks


def features(count=40, seed=0, size=16):
    return np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)


LABELS = np.arange(40) % 3


def test_real_pictures_find_themselves():
    rows = features()
    np.testing.assert_array_equal(pair_ranks(rows, rows), 0)
    np.testing.assert_array_equal(class_ranks(rows, rows, LABELS), 0)


def test_ranks_equal_sorting():
    generated, real = features(), features(seed=1)
    order = np.argsort(-cosine_similarity(generated, real), axis=1)
    pair = [list(row).index(place) for place, row in enumerate(order)]
    same = [list(LABELS[row] == LABELS[place]).index(True) for place, row in enumerate(order)]
    np.testing.assert_array_equal(pair_ranks(generated, real), pair)
    np.testing.assert_array_equal(class_ranks(generated, real, LABELS), same)
    assert pair_ranks(generated, real).dtype == np.int64
    assert class_ranks(generated, real, LABELS).dtype == np.int64


def test_the_opposite_comes_last():
    real = np.eye(5, dtype=np.float32)
    generated = np.ones((5, 5), np.float32) - 2 * real
    np.testing.assert_array_equal(pair_ranks(generated, real), 4)


def test_lengths_dont_count():
    generated, real = features(), features(seed=1)
    scales = np.linspace(0.01, 100, 40, dtype=np.float32)[:, None]
    np.testing.assert_array_equal(
        pair_ranks(generated * scales, real * scales[::-1]), pair_ranks(generated, real)
    )


def test_saying_nothing_is_no_luck():
    # Without features all are as like; the pair stands in the middle of all 41 others.
    nothing = np.zeros((42, 16), np.float32)
    np.testing.assert_array_equal(pair_ranks(nothing, features(42)), 41 // 2)
    # 28 pictures of the other two classes, half of them before the first of the right one.
    np.testing.assert_array_equal(class_ranks(nothing, features(42), np.arange(42) % 3), 14)


def test_the_same_picture_twice_is_no_miss():
    # Directions along the axes, so that equal rows are equal to the last bit.
    real = np.repeat(np.eye(8, dtype=np.float32), 2, axis=0)
    np.testing.assert_array_equal(pair_ranks(real, real), 0)


@pytest.mark.parametrize("block", [1, 7, 40])
def test_blocks_change_nothing(block, monkeypatch):
    generated, real = features(), features(seed=1)
    expected = pair_ranks(generated, real), class_ranks(generated, real, LABELS)
    monkeypatch.setattr(retrieval, "_BLOCK", block)
    np.testing.assert_array_equal(pair_ranks(generated, real), expected[0])
    np.testing.assert_array_equal(class_ranks(generated, real, LABELS), expected[1])
