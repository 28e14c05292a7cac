"""What the audio regressor reads is kept, as long as nothing changes that it depends on."""

import dataclasses

import numpy as np
import pytest
from test_evaluation_audio_regressor import NAMES, make_split

from a2i_tf.evaluation import readings_cache
from a2i_tf.evaluation.audio_regressor import read_factors_from_audio
from a2i_tf.evaluation.readings_cache import load_or_read_factors


@pytest.fixture(scope="module")
def splits():
    return [make_split("train", 8, 0), make_split("validation", 4, 1), make_split("test", 4, 2)]


@pytest.fixture
def trainings(monkeypatch):
    """Counts how often regressors are trained."""
    calls = []

    def read(*arguments):
        calls.append(arguments)
        return read_factors_from_audio(*arguments)

    monkeypatch.setattr(readings_cache, "read_factors_from_audio", read)
    return calls


def read(splits, cache, names=NAMES, on_note=None):
    train, validation, test = splits
    return load_or_read_factors(train, validation, test.mfcc, names, cache, on_note)


def with_pair(arrays, **changes):
    first, *rest = arrays.pairs
    return dataclasses.replace(arrays, pairs=(dataclasses.replace(first, **changes), *rest))


def test_kept_readings_are_used_again(splits, trainings, tmp_path):
    first, again = (read(splits, tmp_path) for _ in range(2))
    assert len(trainings) == 1
    np.testing.assert_array_equal(first, again)
    train, validation, test = splits
    np.testing.assert_array_equal(
        first, read_factors_from_audio(train, validation, test.mfcc, NAMES)
    )


def test_other_sounds_sources_factors_or_names_are_read_anew(splits, trainings, tmp_path):
    train, validation, test = splits
    louder = dataclasses.replace(test, mfcc=test.mfcc + 1)
    known = {**train.pairs[0].factors, "level": 0.123}
    others = [
        (train, validation, louder),
        (with_pair(train, source="another"), validation, test),
        (with_pair(train, factors=known), validation, test),
        (train, with_pair(validation, factors=known), test),
    ]
    for some in (splits, *others):
        read(some, tmp_path)
    read(splits, tmp_path, NAMES[:2])
    assert len(trainings) == 6
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize("damage", ["no readings", "a flipped byte", "nothing"])
def test_damaged_readings_are_replaced(splits, trainings, tmp_path, damage):
    notes = []
    whole = read(splits, tmp_path)
    (kept,) = tmp_path.glob("*/readings.npz")
    contents = bytearray(kept.read_bytes())
    contents[len(contents) // 2] ^= 0xFF
    kept.write_bytes({"no readings": b"text", "nothing": b""}.get(damage, contents))
    for _ in range(2):
        np.testing.assert_array_equal(read(splits, tmp_path, on_note=notes.append), whole)
    assert len(trainings) == 2
    assert len(notes) == 1
    assert "reading of factors from sound was damaged" in notes[0]


def test_a_folder_that_cant_be_written_costs_only_the_cache(splits, trainings, tmp_path):
    notes = []
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file where the cache should be")
    assert read(splits, in_the_way, on_note=notes.append).shape == (20, 3)
    assert len(trainings) == 1
    assert "was not kept" in notes[0]
