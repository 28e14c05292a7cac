"""`a2i import`, as a person runs it: to a picture, and with all that can go wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from run_eagerly import run_eagerly
from sound_files import tone, write_wav
from video_fixture import colour_at, tone_at, write_video

from a2i_tf.datasets.check import find_bad_pairs
from a2i_tf.datasets.lock import locked
from a2i_tf.datasets.manifest import read_pairs


def _videos(root: Path) -> Path:
    for place, label in enumerate(("brook", "street")):
        (root / label).mkdir(parents=True)
        for number in range(3):
            write_video(
                root / label / f"clip {number}.mp4",
                4.0,
                picture=lambda time, shift=place + number: colour_at(time, shift=shift),
                sound=lambda times, shift=place + number: tone_at(times, shift=shift),
            )
    return root


def _by_class(root: Path) -> Path:
    rng = np.random.default_rng(0)
    for label, value in (("brook", 60), ("street", 180)):
        for side in ("audio", "images"):
            (root / side / label).mkdir(parents=True)
        for number in range(4):
            write_wav(root / "audio" / label / f"{number}.wav", tone(3.0) * (number + 1) / 5)
            pixels = (value + rng.integers(-40, 40, (50, 60, 3))).astype(np.uint8)
            Image.fromarray(pixels).save(root / "images" / label / f"{number}.jpg")
    return root


def _pair_list(root: Path) -> Path:
    files = _by_class(root)
    rows = ["audio,image,label"]
    rows += [
        f"audio/{label}/{number}.wav,images/{label}/{number}.jpg,{label}"
        for label in ("brook", "street")
        for number in range(4)
    ]
    (files / "list.csv").write_text("\n".join(rows) + "\n")
    return files / "list.csv"


@pytest.mark.parametrize("make", [_pair_list, _by_class])
def test_from_files_to_pairs(a2i, tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)
    _check_import(a2i, make(tmp_path / "mine").relative_to(tmp_path))


def test_from_videos_to_a_picture(a2i, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _check_import(a2i, _videos(tmp_path / "mine").relative_to(tmp_path))
    train = ("--preset", "tiny", "--image-size", 32, "--steps", 3)
    with run_eagerly():
        code, _, err = a2i("train", *train)
    assert code == 0, err
    write_wav(tmp_path / "clip.wav", tone(1.5))
    code, _, err = a2i("generate", "clip.wav")
    assert code == 0, err
    with Image.open("out/clip-seed0.png") as picture:
        assert picture.size == (32, 32)


def _check_import(a2i, path: Path) -> None:
    code, out, err = a2i("import", path, "--name", "own", "--frame-size", 32, "--json")
    assert code == 0, err
    result = json.loads(out)
    assert result["label_counts"].keys() == {"brook", "street"}
    folder = read_pairs(Path(result["path"]))
    assert find_bad_pairs(folder) == []
    for split in ("train", "validation", "test"):
        assert {pair.label for pair in folder.split(split)} == {"brook", "street"}
    code, out, err = a2i("import", path, "--name", "own", "--frame-size", 32, "--json")
    assert code == 0
    assert "is there already" in err
    assert json.loads(out)["checksum"] == result["checksum"]


@pytest.fixture
def two_videos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    write_video(tmp_path / "in" / "a.mp4", 3.0)
    write_video(tmp_path / "in" / "b.mkv", 3.0, sound_from=0.5)
    return tmp_path / "in"


def test_broken_files_are_named_and_skipped(a2i, two_videos):
    (two_videos / "text.mp4").write_text("words\n" * 500)
    (two_videos / "empty.mp4").touch()
    (two_videos / "cut.mp4").write_bytes((two_videos / "a.mp4").read_bytes()[:3000])
    write_video(two_videos / "mute.mp4", 1.0, sound=None)
    write_wav(two_videos / "sound.wav", tone())
    code, out, err = a2i("import", "in", "--name", "own", "--label", "sea")
    assert code == 0
    assert out == ""
    lines = " ".join(err.split())
    for name, reason in (
        ("text.mp4", "is damaged or in no known"),
        ("empty.mp4", "is empty"),
        ("cut.mp4", "is damaged"),
        ("mute.mp4", "has no audio track"),
        ("sound.wav", "has sound but no pictures"),
    ):
        assert f"skipped in/{name}: {reason}" in lines
    assert "data/own: 5 pairs from 2 sources, 1 class" in lines
    assert sorted(os.listdir("data")) == ["own"]  # noqa: PTH208


@pytest.mark.usefixtures("two_videos")
def test_dry_run_writes_nothing(a2i):
    code, out, err = a2i("import", "in", "--name", "own", "--dry-run")
    assert (code, out) == (0, "")
    assert "in: videos: 2 files in 1 class" in err
    assert "would import 2 files into data/own" in err
    assert not Path("data").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "nowhere: no such file or folder; give videos"),
        (("empty",), "empty: is empty; give videos"),
        (("list.csv",), "list.csv: has no column image"),
        (("sides",), "no class has files in both"),
        (("text",), "nothing is left to import: skipped 1, first text/text.mp4"),
        (("in", "--labels", "list.csv"), "list.csv: has no column file"),
        (("in", "--labels", "gone.csv"), "gone.csv: no such file"),
        (("in", "--labels", "nul.csv"), "nul.csv, line 2: has no file or no label"),
        (("in", "--labels", "twice.csv"), "line 3: ./a.mp4 is 'z' here and 'y' before"),
        (("flat",), "flat: holds sounds and pictures, and nothing says which belong together"),
    ],
)
@pytest.mark.usefixtures("two_videos")
def test_one_line_and_an_untouched_folder(a2i, tmp_path, arguments, message):
    (tmp_path / "nul.csv").write_text("file,label\na\0.mp4,y\n")
    (tmp_path / "twice.csv").write_text("file,label\na.mp4,y\n./a.mp4,z\n")
    (tmp_path / "flat").mkdir()
    for name in ("1.wav", "1.PNG", "readme.txt"):
        (tmp_path / "flat" / name).touch()
    for name in ("empty", "text", "sides/audio/river"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "text" / "text.mp4").write_text("words\n" * 500)
    (tmp_path / "sides" / "audio" / "river" / "1.wav").touch()
    (tmp_path / "list.csv").write_text("audio,label\na.wav,b\n")
    (tmp_path / "data").mkdir()
    code, out, err = a2i("import", *arguments, "--name", "own")
    assert (code, out) == (1, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err
    assert not list((tmp_path / "data").iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ("in",),
        ("in", "--name", "../own"),
        ("in", "--name", ".own"),
        ("in", "--name", "o" * 300),
        ("in", "--name", "own", "--label", "a", "--labels", "l.csv"),
        ("in", "--name", "own", "--fit", "stretch"),
        ("in", "--name", "own", "--hop", "0"),
        ("in", "--name", "own", "--frame-size", "8"),
    ],
)
def test_wrong_usage_exits_2(a2i, arguments):
    code, out, err = a2i("import", *arguments)
    assert (code, out) == (2, "")
    assert "Usage" in err


def test_a_folder_that_is_there_is_left_alone(a2i, two_videos):
    Path("data/own").mkdir(parents=True)
    Path("data/own/diary.txt").write_text("dear")
    code, _, err = a2i("import", "in", "--name", "own")
    assert code == 1
    assert "data/own: is in the way and no dataset" in err
    assert [path.name for path in Path("data/own").iterdir()] == ["diary.txt"]
    Path("data/own/diary.txt").unlink()
    assert a2i("import", "in", "--name", "own")[0] == 0
    before = Path("data/own/dataset.json").read_bytes()
    write_video(two_videos / "c.mp4", 2.0)
    code, _, err = a2i("import", "in", "--name", "own")
    assert code == 1
    assert "data/own: was imported from other files, or they changed" in " ".join(err.split())
    code, _, err = a2i("import", "in", "--name", "own", "--frame-size", 64)
    assert code == 1
    assert "its frame size is 128, not 64; remove it, or choose another --name" in err
    assert Path("data/own/dataset.json").read_bytes() == before


@pytest.mark.usefixtures("two_videos")
def test_a_path_typed_in_another_way_is_the_same(a2i, tmp_path):
    assert a2i("import", "in", "--name", "own")[0] == 0
    for path in (tmp_path / "in", "./in", "in/../in"):
        code, _, err = a2i("import", path, "--name", "own")
        assert (code, "data/own: is there already" in err) == (0, True)
    (tmp_path / "in").rename(tmp_path / "moved")
    assert "is there already" in a2i("import", "moved", "--name", "own")[2]


def _start(tmp_path: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "a2i_tf", "import", "in", "--name", "own", "--workers", "1"]
    return subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A suite that a shell runs in the background would hand on that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def _wait_for_a_record(process: subprocess.Popen, records: Path) -> dict[Path, int]:
    while not (found := list(records.glob("*.json"))):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    return {path: path.stat().st_mtime_ns for path in found}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_and_gone_on_with(a2i, two_videos, tmp_path, how):
    for name in ("c", "d", "e"):
        write_video(two_videos / f"{name}.mp4", 30.0, frame_times=np.arange(60) / 2)
    records = tmp_path / "data" / ".own.import" / "records"
    process = _start(tmp_path)
    before = _wait_for_a_record(process, records)
    process.send_signal(how)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (1 if how == signal.SIGINT else -how)
    if how == signal.SIGINT:
        assert "stopped; run the same command again" in " ".join(err.split())
        assert "Traceback" not in err
    assert not (tmp_path / "data" / "own").exists()
    kept = {path.stem.split("-")[1] for path in before}
    sounds = records.parent / "dataset" / "audio"
    times = {name: (sounds / f"{name}.wav").stat().st_mtime_ns for name in kept}

    code, _, err = a2i("import", "in", "--name", "own")

    assert code == 0, err
    folder = read_pairs(tmp_path / "data" / "own")
    assert folder.info.num_sources == 5
    assert find_bad_pairs(folder) == []
    assert times == {
        name: (folder.root / "audio" / f"{name}.wav").stat().st_mtime_ns for name in kept
    }
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["own"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.usefixtures("two_videos")
def test_a_full_disk(a2i, tmp_path):
    disk = tmp_path / "data"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", disk])
    if mounted.returncode:
        pytest.skip("a small disk can't be mounted here")
    try:
        code, out, err = a2i("import", "in", "--name", "own")
        assert (code, out) == (1, "")
        assert "the disk is full; free some space and run the command again" in " ".join(
            err.split()
        )
        assert "Traceback" not in err
        assert not (disk / "own").exists()
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        assert a2i("import", "in", "--name", "own")[0] == 0
        assert find_bad_pairs(read_pairs(disk / "own")) == []
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.usefixtures("two_videos")
def test_two_at_once(a2i, tmp_path):
    with locked(tmp_path / "data" / ".own.import" / "lock", "held"):
        code, _, err = a2i("import", "in", "--name", "own")
        assert code == 1
        assert "is being imported by another process; wait for it" in " ".join(err.split())
        assert not (tmp_path / "data" / "own").exists()
    assert a2i("import", "in", "--name", "own")[0] == 0
