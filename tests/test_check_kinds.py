"""Every kind of fault: a copy of a small folder, broken in that way, tells it and nothing else."""

import csv
import dataclasses
import io
import json
import shutil
import zlib

import numpy as np
import pytest
from pairs_fixture import make_pairs_folder
from PIL import Image
from sound_files import tone, write_wav

from a2i_tf.datasets.checksum import checksum_files
from a2i_tf.datasets.finding import KINDS
from a2i_tf.datasets.inspection import inspect_folder
from a2i_tf.datasets.manifest import read_pairs, write_pairs
from a2i_tf.datasets.pairs import SPLITS, summarize
from a2i_tf.errors import A2IError


@pytest.fixture(scope="module")
def clean_root(tmp_path_factory):
    """A folder without fault: every picture is of its own, the checksum is that of the files."""
    root = tmp_path_factory.mktemp("clean") / "pairs"
    folder = make_pairs_folder(root, labels=("a", "b", "c"), pairs_per_source=2)
    for number, pair in enumerate(folder.pairs):
        picture(number).save(root / pair.image)
    stamp(folder)
    return root


@pytest.fixture
def folder(clean_root, tmp_path):
    shutil.copytree(clean_root, tmp_path / "pairs")
    return read_pairs(tmp_path / "pairs")


def picture(seed, size=32):
    coarse = np.random.default_rng(seed).integers(0, 256, (7, 7, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)


def jpeg_of(image):
    contents = io.BytesIO()
    image.save(contents, "JPEG", quality=50)
    return Image.open(contents)


def stamp(folder, pairs=None, **changes):
    """Writes the manifest anew, its counts and checksum right."""
    pairs = folder.pairs if pairs is None else pairs
    checksum = checksum_files(folder.root, pairs)
    info = dataclasses.replace(folder.info, checksum=checksum, **summarize(pairs))
    write_pairs(folder.root, dataclasses.replace(info, **changes), pairs)


def findings(folder):
    found = inspect_folder(folder.root, lambda *_: None)
    return {finding.kind: finding.items for finding in found}


def edit_rows(folder, edit):
    path = folder.root / "pairs.csv"
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    edit(rows)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def with_split(folder, split, but_label=None):
    """Returns the pairs with all sources of `split`, or one label's of them, put into train."""
    moved = {
        pair.source for pair in folder.split(split) if but_label is None or pair.label == but_label
    }
    splits = {pair.source: name for name in SPLITS for pair in folder.split(name)}
    splits.update(dict.fromkeys(moved, "train"))
    return [dataclasses.replace(pair, split=splits[pair.source]) for pair in folder.pairs]


def test_clean_folder_has_none(folder):
    assert findings(folder) == {}


def test_missing_folder_is_an_error_of_its_own(tmp_path):
    with pytest.raises(A2IError, match="nowhere: no such folder"):
        inspect_folder(tmp_path / "nowhere", lambda *_: None)


@pytest.mark.parametrize("name", ["dataset.json", "pairs.csv"])
def test_missing_manifest(folder, name):
    (folder.root / name).unlink()
    (item,) = findings(folder)["unreadable-manifest"]
    assert item.startswith(f"{folder.root / name}: no such file")


def test_manifest_of_something_else(folder):
    (folder.root / "pairs.csv").write_bytes(b"\xff\xfe\x00PNG")
    assert "cannot be read" in findings(folder)["unreadable-manifest"][0]
    (folder.root / "pairs.csv").write_text("a,b\n1,2\n")
    assert "has no column id, source" in findings(folder)["unreadable-manifest"][0]
    (folder.root / "pairs.csv").write_text("id,source,label,start_seconds,audio,image\n")
    assert "holds no pairs" in findings(folder)["unreadable-manifest"][0]
    (folder.root / "dataset.json").write_text('{"name": "x"}')
    assert "cannot be read" in findings(folder)["unreadable-manifest"][0]


def test_all_bad_rows_are_told_and_the_others_still_checked(folder):
    def edit(rows):
        rows[1][3] = "soon"
        rows[3][5] = ""
        rows[6][3] = "-1"

    edit_rows(folder, edit)
    (folder.root / folder.pairs[-1].image).unlink()
    found = findings(folder)
    assert [item.split(":")[0] for item in found["bad-row"]] == ["line 2", "line 4", "line 7"]
    assert found["bad-row"][1] == "line 4: image is empty"
    assert len(found["missing-file"]) == 1


def test_paths_that_leave_the_folder_are_all_told(folder, tmp_path):
    picture(99).save(tmp_path / "secret.png")

    def edit(rows):
        rows[1][5] = str(tmp_path / "secret.png")
        rows[4][4] = "../secret.wav"

    edit_rows(folder, edit)
    first, second = findings(folder)["bad-row"]
    assert first.startswith("line 2: ")
    assert second == "line 5: '../secret.wav' lies outside the folder; name a file within it"


def test_repeated_id(folder):
    edit_rows(folder, lambda rows: rows[4].__setitem__(0, rows[2][0]))
    name = folder.pairs[1].id
    assert findings(folder)["repeated-id"] == (f"{name} on lines 3, 5",)


def test_source_in_two_splits(folder):
    pairs = with_split(folder, "test", but_label="none")
    flipped = next(place for place, pair in enumerate(pairs) if pair.split == "train")
    pairs[flipped] = dataclasses.replace(pairs[flipped], split="test")
    stamp(folder, pairs)
    (item,) = findings(folder)["split-conflict"]
    first = flipped + 2
    assert item == f"{pairs[flipped].source}: test on line {first}, train on line {first + 1}"


def test_missing_files(folder):
    (folder.root / folder.pairs[0].image).unlink()
    (folder.root / folder.pairs[-1].sound).unlink()
    found = findings(folder)
    assert set(found) == {"missing-file"}
    # A sound is missed by both pairs of its source.
    assert len(found["missing-file"]) == 3


def test_picture_that_does_not_open(folder):
    path = folder.root / folder.pairs[0].image
    path.write_bytes(path.read_bytes()[:-20])
    found = findings(folder)
    assert set(found) == {"bad-picture"}
    assert found["bad-picture"][0].startswith(folder.pairs[0].id)


def test_picture_that_opens_and_cannot_be_decoded(folder):
    path = folder.root / folder.pairs[0].image
    contents = path.read_bytes()
    start = contents.index(b"IDAT")
    length = int.from_bytes(contents[start - 4 : start], "big")
    data = b"IDAT" + bytes(length)
    checksum = zlib.crc32(data).to_bytes(4, "big")
    path.write_bytes(contents[:start] + data + checksum + contents[start + 8 + length :])
    stamp(folder)
    name = folder.pairs[0].id
    assert findings(folder) == {"bad-picture": (f"{name}: {path.name} can't be decoded",)}


def test_sounds_that_cannot_be_used(folder):
    (folder.root / folder.pairs[0].sound).write_bytes(b"not a sound")
    write_wav(folder.root / folder.pairs[-1].sound, tone(1.5))
    found = findings(folder)
    assert set(found) == {"bad-sound"}
    assert "its sound ends at 1.50 s, its window at 2.00 s" in found["bad-sound"][-1]
    assert len(found["bad-sound"]) == 3


COPIES = {
    "same": lambda image: image,
    "grey": lambda image: image.convert("L").convert("RGB"),
    "darker": lambda image: image.point(lambda level: level * 0.7),
    "brighter": lambda image: image.point(lambda level: level * 1.1),
    "smaller": lambda image: image.resize((64, 64), Image.Resampling.LANCZOS),
    "JPEG": jpeg_of,
}


@pytest.mark.parametrize("change", COPIES)
def test_picture_in_two_splits(folder, change):
    original, copy = folder.split("train")[0], folder.split("test")[0]
    image = picture(99, size=128)
    image.save(folder.root / original.image)
    COPIES[change](image).save(folder.root / copy.image)
    assert findings(folder)["near-duplicate"] == (
        f"{copy.image} (test) and {original.image} (train)",
    )


def test_cropped_picture_in_another_split_is_told_at_least_as_alike(folder):
    original, copy = folder.split("train")[0], folder.split("test")[0]
    image = picture(99, size=128)
    image.save(folder.root / original.image)
    cropped = image.crop((3, 3, 125, 125)).resize((128, 128), Image.Resampling.BICUBIC)
    cropped.save(folder.root / copy.image)
    found = findings(folder)
    told = found.get("near-duplicate", ()) + found.get("look-alike", ())
    assert told == (f"{copy.image} (test) and {original.image} (train)",)


def test_picture_that_is_very_like_another_is_a_warning(folder):
    original, other = folder.split("train")[0], folder.split("test")[0]
    image = picture(99)
    image.save(folder.root / original.image)
    noise = np.random.default_rng(0).normal(0, 10, (32, 32, 1))
    noisy = (np.asarray(image) + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(folder.root / other.image)
    stamp(folder)
    assert findings(folder) == {
        "look-alike": (f"{other.image} (test) and {original.image} (train)",)
    }


def test_picture_twice_in_one_split_is_no_fault(folder):
    first, second = folder.split("train")[:2]
    picture(99).save(folder.root / first.image)
    picture(99).save(folder.root / second.image)
    stamp(folder)
    assert findings(folder) == {}


def test_validation_and_test_are_compared_too(folder):
    earlier, later = folder.split("validation")[0], folder.split("test")[0]
    shutil.copy(folder.root / earlier.image, folder.root / later.image)
    assert "near-duplicate" in findings(folder)


def test_sound_in_two_splits(folder):
    one, other = folder.split("train")[0], folder.split("test")[0]
    shutil.copy(folder.root / one.sound, folder.root / other.sound)
    stamp(folder)
    assert findings(folder) == {"shared-sound": (f"{one.sound} (train), {other.sound} (test)",)}


@pytest.mark.parametrize(("split", "kind"), [("test", "empty-split"), ("train", "empty-split")])
def test_empty_split(folder, split, kind):
    other = {"test": "train", "train": "test"}[split]
    pairs = [dataclasses.replace(pair, split=other) for pair in folder.pairs]
    stamp(folder, pairs)
    assert findings(folder)[kind] == (split,)


def test_nothing_validates(folder):
    stamp(folder, with_split(folder, "validation"))
    assert findings(folder) == {"no-validation": ("validation",)}


@pytest.mark.parametrize("split", ["validation", "test"])
def test_class_missing_from_a_split(folder, split):
    stamp(folder, with_split(folder, split, but_label="b"))
    kind = {"validation": "label-not-validated", "test": "label-not-tested"}[split]
    assert findings(folder) == {kind: ("b",)}


def test_class_that_is_never_trained(folder):
    pairs = [dataclasses.replace(pair) for pair in folder.pairs if pair.label != "b"]
    pairs += [pair for pair in folder.split("test") if pair.label == "b"]
    stamp(folder, pairs)
    found = findings(folder)
    assert found["label-not-trained"] == ("b",)
    assert found["one-source"] == (f"b: {pairs[-1].source}",)


def test_source_with_several_labels(folder):
    pairs = [dataclasses.replace(folder.pairs[0], label="b"), *folder.pairs[1:]]
    stamp(folder, pairs)
    assert findings(folder) == {"mixed-labels": (f"{pairs[0].source}: a, b",)}


def test_sources_that_all_have_several_labels_are_no_fault(folder):
    def other(pair):
        return {"a": "b", "b": "c", "c": "a"}[pair.label]

    pairs = [
        dataclasses.replace(pair, label=other(pair) if place % 2 else pair.label)
        for place, pair in enumerate(folder.pairs)
    ]
    stamp(folder, pairs)
    assert findings(folder) == {}


def test_rare_label(folder):
    sources = sorted({pair.source for pair in folder.pairs if pair.label != "c"})
    more = [
        dataclasses.replace(pair, id=f"{pair.id}-{again}")
        for pair in folder.pairs
        if pair.source in sources
        for again in range(6)
    ]
    stamp(folder, [*more, *(pair for pair in folder.pairs if pair.label == "c")])
    assert findings(folder) == {"rare-label": ("c: 10 pairs, the median class 60",)}


def test_blank_pictures_are_told_and_not_taken_for_copies(folder):
    for split in SPLITS:
        name = folder.split(split)[0].image
        Image.new("RGB", (32, 32)).save(folder.root / name)
    stamp(folder)
    found = findings(folder)
    assert set(found) == {"blank-picture"}
    assert len(found["blank-picture"]) == 3


def test_picture_of_another_size(folder):
    name = folder.pairs[0].image
    picture(99).resize((64, 32)).save(folder.root / name)
    stamp(folder)
    assert findings(folder) == {"picture-size": (f"{name}: 64 x 32, not 32 x 32",)}


def test_wrong_counts(folder):
    stamp(folder, num_pairs=7, label_counts={"a": 10, "b": 10, "d": 10})
    assert findings(folder)["wrong-count"] == (
        "num_pairs is 7, pairs.csv has 30",
        "label_counts: c is 0, pairs.csv has 10",
        "label_counts: d is 10, pairs.csv has 0",
    )


def test_wrong_checksum(folder):
    picture(99).save(folder.root / folder.pairs[0].image)
    found = findings(folder)
    assert set(found) == {"wrong-checksum"}
    assert folder.info.checksum in found["wrong-checksum"][0]


def test_errors_come_before_warnings(a2i, folder):
    Image.new("RGB", (64, 32)).save(folder.root / folder.pairs[0].image)
    edit_rows(folder, lambda rows: rows[-1].__setitem__(3, "soon"))
    code, out, _ = a2i("data", folder.root, "--check", "--json")
    told = json.loads(out)
    kinds = [finding["kind"] for finding in told["findings"]]
    assert code == 1
    assert kinds == [kind for kind in KINDS if kind in kinds]
    assert kinds[0] == "bad-row"
    assert {"blank-picture", "picture-size", "wrong-count"} <= set(kinds)
    weights = [finding["weight"] for finding in told["findings"]]
    assert weights == sorted(weights)
    assert told["errors"] == 1
    assert told["warnings"] == len(kinds) - 1


def test_every_kind_has_a_test():
    text = open(__file__).read()  # noqa: PTH123, SIM115
    assert [kind for kind in KINDS if f'"{kind}"' not in text] == []
