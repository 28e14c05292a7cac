"""`a2i fetch kaggle` against a server that answers as Kaggle does: from there to a picture."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
from kaggle_fixture import CLASS2, SECONDS, class_sound, contents, kept, only_error, read_table
from PIL import Image
from run_eagerly import run_eagerly
from sound_files import write_wav

from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.mfcc import mfcc
from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets.check import find_bad_pairs
from a2i_tf.datasets.manifest import read_pairs
from a2i_tf.datasets.pairs import SPLITS
from a2i_tf.datasets.pipeline import load_arrays

SCENE104 = MFCC_SETTINGS["scene104"]


def test_from_fetch_to_a_picture_of_a_clip(fetch_kaggle, a2i, tmp_path, monkeypatch):
    code, out, err = fetch_kaggle("--json")
    assert code == 0, err
    info = json.loads(out)
    assert info["path"] == str(tmp_path / "data" / "kaggle")
    assert info["label_counts"] == dict.fromkeys((name.lower() for name in CLASS2), 3 * SECONDS)
    assert (info["num_pairs"], info["num_sources"]) == (27 * SECONDS, 27)
    assert (info["mfcc_setting"], info["image_size"]) == ("scene104", 256)
    assert info["licence"].startswith("CC BY-SA 4.0;")
    assert info["made_with"]["kaggle_version"] == 3
    assert "isn't the one published in 2020: rows of beach 15 instead of 2080" in err
    assert kept(tmp_path) == ["kaggle"]
    monkeypatch.chdir(tmp_path)
    train = ("--preset", "tiny", "--image-size", 32, "--steps", 4, "--run-dir", "run", "--json")
    with run_eagerly():
        code, out, err = a2i("train", *train)
    assert code == 0, err
    clip = write_wav(tmp_path / "clip.wav", np.tile(class_sound(4, 0), 2) / 32_767)
    code, out, err = a2i("generate", clip, "--model", "run", "--out", "out")
    assert code == 0, err
    with Image.open(tmp_path / "out" / "clip-seed0.png") as picture:
        assert picture.size == (32, 32)


def test_folder_holds_the_bytes_and_the_values_of_the_set(fetch_kaggle, kaggle_members, tmp_path):
    assert fetch_kaggle()[0] == 0
    folder = read_pairs(tmp_path / "data" / "kaggle")
    assert find_bad_pairs(folder) == []
    for pair in folder.pairs:
        assert (folder.root / pair.image).read_bytes() == kaggle_members[pair.image]
        assert Path(pair.image).parent.name == pair.source
    table = {row[0]: row for row in read_table(kaggle_members["dataset.csv"])[1:]}
    arrays = load_arrays(folder, folder.pairs, SCENE104, 32)
    for pair, features in zip(folder.pairs, arrays.mfcc, strict=True):
        values = np.array(table[pair.image][1:105], dtype=np.float32)
        np.testing.assert_array_equal(features.ravel(), values)
        assert pair.label == table[pair.image][106].lower()


def test_every_class_is_in_every_split_and_no_source_in_two(fetch_kaggle, tmp_path):
    assert fetch_kaggle()[0] == 0
    folder = read_pairs(tmp_path / "data" / "kaggle")
    sources = {split: {pair.source for pair in folder.split(split)} for split in SPLITS}
    assert sum(map(len, sources.values())) == len(set.union(*sources.values())) == 27
    for split in SPLITS:
        assert {pair.label for pair in folder.split(split)} == set(folder.labels)
    assert "split" in (folder.root / "pairs.csv").read_text().splitlines()[0].split(",")


def test_a_clip_is_heard_as_the_row_of_the_same_second(fetch_kaggle, tmp_path):
    """Through files and decoders: what `generate` hears is what training saw."""
    assert fetch_kaggle()[0] == 0
    folder = read_pairs(tmp_path / "data" / "kaggle")
    row = next(pair for pair in folder.pairs if pair.image == "images/beach/beach3.png")
    seen = np.load(folder.root / row.sound)[round(row.start_seconds)]
    clip = write_wav(tmp_path / "clip.wav", class_sound(0, 3) / 32_767)
    heard = mfcc(load_waveform(clip, 16_000)[None], SCENE104)[0]
    np.testing.assert_allclose(heard, seen, atol=1e-3, rtol=0)


def test_sample_is_evenly_spaced_and_done_twice_is_done_once(kaggle_server, fetch_kaggle, tmp_path):
    assert fetch_kaggle("--sample", 2)[0] == 0
    folder = read_pairs(tmp_path / "data" / "kaggle")
    assert set(Counter(pair.source for pair in folder.pairs).values()) == {2}
    images = [pair.image for pair in folder.pairs if pair.source == "store4"]
    assert images == ["images/store4/store4-0.png", "images/store4/store4-2.png"]
    assert len(list(folder.root.glob("images/*/*.png"))) == len(folder.pairs)
    before = contents(folder.root)
    kaggle_server.log.clear()
    code, _, err = fetch_kaggle("--sample", 2)
    assert code == 0
    assert "is there already" in err
    code, _, err = fetch_kaggle("--sample", 3)
    assert code == 1
    assert "holds another dataset: its sample is 2, not 3; remove it" in only_error(err)
    assert "--data-dir" in only_error(err)
    assert contents(folder.root) == before
    assert kaggle_server.log == []
