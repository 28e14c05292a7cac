import csv
import dataclasses
from collections import Counter

import pytest
from pairs_fixture import make_pairs_folder
from PIL import Image

from a2i_tf.datasets.check import drop_bad_pairs, find_bad_pairs
from a2i_tf.datasets.checksum import checksum_files, hash_splits
from a2i_tf.datasets.manifest import read_pairs, write_pairs
from a2i_tf.datasets.pairs import SPLITS, split_of
from a2i_tf.errors import A2IError


@pytest.fixture
def folder(tmp_path):
    return make_pairs_folder(tmp_path / "pairs", labels=("a", "b"), pairs_per_source=2)


def edit_rows(folder, edit):
    path = folder.root / "pairs.csv"
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    edit(rows)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def test_reads_what_was_written(folder):
    again = read_pairs(folder.root)
    assert again == folder
    assert again.labels == ("a", "b")
    assert again.info.num_pairs == len(again.pairs)


def test_split_is_stable_and_has_the_stated_shares():
    counts = Counter(split_of(f"source-{number}") for number in range(20_000))
    assert counts["train"] / 20_000 == pytest.approx(0.7, abs=0.01)
    assert counts["validation"] / 20_000 == pytest.approx(0.1, abs=0.01)
    # Golden: a change would silently move test sources into training.
    assert [split_of(f"beach-{number:04d}") for number in (0, 9, 18, 27)] == GOLDEN_SPLITS


GOLDEN_SPLITS = ["train", "test", "train", "train"]


def test_no_source_on_two_sides(folder):
    sides = [{pair.source for pair in folder.split(split)} for split in SPLITS]
    assert all(sides)
    assert sum(map(len, sides)) == len(set.union(*sides))


def test_dataset_may_split_its_sources_itself(folder):
    sources = sorted({pair.source for pair in folder.pairs})
    splits = {source: "train" if source == sources[0] else "test" for source in sources}
    pairs = tuple(dataclasses.replace(pair, split=splits[pair.source]) for pair in folder.pairs)
    write_pairs(folder.root, folder.info, pairs)
    again = read_pairs(folder.root)
    assert again.pairs == pairs
    assert {pair.source for pair in again.split("train")} == {sources[0]}
    assert {pair.source for pair in again.split("test")} == set(sources[1:])
    assert again.split("validation") == ()


def test_checksum_covers_splits_only_where_the_dataset_has_them(folder):
    def checksum(**changes):
        pairs = [dataclasses.replace(pair, **changes) for pair in folder.pairs]
        return checksum_files(folder.root, pairs)

    # Else the checksums of all datasets that were made before would change.
    assert checksum(label="c") == checksum()
    different = [
        checksum(),
        checksum(split="train"),
        checksum(split="test"),
        checksum(split="test", label="c"),
        checksum(split="test", source="c"),
    ]
    assert len(set(different)) == len(different)
    ordered = [dataclasses.replace(pair, split="test") for pair in folder.pairs[::-1]]
    assert checksum_files(folder.root, ordered) == checksum(split="test")


def test_hash_of_splits_is_of_the_splits_alone(folder):
    by_name = hash_splits(folder.pairs)
    written = [dataclasses.replace(pair, split=pair.effective_split) for pair in folder.pairs]
    # Whoever writes down what the names chose changes nothing, nor does who sorts the rows.
    assert hash_splits(written[::-1]) == by_name
    moved = [dataclasses.replace(pair, split="test") for pair in folder.pairs]
    assert hash_splits(moved) != by_name
    assert hash_splits(folder.pairs[:2]) != by_name


def test_starts_are_kept_to_the_microsecond_and_short(folder):
    starts = {3.0: "3", 0.5: "0.5", 0.0: "0", 10.0: "10", 36_000.75: "36000.75", 1 / 3: "0.333333"}
    starts |= {1_000.125: "1000.125", 86_399.123456: "86399.123456"}
    pairs = [
        dataclasses.replace(folder.pairs[0], id=text, start_seconds=start)
        for start, text in starts.items()
    ]
    write_pairs(folder.root, folder.info, pairs)
    with (folder.root / "pairs.csv").open(newline="") as file:
        assert [row["start_seconds"] for row in csv.DictReader(file)] == list(starts.values())
    read = [pair.start_seconds for pair in read_pairs(folder.root).pairs]
    assert read == pytest.approx(list(starts), abs=5e-7)


def test_no_column_for_a_split_that_nobody_gave(folder):
    assert "split" not in (folder.root / "pairs.csv").read_text().splitlines()[0].split(",")


def test_source_in_two_splits_is_refused(folder):
    edit_rows(folder, lambda rows: [row.append("train") for row in rows])
    edit_rows(folder, lambda rows: rows[0].__setitem__(-1, "split"))
    assert len(read_pairs(folder.root).split("train")) == len(folder.pairs)
    edit_rows(folder, lambda rows: rows[2].__setitem__(-1, "test"))
    source = folder.pairs[1].source
    with pytest.raises(A2IError, match=f"line 3: the split of source '{source}' is test here"):
        read_pairs(folder.root)
    edit_rows(folder, lambda rows: rows[2].__setitem__(-1, "exam"))
    with pytest.raises(A2IError, match="line 3: split is 'exam', not one of train, validation"):
        read_pairs(folder.root)


def test_missing_column_is_named(folder):
    edit_rows(folder, lambda rows: [row.pop(3) for row in rows])
    with pytest.raises(A2IError, match="pairs.csv: has no column start_seconds"):
        read_pairs(folder.root)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (3, "soon", "line 3: could not convert"),
        (3, "-1", "below 0"),
        (3, "nan", "start_seconds is nan"),
        (5, "", "image is empty"),
        (4, "/etc/passwd", "line 3: '/etc/passwd' lies outside the folder"),
        (5, "../other/0.png", "line 3: '../other/0.png' lies outside the folder"),
        (5, "images/../../0.png", "lies outside the folder; name a file within it"),
        (0, "FIRST", "stands there more than once"),
    ],
)
def test_bad_value_names_the_line(folder, column, value, message):
    def edit(rows):
        rows[2][column] = rows[1][0] if value == "FIRST" else value

    edit_rows(folder, edit)
    with pytest.raises(A2IError, match=message):
        read_pairs(folder.root)


def test_not_a_pairs_folder(tmp_path):
    with pytest.raises(A2IError, match=r"dataset\.json: no such file"):
        read_pairs(tmp_path)
    with pytest.raises(A2IError, match="no such folder"):
        read_pairs(tmp_path / "nowhere")


def test_whole_folder_has_no_bad_pairs(folder):
    assert find_bad_pairs(folder) == []


def test_bad_files_are_reported_together_with_a_count(folder):
    first, second, third, fourth = (folder.pairs[place] for place in (0, 2, 4, 6))
    (folder.root / first.image).unlink()
    image = folder.root / second.image
    image.write_bytes(image.read_bytes()[:-20])
    sound = folder.root / third.sound
    sound.write_bytes(sound.read_bytes()[:3000])
    (folder.root / fourth.image).write_bytes(b"")
    bad = {item.pair.id: item.reason for item in find_bad_pairs(folder)}
    assert "is missing" in bad[first.id]
    assert "not a whole picture" in bad[second.id]
    assert "its sound ends at" in bad[third.id]
    assert "not a whole picture" in bad[fourth.id]
    # A source's sound is shared by all of its pairs.
    num_bad = 3 + sum(pair.sound == third.sound for pair in folder.pairs)
    assert len(bad) == num_bad
    with pytest.raises(
        A2IError, match=rf"{num_bad} of {len(folder.pairs)} pairs are bad.*skip-bad"
    ):
        drop_bad_pairs(folder, skip_bad=False)
    kept, dropped = drop_bad_pairs(folder, skip_bad=True)
    assert len(dropped) == num_bad
    assert len(kept.pairs) == len(folder.pairs) - num_bad


def test_picture_that_tensorflow_cannot_decode_is_bad(folder):
    path = folder.root / folder.pairs[0].image
    Image.new("RGB", (8, 8)).save(path, "TIFF")
    (bad,) = find_bad_pairs(folder)
    assert "is TIFF, not one of PNG" in bad.reason


def test_nothing_left_is_an_error_even_when_skipping(folder):
    for pair in folder.pairs:
        (folder.root / pair.image).unlink()
    with pytest.raises(A2IError, match="none of its"):
        drop_bad_pairs(folder, skip_bad=True)
