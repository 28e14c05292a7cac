"""What a judge sees in the training pictures is kept, for this judge and these pictures."""

import dataclasses

import numpy as np
import pytest
from pairs_fixture import make_pairs_folder
from test_evaluation_audio_regressor import make_split

from a2i_tf.evaluation.features_cache import load_or_see_features
from a2i_tf.evaluation.judge import Judge, build_judge


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "pairs"
    return make_pairs_folder(root, labels=("a",), pairs_per_source=1)


@pytest.fixture(scope="module")
def train():
    train = make_split("train", 8, 0)
    pixels = np.random.default_rng(0).integers(0, 256, (len(train.pairs), 32, 32, 3), np.uint8)
    return dataclasses.replace(train, images=pixels)


@pytest.fixture(scope="module")
def judge():
    return Judge(build_judge(32, 2))


class Counting(Judge):
    """Counts how often pictures are looked at."""

    looks = 0

    def features(self, images):
        Counting.looks += 1
        return super().features(images)


@pytest.fixture
def counting(judge, monkeypatch):
    monkeypatch.setattr(Counting, "looks", 0)
    return Counting(judge.network)


def test_kept_features_are_those_of_the_judge(folder, train, counting, tmp_path):
    first, again = (load_or_see_features(folder, train, counting, tmp_path) for _ in range(2))
    assert Counting.looks == 1
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, counting.features(train.images))


def test_another_judge_dataset_or_choice_of_pairs_is_seen_anew(folder, train, counting, tmp_path):
    fewer = dataclasses.replace(train, pairs=train.pairs[1:], images=train.images[1:])
    info = dataclasses.replace(folder.info, checksum="0" * 64)
    seen = [
        load_or_see_features(folder, train, counting, tmp_path),
        load_or_see_features(folder, fewer, counting, tmp_path),
        load_or_see_features(dataclasses.replace(folder, info=info), train, counting, tmp_path),
        load_or_see_features(folder, train, Counting(build_judge(32, 2, seed=1)), tmp_path),
    ]
    assert Counting.looks == 4
    assert len(seen[1]) == len(train.pairs) - 1
    assert not np.allclose(seen[3], seen[0])


def test_damaged_features_are_seen_anew(folder, train, counting, tmp_path):
    whole, notes = load_or_see_features(folder, train, counting, tmp_path), []
    (kept,) = tmp_path.glob("*/features.npz")
    contents = bytearray(kept.read_bytes())
    contents[len(contents) // 2] ^= 0xFF
    kept.write_bytes(contents)
    for _ in range(2):
        again = load_or_see_features(folder, train, counting, tmp_path, notes.append)
        np.testing.assert_array_equal(again, whole)
    assert Counting.looks == 2
    assert len(notes) == 1
    assert "the kept view of the training pictures was damaged" in notes[0]
