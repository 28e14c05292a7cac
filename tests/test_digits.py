import dataclasses
import os
import shutil
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from digits_fixture import SPEAKERS, TAKES, make_digits_origin, write_speech
from PIL import Image
from shared_data import SHARED_DATA

from a2i_tf.audio.decode import load_waveform
from a2i_tf.datasets import digits
from a2i_tf.datasets.check import find_bad_pairs
from a2i_tf.datasets.digits import (
    choose_left_out,
    find_utterances,
    is_paired,
    pair_digits,
    speakers_of,
)
from a2i_tf.errors import A2IError


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    return make_digits_origin(tmp_path_factory.mktemp("origin"))


@pytest.fixture(scope="module")
def folder(origin, tmp_path_factory):
    return pair_digits(tmp_path_factory.mktemp("data") / "digits-bob", origin, "bob", 3)


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def picture(folder, pair):
    with Image.open(folder.root / pair.image) as image:
        assert image.mode == "RGB"
        return np.asarray(image)


def test_left_out_speaker_is_the_test_split_and_the_others_train(folder):
    train, test = folder.split("train"), folder.split("test")
    assert {pair.source for pair in train} == {"ada", "eve"}
    assert {pair.source for pair in test} == {"bob"}
    assert folder.split("validation") == ()
    assert len(train) == 2 * 10 * TAKES * 3
    assert len(test) == 10 * TAKES * 4
    assert set(Counter(pair.label for pair in train).values()) == {2 * TAKES * 3}
    assert find_bad_pairs(folder) == []


def test_pictures_are_of_the_spoken_digit_of_the_right_half_and_never_used_twice(folder, origin):
    with np.load(origin / "mnist.npz") as arrays:
        known = {
            split: {scan.tobytes() for scan in arrays[f"{split}_images"]}
            for split in ("train", "test")
        }
    seen = set()
    for pair in folder.pairs:
        drawn = picture(folder, pair)
        assert drawn.shape == (32, 32, 3)
        scan = drawn[2:30, 2:30, 0].copy()
        assert scan[0, 0] == int(pair.label) == int(Path(pair.sound).name[0])
        assert scan.tobytes() in known[pair.split]
        assert drawn[:2].max() == drawn[:, 30:].max() == 0
        np.testing.assert_array_equal(drawn, drawn[:, :, :1].repeat(3, axis=2))
        seen.add(scan.tobytes())
    assert len(seen) == len(folder.pairs)


def test_short_recordings_stand_in_the_middle_of_their_second(folder, origin):
    sound = load_waveform(folder.root / "audio/eve/7_eve_0.wav", 16_000)
    assert len(sound) == 16_000
    np.testing.assert_array_equal(sound[:4_000], 0)
    np.testing.assert_array_equal(sound[12_000:], 0)
    original = load_waveform(origin / "fsdd/7_eve_0.wav", 16_000)
    np.testing.assert_allclose(sound[4_000:12_000], original, atol=1e-4)


def test_long_recordings_keep_their_loudest_second(folder, origin):
    sound = load_waveform(folder.root / "audio/bob/3_bob_1.wav", 16_000)
    original = load_waveform(origin / "fsdd/3_bob_1.wav", 16_000)
    assert len(original) == 25_600
    np.testing.assert_allclose(sound, original[9_600:], atol=1e-4)


def test_same_options_give_the_same_bytes_interrupted_or_not(folder, origin, tmp_path):
    root = tmp_path / "digits-bob"

    def interrupt(done, total):
        assert total == 3 * 10 * TAKES
        if done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pair_digits(root, origin, "bob", 3, interrupt)
    assert list(tmp_path.iterdir()) == []
    # What a killed process leaves.
    (tmp_path / ".digits-bob.xxxxxxxx" / "audio").mkdir(parents=True)
    an_hour_ago = time.time() - 3_601
    os.utime(tmp_path / ".digits-bob.xxxxxxxx", (an_hour_ago, an_hour_ago))
    # What another process is at.
    (tmp_path / ".digits-bob.yyyyyyyy").mkdir()
    assert pair_digits(root, origin, "bob", 3).info == folder.info
    assert contents(root) == contents(folder.root)
    assert {path.name for path in tmp_path.iterdir()} == {"digits-bob", ".digits-bob.yyyyyyyy"}


def test_done_twice_is_done_once(folder, origin):
    before = {path: path.stat().st_mtime_ns for path in folder.root.rglob("*")}
    assert is_paired(folder.root, "bob", 3)
    assert pair_digits(folder.root, origin, "bob", 3) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.root.rglob("*")} == before


def test_checksum_knows_the_data(folder, origin, tmp_path):
    other = shutil.copytree(origin, tmp_path / "origin")
    write_speech(other / "fsdd" / "0_ada_0.wav", 0.5, seed=999)
    again = pair_digits(tmp_path / "digits-bob", other, "bob", 3)
    assert again.info.checksum != folder.info.checksum
    assert dataclasses.replace(again.info, checksum=folder.info.checksum) == folder.info


def test_other_options_or_other_things_in_the_folder_are_refused(folder, origin, tmp_path):
    for left_out, images in (("eve", 3), ("bob", 2)):
        with pytest.raises(A2IError, match="holds another dataset.*--data-dir"):
            pair_digits(folder.root, origin, left_out, images)
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(A2IError, match="in the way"):
        pair_digits(tmp_path, origin, "bob", 3)


def test_speakers(origin):
    utterances = find_utterances(origin)
    assert speakers_of(utterances) == list(SPEAKERS)
    assert choose_left_out(utterances, None) == "eve"
    assert choose_left_out(utterances, "ada") == "ada"
    with pytest.raises(A2IError, match="no speaker 'joe'; choose one of ada, bob, eve"):
        choose_left_out(utterances, "joe")


def test_too_few_scans_says_what_to_ask_for(origin, tmp_path):
    with pytest.raises(A2IError, match="has 12 train images of 0, not 16; ask for fewer"):
        pair_digits(tmp_path / "digits-bob", origin, "bob", 4)
    assert list(tmp_path.iterdir()) == []


def test_too_many_takes_of_the_left_out_speaker_says_whom_to_name(origin, tmp_path):
    other = shutil.copytree(origin, tmp_path / "origin")
    for take in range(TAKES, 4):
        write_speech(other / "fsdd" / f"0_bob_{take}.wav", 0.5, seed=take)
    with pytest.raises(A2IError, match="has 9 test images of 0, not 16; .*--leave-out"):
        pair_digits(tmp_path / "digits-bob", other, "bob", 1)


def test_small_disk_is_noticed_before_work_begins(origin, tmp_path, monkeypatch):
    monkeypatch.setattr(digits, "_BYTES_PER_IMAGE", 10**18)
    with pytest.raises(A2IError, match="free some space, or ask for fewer --images-per-recording"):
        pair_digits(tmp_path / "new" / "digits-bob", origin, "bob", 3)


def save_other_arrays(path):
    np.savez(path, x_train=np.zeros(3))


def save_large_scans(path):
    with np.load(path) as arrays:
        changed = {**arrays, "train_images": np.zeros((120, 32, 32), np.uint8)}
    np.savez(path, **changed)


def damage_compressed_scans(path):
    with np.load(path) as arrays:
        np.savez_compressed(path, **arrays)
    with zipfile.ZipFile(path) as file:
        first = file.infolist()[0]
    contents = bytearray(path.read_bytes())
    start = first.header_offset + 30 + len(first.filename) + 20
    contents[start : start + 200] = b"\xff" * 200
    path.write_bytes(contents)


@pytest.mark.parametrize(
    ("name", "spoil", "message"),
    [
        ("fsdd", shutil.rmtree, r"fsdd: no recordings there; .*--from"),
        ("mnist.npz", Path.unlink, r"mnist\.npz: no such file; .*--from"),
        ("mnist.npz", lambda path: path.write_bytes(b"PK\x03\x04 half"), "cannot be read as MNIST"),
        ("mnist.npz", lambda path: path.write_bytes(b""), "cannot be read as MNIST"),
        ("mnist.npz", damage_compressed_scans, "cannot be read as MNIST"),
        ("mnist.npz", save_other_arrays, "train_images is not a file"),
        ("mnist.npz", save_large_scans, r"\(120, 32, 32\), not uint8 \(120, 28, 28\)"),
        ("fsdd/4_ada_1.wav", lambda path: path.rename(f"{path}.wav"), "is not named"),
        ("fsdd/4_ada_1.wav", lambda path: path.write_bytes(b"RIFF"), "4_ada_1.wav"),
    ],
)
def test_what_is_wrong_with_the_data_is_said_and_nothing_is_left(
    origin, tmp_path, name, spoil, message
):
    broken = shutil.copytree(origin, tmp_path / "origin")
    spoil(broken / name)
    with pytest.raises(A2IError, match=message):
        pair_digits(tmp_path / "data" / "digits-bob", broken, "bob", 3)
    assert not list(tmp_path.glob("data/*"))


@pytest.mark.skipif(not (SHARED_DATA / "mnist.npz").is_file(), reason="MNIST is not here")
def test_real_recordings_have_six_speakers_and_enough_scans():
    utterances = find_utterances(SHARED_DATA)
    speakers = speakers_of(utterances)
    assert len(speakers) == 6
    assert len(utterances) == 3_000
    jobs = digits._deal_images(SHARED_DATA / "mnist.npz", utterances, speakers[-1], 8)
    assert sum(len(images) for _, _, images in jobs) == 5 * 500 * 8 + 500 * 4
    every = {image.tobytes() for _, _, images in jobs for image in images}
    assert len(every) > 21_990  # MNIST holds a few pictures twice itself.
