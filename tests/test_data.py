"""`a2i data`: what a folder holds, and the sheet of it."""

import dataclasses
import json
import shutil
from collections import Counter

import numpy as np
import pytest
from pairs_fixture import make_pairs_folder
from PIL import Image

from a2i_tf.datasets.contact_sheet import MAX_CLASSES, choose_pairs, draw_contact_sheet
from a2i_tf.datasets.contents import measure_contents
from a2i_tf.datasets.manifest import read_pairs, write_pairs
from a2i_tf.datasets.pairs import SPLITS, Pair, summarize
from a2i_tf.datasets.sound_pictures import draw_sounds


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "pairs"
    return make_pairs_folder(root, labels=("a", "b"), pairs_per_source=3)


@pytest.fixture
def folder(made, tmp_path):
    shutil.copytree(made.root, tmp_path / "pairs")
    return read_pairs(tmp_path / "pairs")


def pair(source, start, sound="s.wav"):
    name = f"{source}-{start}"
    return Pair(name, source, "a", float(start), sound, f"{name}.png")


def test_json_tells_all_counts(a2i, folder):
    code, out, err = a2i("data", folder.root, "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["pairs"], told["sources"], told["seconds"]) == (30, 10, 30.0)
    assert told["labels"]["a"]["pairs"] == 15
    assert told["labels"]["a"]["splits"]["train"] == {"pairs": 9, "sources": 3, "seconds": 9.0}
    assert {split: told["splits"][split]["sources"] for split in SPLITS} == {
        "train": 6,
        "validation": 2,
        "test": 2,
    }
    assert told["name"] == "fixture"
    assert told["licence"] == "CC0-1.0"
    assert told["made_with"] == {"seed": 0}
    assert told["image_size"] == 32
    assert told["contact_sheet"] == str(folder.root / "contact-sheet.png")
    assert told["contact_sheet"] in err


def test_people_get_a_table(a2i, folder):
    code, out, _ = a2i("data", folder.root)
    assert code == 0
    assert "CC0-1.0" in out
    assert "32 x 32" in out
    (row,) = [line for line in out.splitlines() if line.startswith("│ b ")]
    assert row.split()[1::2][:1] == ["b"]
    assert "15 (5)" in row
    assert "9 (3)" in row
    assert "0:00:15" in row


def test_sheet_of_very_many_classes_ends_and_says_so(a2i, folder):
    def renamed(number):
        pairs = tuple(
            dataclasses.replace(folder.pairs[0], id=str(place), label=f"label {place:03d}")
            for place in range(number)
        )
        return dataclasses.replace(folder, pairs=pairs)

    many = renamed(MAX_CLASSES + 60)
    full, more = draw_contact_sheet(renamed(MAX_CLASSES)), draw_contact_sheet(many)
    assert full.height < more.height < full.height + 50
    np.testing.assert_array_equal(
        np.asarray(full)[:-50], np.asarray(more)[: full.height - 50], "the first classes are drawn"
    )
    write_pairs(many.root, many.info, many.pairs)
    code, _, err = a2i("data", many.root)
    assert code == 0
    assert "contact-sheet.png, the first 40 of 100 classes" in " ".join(err.split())


def test_names_of_several_lines_fit_the_sheet(folder):
    odd = dataclasses.replace(folder.pairs[0], label="two\nlines " * 40, source="so\nurce" * 20)
    assert draw_contact_sheet(dataclasses.replace(folder, pairs=(odd,))).width < 1200


def test_takes_the_only_dataset(a2i, folder, tmp_path, monkeypatch):
    shutil.copytree(folder.root, tmp_path / "data" / "pairs")
    monkeypatch.chdir(tmp_path)
    code, out, _ = a2i("data", "--json", "--sheet", tmp_path / "sheet.png")
    assert code == 0
    assert json.loads(out)["path"] == "data/pairs"
    assert (tmp_path / "sheet.png").exists()


def test_shared_windows_count_once(folder):
    info = dataclasses.replace(folder.info, window_seconds=1.0)
    pairs = (pair("x", 0), dataclasses.replace(pair("x", 0), id="again"), pair("x", 0.25))
    again = dataclasses.replace(folder, info=info, pairs=(*pairs, pair("x", 5, "other.wav")))
    assert measure_contents(again).total.seconds == pytest.approx(1.25 + 1.0)


def test_sheet_shows_pictures_of_every_class(folder):
    sheet = np.asarray(draw_contact_sheet(folder))
    for label in folder.labels:
        for shown in choose_pairs([one for one in folder.pairs if one.label == label], 8):
            with Image.open(folder.root / shown.image) as image:
                enlarged = np.asarray(image).repeat(4, axis=0).repeat(4, axis=1)
            assert contains(sheet, enlarged), shown.id


def contains(sheet, tile):
    height, width, _ = tile.shape
    first = (sheet == tile[0, 0]).all(axis=-1)
    return any(
        np.array_equal(sheet[top : top + height, left : left + width], tile)
        for top, left in np.argwhere(first)
    )


def test_sheet_is_always_the_same(folder):
    assert draw_contact_sheet(folder).tobytes() == draw_contact_sheet(folder).tobytes()


def test_pairs_of_a_sheet_come_from_different_sources():
    pairs = [pair(f"s{source:02d}", start) for source in range(20) for start in range(5)]
    chosen = choose_pairs(pairs, 8)
    assert len({one.source for one in chosen}) == 8
    assert {one.start_seconds for one in chosen} == {2.0}


def test_few_sources_give_several_pairs_each():
    pairs = [pair("x", start) for start in range(100)] + [pair("y", start) for start in range(2)]
    chosen = choose_pairs(pairs, 8)
    assert len({one.id for one in chosen}) == 8
    assert Counter(one.source for one in chosen)["y"] == 2
    assert len(choose_pairs(pairs[:3], 8)) == 3


def test_sound_is_drawn_where_its_pitch_is(folder):
    low, high = (next(one for one in folder.pairs if one.label == label) for label in "ab")
    pictures = draw_sounds(folder, [low, high])
    rows = [np.asarray(picture).sum(axis=(1, 2)).argmax() for picture in pictures]
    # Row 0 is the top: an octave higher stands further up.
    assert rows[1] < rows[0]


def test_features_are_drawn_in_place_of_sound(folder):
    (folder.root / "mfcc").mkdir()
    ramp = np.broadcast_to(np.linspace(-1, 1, 8, dtype=np.float32)[:, None], (3, 8, 13))
    for source in {one.source for one in folder.pairs}:
        np.save(folder.root / "mfcc" / f"{source}.npy", ramp)
    pairs = [dataclasses.replace(one, sound=f"mfcc/{one.source}.npy") for one in folder.pairs]
    info = dataclasses.replace(folder.info, mfcc_setting="scene104", **summarize(pairs))
    write_pairs(folder.root, info, pairs)
    again = read_pairs(folder.root)
    (picture,) = draw_sounds(again, again.pairs[:1])
    assert picture.size == (8, 13)
    brightness = np.asarray(picture, float).sum(axis=(0, 2))
    assert (np.diff(brightness) > 0).all()


def test_broken_files_leave_holes_in_the_sheet(a2i, folder):
    for one in folder.pairs:
        (folder.root / one.image).write_bytes(b"no picture")
        (folder.root / one.sound).write_bytes(b"no sound")
    code, _, err = a2i("data", folder.root)
    assert code == 0
    assert "contact sheet:" in err


def test_folder_that_cannot_be_written_is_no_obstacle(a2i, folder):
    (folder.root / "contact-sheet.png").mkdir()
    code, out, err = a2i("data", folder.root, "--json")
    assert code == 0
    assert "no contact sheet" in err
    assert "--sheet" in err
    assert json.loads(out)["contact_sheet"] is None


def test_sheet_that_was_asked_for_is(a2i, folder, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = a2i("data", folder.root, "--sheet", tmp_path / "file" / "sheet.png")
    assert code == 1
    assert "cannot be written" in err


def test_check_prints_places_and_advice(a2i, folder):
    for number in range(7):
        (folder.root / folder.pairs[number].image).unlink()
    code, out, _ = a2i("data", folder.root, "--check")
    assert code == 1
    assert "error   pairs that lack a file: 7" in out
    assert "and 2 more" in out
    assert "--skip-bad" in out
    assert not (folder.root / "contact-sheet.png").exists()


def test_warnings_alone_exit_0(a2i, folder):
    # The fixture's checksum is of its own kind.
    code, out, _ = a2i("data", folder.root, "--check")
    assert code == 0
    assert "warning" in out
    assert "error" not in out


def test_check_and_sheet_are_two_things(a2i, folder):
    code, _, err = a2i("data", folder.root, "--check", "--sheet", "x.png")
    assert code == 2
    assert "--check draws no contact sheet" in err


def test_no_such_folder(a2i, tmp_path):
    for more in ((), ("--check",)):
        code, out, err = a2i("data", tmp_path / "nowhere", *more)
        assert (code, out) == (1, "")
        assert "no such folder" in err
