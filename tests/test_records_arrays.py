from pathlib import Path

import numpy as np
import pytest
from pairs_fixture import make_pairs_folder

from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets.pipeline import load_arrays
from a2i_tf.datasets.records import arrays as records_arrays
from a2i_tf.datasets.records import index as records_index
from a2i_tf.datasets.records.arrays import load_training_arrays
from a2i_tf.datasets.records.preparation import prepare_records

SCENE104 = MFCC_SETTINGS["scene104"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Eighteen pairs of six sources, for three shards of seven examples that are read in fives."""
    monkeypatch.setattr(records_index, "_SHARD_BYTES", 7 * (4 * 8 * 13 + 3 * 32 * 32))
    monkeypatch.setattr(records_arrays, "_BATCH", 5)
    return make_pairs_folder(tmp_path / "pairs", labels=("a", "b"), pairs_per_source=3)


def prepare(folder):
    records, _ = prepare_records(
        folder, SCENE104, 32, on_stage=lambda _: None, on_count=lambda *_: None
    )
    return records


def load(folder, size=32):
    """Returns the arrays, what was told, and notes."""
    told, notes = [], []
    arrays = load_training_arrays(
        folder, SCENE104, size, lambda *count: told.append(count), notes.append
    )
    return arrays, told, notes


def check(found, expected):
    assert found.pairs == expected.pairs
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_allclose(found.mfcc, expected.mfcc, atol=1e-3)
    assert found.mfcc.dtype == np.float32


def test_records_are_read_in_the_order_of_the_manifest_without_decoding(folder):
    expected = load_arrays(folder, folder.split("train"), SCENE104, 32)
    prepare(folder)
    for path in (*folder.root.rglob("*.wav"), *folder.root.rglob("*.png")):
        path.unlink()
    found, told, notes = load(folder)
    check(found, expected)
    assert notes == []
    assert sorted(told) == [("checking records", done, 3) for done in (1, 2, 3)]


@pytest.mark.parametrize("damage", ["none there", "other size", "flipped", "missing"])
def test_without_whole_records_the_files_are_decoded(folder, damage):
    size = 16 if damage == "other size" else 32
    expected = load_arrays(folder, folder.split("train"), SCENE104, size)
    if damage != "none there":
        path = Path(prepare(folder).shard_paths[1])
        contents = bytearray(path.read_bytes())
        contents[1000] ^= 1
        if damage == "flipped":
            path.write_bytes(contents)
        elif damage == "missing":
            path.unlink()
    found, _, notes = load(folder, size)
    check(found, expected)
    assert len(notes) == (damage in ("flipped", "missing"))
    assert all("1 record file damaged" in note for note in notes)
