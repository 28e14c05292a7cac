import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from pairs_fixture import make_pairs_folder

from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets.manifest import read_pairs, write_pairs
from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.datasets.pipeline import load_arrays
from a2i_tf.datasets.records import index as records_index
from a2i_tf.datasets.records.batches import make_training_batches
from a2i_tf.datasets.records.preparation import prepare_records
from a2i_tf.datasets.statistics import measure_statistics
from a2i_tf.errors import A2IError

SCENE104 = MFCC_SETTINGS["scene104"]
WRITING = "writing records"


@pytest.fixture
def folder(tmp_path) -> PairsFolder:
    return make_pairs_folder(tmp_path / "pairs", labels=("a", "b"), pairs_per_source=3)


@pytest.fixture
def small_shards(monkeypatch):
    """Seven examples a shard, so that a few pairs make several, and a rest."""
    example = 4 * 8 * 13 + 3 * 32 * 32
    monkeypatch.setattr(records_index, "_SHARD_BYTES", 7 * example)


def prepare(folder, place=None, size=32, mfcc=SCENE104, skip_bad=False):
    """Returns (records, stages that were told, bad pairs)."""
    stages: list[str] = []
    records, bad = prepare_records(
        folder,
        mfcc,
        size,
        place=place,
        skip_bad=skip_bad,
        on_stage=stages.append,
        on_count=lambda *_: None,
    )
    return records, stages, bad


def read_examples(records):
    """Returns all examples of an epoch: mfcc and images, uint8."""
    batches = make_training_batches(records, 1, seed=0).take(records.index.num_examples)
    rows = list(batches.as_numpy_iterator())
    images = np.concatenate([images for _, images in rows])
    return np.concatenate([mfcc for mfcc, _ in rows]), np.rint((images + 1) * 127.5).astype(int)


def sorted_rows(mfcc, images):
    order = np.argsort([row.tobytes() for row in images.astype(np.uint8)])
    return mfcc[order], images[order]


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("place", [None, "ram://records/of/mine"])
def test_records_hold_the_training_split_and_its_statistics(folder, place):
    records, stages, bad = prepare(folder, place)
    assert (stages, bad) == (["checking the dataset", WRITING], [])
    parent = place or str(folder.root / ".records")
    assert records.path == f"{parent}/{records.index.config.key}"
    names = set(tf.io.gfile.listdir(records.path))
    assert names == {"index.json", *records.index.shards}
    assert len(records.index.shards) == 3
    expected = load_arrays(folder, folder.split("train"), SCENE104, 32)
    assert records.index.num_examples == len(expected.pairs) == 18
    mfcc, images = sorted_rows(*read_examples(records))
    expected_mfcc, expected_images = sorted_rows(expected.mfcc, expected.images)
    np.testing.assert_array_equal(images, expected_images)
    np.testing.assert_allclose(mfcc, expected_mfcc, atol=1e-3)
    statistics = measure_statistics(expected.mfcc)
    np.testing.assert_allclose(records.index.statistics.mean, statistics.mean, rtol=1e-4)
    np.testing.assert_allclose(records.index.statistics.variance, statistics.variance, rtol=1e-3)
    in_windows = np.var(expected.mfcc, axis=1).mean(axis=0)
    np.testing.assert_allclose(records.index.statistics.variance_in_windows, in_windows, rtol=1e-3)


@pytest.mark.usefixtures("small_shards")
def test_shards_mix_what_lies_together(folder):
    records, _, _ = prepare(folder)
    expected = load_arrays(folder, folder.split("train"), SCENE104, 32)
    written = []
    for path in records.shard_paths:
        for row in tf.data.TFRecordDataset(path).as_numpy_iterator():
            example = tf.train.Example.FromString(row)
            written.append(example.features.feature["image"].bytes_list.value[0])
    order = [written.index(image.tobytes()) for image in expected.images]
    assert sorted(order) == list(range(18))
    assert order != sorted(order)


def test_second_time_reads_what_is_there(folder):
    records, _, _ = prepare(folder)
    stamps = {path: Path(path).stat().st_mtime_ns for path in records.shard_paths}
    # Whole records do without the dataset's files.
    for pair in folder.split("train"):
        (folder.root / pair.image).unlink()
    again, stages, bad = prepare(folder)
    assert (again, stages, bad) == (records, [], [])
    assert {path: Path(path).stat().st_mtime_ns for path in again.shard_paths} == stamps


def test_another_configuration_has_records_of_its_own(folder):
    paths = {prepare(folder)[0].path, prepare(folder, size=16)[0].path}
    info = dataclasses.replace(folder.info, checksum="other")
    paths.add(prepare(PairsFolder(folder.root, info, folder.pairs))[0].path)
    lifted = dataclasses.replace(SCENE104, lifter=20)
    paths.add(prepare(folder, mfcc=lifted)[0].path)
    # Rows that are deleted by hand leave the dataset's checksum as it is.
    fewer = PairsFolder(folder.root, folder.info, folder.split("train")[1:])
    paths.add(prepare(fewer)[0].path)
    assert len(paths) == 5
    for records, stages, _ in (prepare(folder), prepare(folder, size=16), prepare(fewer)):
        assert stages == []
        assert records.path in paths


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_damaged_shard_is_written_again_and_no_other(folder, damage):
    records, _, _ = prepare(folder)
    before = sorted_rows(*read_examples(records))
    path, other, last = (Path(path) for path in records.shard_paths)
    contents = bytearray(path.read_bytes())
    contents[1000] ^= 1
    if damage == "flip":
        path.write_bytes(contents)
    elif damage == "cut":
        path.write_bytes(contents[:-1])
    else:
        path.unlink()
    last.unlink()
    stamp = other.stat().st_mtime_ns
    mended, stages, _ = prepare(folder)
    assert "is damaged: writing 2 of 3 record files again" in stages[-1]
    assert other.stat().st_mtime_ns == stamp
    after = sorted_rows(*read_examples(mended))
    np.testing.assert_array_equal(after[1], before[1])
    np.testing.assert_allclose(after[0], before[0], atol=1e-3)
    assert prepare(folder)[1] == []


@pytest.mark.parametrize("contents", [None, "", "{", "[]", '{"config": 1}', '"text"'])
def test_records_without_a_whole_index_are_written_anew(folder, contents):
    records, _, _ = prepare(folder)
    index = Path(records.path, "index.json")
    index.unlink()
    if contents is not None:
        index.write_text(contents)
    again, stages, _ = prepare(folder)
    assert stages[-1] == WRITING
    assert again.index.shards.keys() == records.index.shards.keys()
    assert prepare(folder)[1] == []


def test_index_of_another_configuration_is_not_believed(folder):
    small, large = prepare(folder, size=16)[0], prepare(folder)[0]
    Path(large.path, "index.json").write_bytes(Path(small.path, "index.json").read_bytes())
    assert prepare(folder)[1] == ["checking the dataset", WRITING]


def test_bad_pairs_are_refused_left_out_and_welcome_when_mended(folder):
    pair = folder.split("train")[0]
    whole = (folder.root / pair.image).read_bytes()
    (folder.root / pair.image).write_bytes(b"not a picture")
    with pytest.raises(A2IError, match="1 of 30 pairs is bad"):
        prepare(folder)
    assert not (folder.root / ".records").exists()
    records, stages, bad = prepare(folder, skip_bad=True)
    assert stages[-1] == WRITING
    assert [item.pair for item in bad] == [pair]
    assert records.index.num_examples == 17
    # Who doesn't leave them out is told, though there are records without them.
    with pytest.raises(A2IError, match="1 of 30 pairs is bad"):
        prepare(folder)
    again, stages, bad = prepare(folder, skip_bad=True)
    assert (again, stages, len(bad)) == (records, ["checking the dataset"], 1)
    (folder.root / pair.image).write_bytes(whole)
    assert prepare(folder)[0].index.num_examples == 18


def test_empty_split_leaves_no_trace(folder):
    tested = PairsFolder(folder.root, folder.info, folder.split("test"))
    with pytest.raises(A2IError, match="use more sources"):
        prepare(tested)
    assert not (folder.root / ".records").exists()


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("/proc/records", "name another folder with --records"),
        ("/dev/null/records", "name another folder with --records"),
        ("nowhere://records", "TensorFlow has no file system for it; name another folder"),
    ],
)
def test_place_that_cannot_be_written_is_one_line(folder, place, reason):
    with pytest.raises(A2IError, match=reason) as caught:
        prepare(folder, place)
    assert str(caught.value).startswith(place)
    assert "\n" not in str(caught.value)


def interrupt_writing(folder):
    def interrupt(what, _done, _total):
        if what == WRITING:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_records(folder, SCENE104, 32, on_stage=lambda _: None, on_count=interrupt)


@pytest.mark.usefixtures("small_shards")
def test_interrupted_writing_leaves_whole_shards_and_no_index(folder):
    interrupt_writing(folder)
    (left,) = (folder.root / ".records").iterdir()
    assert all(path.name.startswith("train-") for path in left.iterdir())
    records, stages, _ = prepare(folder)
    assert stages[-1] == WRITING
    assert {path.name for path in left.iterdir()} == {"index.json", *records.index.shards}


@pytest.mark.usefixtures("small_shards")
def test_who_is_interrupted_leaves_the_shards_of_another_writer(folder):
    def interrupt_another(what, done, total):
        # The other has begun, written a shard of the same folder, and is stopped.
        if what == WRITING and done < total:
            interrupt_writing(folder)

    records, _ = prepare_records(
        folder, SCENE104, 32, on_stage=lambda _: None, on_count=interrupt_another
    )
    assert all(map(os.path.exists, records.shard_paths))
    assert read_examples(records)[0].shape == (18, 8, 13)


KILLED = """
import sys, time
from pathlib import Path
from a2i_tf.audio.settings import SCENE104
from a2i_tf.datasets.manifest import read_pairs
from a2i_tf.datasets.records import index, writer
from a2i_tf.datasets.records.preparation import prepare_records

index._SHARD_BYTES = 20_000
def wait(what, done, total):
    print("written", flush=True)
    time.sleep(60)

prepare_records(read_pairs(Path(sys.argv[1])), SCENE104, 32, on_stage=print, on_count=wait)
"""


def test_killed_writer_s_records_never_pass_for_whole_ones(folder):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder.root)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert any(line == "written\n" for line in process.stdout)
        process.send_signal(signal.SIGKILL)
    (left,) = (folder.root / ".records").iterdir()
    assert list(left.glob("train-*"))
    abandoned = left / ".train-00000-of-00001.tfrecord.0123abcd"
    abandoned.write_bytes(b"half")
    os.utime(abandoned, (time.time() - 3600,) * 2)
    records, stages, _ = prepare(folder)
    assert stages[-1] == WRITING
    assert Path(records.path) == left
    assert not abandoned.exists()
    assert read_examples(records)[0].shape == (18, 8, 13)


def test_index_tells_what_it_was_made_of(folder):
    records, _, _ = prepare(folder)
    values = json.loads(Path(records.path, "index.json").read_text())
    assert values["config"]["checksum"] == folder.info.checksum
    assert values["config"]["mfcc"] == SCENE104.to_dict()
    assert values["config"]["split"] == "train"
    assert values["num_examples"] == 18
    assert len(values["mfcc_mean"]) == len(values["mfcc_variance"]) == 13


def test_long_sources_are_cut_into_blocks(tmp_path):
    folder = make_pairs_folder(
        tmp_path, labels=("a",), sources_per_class=3, pairs_per_source=130, image_size=8
    )
    # Two pictures a window: blocks end within what one sound has.
    pairs = tuple(
        dataclasses.replace(pair, id=f"{pair.id}-{copy}")
        for pair in folder.pairs
        for copy in range(2)
    )
    write_pairs(tmp_path, dataclasses.replace(folder.info, num_pairs=len(pairs)), pairs)
    folder = read_pairs(tmp_path)
    records, _, _ = prepare(folder, size=8)
    expected = load_arrays(folder, folder.split("train")[::2], SCENE104, 8)
    mfcc, images = sorted_rows(*read_examples(records))
    expected_mfcc, expected_images = sorted_rows(expected.mfcc, expected.images)
    np.testing.assert_array_equal(images[::2], expected_images)
    np.testing.assert_array_equal(images[1::2], expected_images)
    np.testing.assert_allclose(mfcc[::2], expected_mfcc, atol=1e-3)
