"""Lists of pairs, sounds and pictures by class, splits, worker processes, and the work folder."""

from __future__ import annotations

import os
import signal
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sound_files import RATE, encode, tone, write_wav
from video_fixture import write_video

from a2i_tf.datasets.check import find_bad_pairs
from a2i_tf.datasets.importing.assembly import import_dataset
from a2i_tf.datasets.importing.jobs import Job, PictureJob, Record
from a2i_tf.datasets.importing.names import unique_names
from a2i_tf.datasets.importing.options import ImportOptions
from a2i_tf.datasets.importing.picture import read_picture
from a2i_tf.datasets.importing.recognize import recognize
from a2i_tf.datasets.importing.splitting import choose_splits
from a2i_tf.datasets.importing.workers import JobRunner
from a2i_tf.datasets.pairs import split_of
from a2i_tf.errors import A2IError


def _ignore(*_):
    return None


def _import(path: Path, root: Path, label=None, labels=None, **options):
    material = recognize(path, label, labels)
    return import_dataset(root, material, ImportOptions(**options), 1, _ignore)


def _picture(path: Path, value=120, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(abs(value)).integers(-20, 20, (*size[::-1], 3))
    Image.fromarray((value + noise).clip(0, 255).astype(np.uint8)).save(path)
    return path


def _sound(path: Path, seconds=2.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_wav(path, tone(seconds))


# A list of pairs


def test_a_list_with_every_column(tmp_path):
    _sound(tmp_path / "a" / "one.wav", 3.0)
    encode(tmp_path / "two.mp3", "mp3", tone(2.0, 44_100), 44_100)
    _picture(tmp_path / "p.png", 90)
    _picture(tmp_path / "q.jpg", 150)
    (tmp_path / "list.csv").write_text(
        "\ufeffimage,audio,label,source,start_seconds\n"
        "p.png,a/one.wav,river,tape 1,1.25\n"
        "q.jpg,a/one.wav,river,tape 1,\n"
        "q.jpg,two.mp3,beach,,0.5\n\n"
    )

    result = _import(tmp_path / "list.csv", tmp_path / "data" / "mine", frame_size=32)

    rows = [(p.source, p.label, p.start_seconds, p.sound) for p in result.folder.pairs]
    assert rows == [
        ("tape 1", "river", 1.25, "audio/a-one.wav"),
        *(("tape 1", "river", start, "audio/a-one.wav") for start in (0.0, 1.0, 2.0)),
        ("two.mp3", "beach", 0.5, "audio/two.wav"),
    ]
    assert [p.image for p in result.folder.pairs] == ["images/p.png"] + ["images/q.png"] * 4
    info = result.folder.info
    assert (info.sample_rate, info.window_seconds, info.image_size) == (RATE, 1.0, 32)
    assert find_bad_pairs(result.folder) == []
    assert not list((tmp_path / "data").glob(".*"))


def test_a_list_without_labels_and_with_missing_files(tmp_path):
    _sound(tmp_path / "one.wav")
    _picture(tmp_path / "p.png")
    (tmp_path / "black.png").write_bytes(_picture(tmp_path / "b.png", -100).read_bytes())
    (tmp_path / "torn.png").write_bytes((tmp_path / "p.png").read_bytes()[:300])
    (tmp_path / "list.csv").write_text(
        "audio,image,start_seconds\none.wav,p.png,1\ngone.wav,p.png,\none.wav,black.png,\n"
        "one.wav,torn.png,\none.wav,p.png,1.5\n"
    )
    result = _import(tmp_path / "list.csv", tmp_path / "mine")
    assert {pair.label for pair in result.folder.pairs} == {"unlabelled"}
    assert [pair.start_seconds for pair in result.folder.pairs] == [1.0]
    assert any("windows too near its end, left out: 1" in note for note in result.notes)
    assert result.left_out == {"black pictures": 1}
    assert len(result.skipped) == 2
    assert "line 3" in result.skipped[0]
    assert "gone.wav" in result.skipped[0]
    assert "torn.png" in result.skipped[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("audio,label\nx.wav,a\n", "has no column image"),
        ("audio,image\n", "has no rows"),
        ("audio,image\nx.wav,y.png\n", "x.wav: no such file"),
        ("audio,image\n,y.png\n", "line 2: audio is empty"),
        ("audio,image,start_seconds\na.wav,b.png,soon\n", "line 2: start_seconds is 'soon'"),
        ("audio,image,start_seconds\na.wav,b.png,-1\n", "line 2: start_seconds is -1"),
        ("audio,image\n\udcff,y.png\n", "cannot be read as CSV"),
        ("", "has no column audio, image"),
    ],
)
def test_wrong_lists(tmp_path, text, message):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(A2IError, match=message):
        recognize(path, None, None)


# By class


def _by_class(root: Path, sounds: int, pictures: int, classes=("river", "street")):
    for label in classes:
        for number in range(sounds):
            _sound(root / "audio" / label / f"{number}.wav", 2.0)
        for number in range(pictures):
            _picture(root / "images" / label / f"{number}.png", 60 + number)
    return root


def test_no_picture_is_on_two_sides_and_all_are_used(tmp_path):
    result = _import(_by_class(tmp_path / "in", 5, 9), tmp_path / "mine", frame_size=32)

    pairs = result.folder.pairs
    splits = defaultdict(set)
    for pair in pairs:
        splits[pair.image].add(pair.split or split_of(pair.source))
        assert pair.label == pair.source.split("-")[0] == pair.image.split("/")[1].split("-")[0]
    assert all(len(of_image) == 1 for of_image in splits.values())
    assert len(splits) == 18
    assert {(p.source, p.start_seconds) for p in pairs} == {
        (f"{label}-{number}", start)
        for label in ("river", "street")
        for number in range(5)
        for start in (0.0, 1.0)
    }
    for split in ("train", "validation", "test"):
        assert {pair.label for pair in result.folder.split(split)} == {"river", "street"}
    assert find_bad_pairs(result.folder) == []


def _link(material, seconds=2, **options):
    """Links as if every file had been imported."""
    records = {
        job: Record(job.name, "", images=(f"images/{job.name}.png",))
        if isinstance(job, PictureJob)
        else Record(job.name, "", starts=tuple(map(float, range(seconds))))
        for job in material.jobs
    }
    return material.link(records, ImportOptions(**options))


def test_the_seed_decides_who_meets_whom(tmp_path):
    material = recognize(_by_class(tmp_path / "in", 3, 6), None, None)
    dealt = [[(p.id, p.image) for p in _link(material, seed=seed).pairs] for seed in (0, 0, 1)]
    assert dealt[0] == dealt[1] != dealt[2]


def test_more_pictures_than_windows_are_all_used(tmp_path):
    material = recognize(_by_class(tmp_path / "in", 3, 20, ("river",)), None, None)
    pairs = _link(material, seconds=1).pairs
    assert len({pair.image for pair in pairs}) == len(pairs) == 20
    assert len({pair.id for pair in pairs}) == 20


def test_fewer_pictures_than_splits_leave_recordings_out(tmp_path):
    material = recognize(_by_class(tmp_path / "in", 4, 1, ("river",)), None, None)
    linked = _link(material)
    assert {pair.split or split_of(pair.source) for pair in linked.pairs} == {"train"}
    used = {pair.source for pair in linked.pairs}
    assert linked.left_out == {"recordings of a split without pictures": 4 - len(used)}
    assert 1 <= len(used) < 4


def test_a_class_on_one_side_only_is_told(tmp_path):
    folder = _by_class(tmp_path / "in", 1, 1)
    _sound(folder / "audio" / "wind" / "1.wav")
    _picture(folder / "images" / "night" / "1.png")
    result = _import(folder, tmp_path / "mine")
    assert result.folder.labels == ("river", "street")
    assert len(result.skipped) == 2
    assert "audio/wind" in result.skipped[0]
    assert "images/night" in result.skipped[1]


@pytest.mark.parametrize("side", ["audio", "images"])
def test_one_side_alone(tmp_path, side):
    folder = _by_class(tmp_path, 1, 1)
    os.rename(folder / side, folder / "elsewhere")  # noqa: PTH104
    with pytest.raises(A2IError, match="no class has files in both"):
        recognize(folder, None, None)


# Videos and their labels


def test_labels_from_folders_a_list_or_an_option(tmp_path):
    for name in ("sea/a.mp4", "sea/deep/a.mp4", "b.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_video(tmp_path / name, 1.0)
    (tmp_path / ".hidden").write_text("x")
    labels = tmp_path.parent / "labels.csv"
    labels.write_text("file,label\nsea/a.mp4,waves\nb.mp4,bees\nc.mp4,cars\n")

    def found(*arguments):
        videos = recognize(tmp_path, *arguments)
        return {job.name: label for job, label in videos.labels.items()}, videos.problems

    names, problems = found(None, None)
    assert (names, problems) == (
        {"sea-a": "sea", "sea-deep-a": "sea", "b": "unlabelled"},
        [],
    )
    assert set(found("all", None)[0].values()) == {"all"}
    names, problems = found(None, labels)
    assert names == {"sea-a": "waves", "b": "bees"}
    assert "c.mp4: no such file" in problems[0]
    assert "deep/a.mp4: has no label" in problems[1]


def test_names_are_safe_unique_and_do_not_depend_on_order(tmp_path):
    paths = [
        tmp_path / name for name in ("a b.mp4", "a/b.mp4", "A-b.mkv", "ü.mp4", "..mp4", "c.mp4")
    ]
    names = unique_names(paths, tmp_path)
    assert names == unique_names(paths[::-1], tmp_path)
    assert len({name.casefold() for name in names.values()}) == len(paths)
    assert names[paths[3]] == "ü"
    assert names[paths[5]] == "c"
    for name in names.values():
        assert not set(name) & set(' /\\:*?"<>|')
        assert not name.startswith(".")


# Splits


def test_splits_are_of_hashes_unless_they_leave_a_class_without():
    many = {f"{label}{number}": label for label in "ab" for number in range(200)}
    assert choose_splits(many) == {source: split_of(source) for source in many}
    few = {f"{label}{number}": label for label in "abcdefgh" for number in range(3)}
    chosen = choose_splits(few)
    for label in "abcdefgh":
        of_label = Counter(split for source, split in chosen.items() if few[source] == label)
        assert of_label == {"train": 1, "validation": 1, "test": 1}


# Pictures


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "LA", "1", "CMYK", "I;16"])
def test_pictures_of_any_mode(tmp_path, mode):
    if mode == "I;16":
        image = Image.fromarray(np.full((20, 30), 200 * 256, np.uint16))
    else:
        image = Image.new("RGB", (30, 20), (200, 200, 200)).convert(mode, dither=Image.Dither.NONE)
    path = tmp_path / ("p.tif" if mode in ("CMYK", "I;16") else "p.png")
    image.save(path)
    picture = np.asarray(read_picture(path, 16, "crop"))
    assert picture.shape == (16, 16, 3)
    # A palette of the web has 204.
    expected = {"1": 255, "P": 204}.get(mode, 200)
    assert abs(picture.astype(int) - expected).max() <= 2


def test_pictures_are_upright_and_transparency_is_white(tmp_path):
    image = Image.new("RGB", (20, 20), (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 20, 10))
    exif = Image.Exif()
    exif[0x0112] = 3
    image.save(tmp_path / "turned.png", exif=exif)
    turned = np.asarray(read_picture(tmp_path / "turned.png", 20, "crop"))
    assert turned[2].max() == 0
    assert turned[17].min() == 255
    Image.new("RGBA", (8, 8), (9, 9, 9, 0)).save(tmp_path / "clear.png")
    assert np.asarray(read_picture(tmp_path / "clear.png", 8, "crop")).min() == 255


# Worker processes


@dataclass(frozen=True)
class _Odd(Job):
    """A job that works, fails, or kills its process."""

    def run(self, folder, options, threads, on_share):
        del folder, options, threads
        if self.name == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.name == "broken":
            raise A2IError("broken: cannot be read")
        on_share(0.5)
        return Record(self.name, "")


def test_a_crash_takes_its_own_file_only(tmp_path):
    names = ["a", "crash", "b", "broken", "c", "d"]
    jobs = [_Odd(name, tmp_path / name) for name in names]
    outcomes = {
        job.name: outcome
        for job, outcome in JobRunner(jobs, tmp_path, ImportOptions(), 2, _ignore).run()
    }
    assert sorted(outcomes) == sorted(names)
    assert {name for name in names if isinstance(outcomes[name], Record)} == {"a", "b", "c", "d"}
    assert "its decoder crashed" in str(outcomes["crash"])
    assert str(outcomes["broken"]) == "broken: cannot be read"


# The work folder


def test_finished_files_are_kept_until_they_change(tmp_path):
    folder = _by_class(tmp_path / "in", 2, 2, ("river",))
    root = tmp_path / "mine"
    material = recognize(folder, None, None)

    def stop_after_some(*_):
        records = list((tmp_path / ".mine.import" / "records").glob("*.json"))
        if len(records) >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_dataset(root, material, ImportOptions(), 1, stop_after_some)
    assert not root.exists()
    records = sorted((tmp_path / ".mine.import" / "records").glob("*.json"))
    assert len(records) >= 2
    before = {path: path.stat().st_mtime_ns for path in records}
    kept = sorted((tmp_path / ".mine.import" / "dataset" / "audio").glob("*.wav"))
    times = {path.name: path.stat().st_mtime_ns for path in kept}
    changed = folder / "audio" / "river" / "0.wav"
    _sound(changed, 3.0)

    result = import_dataset(root, recognize(folder, None, None), ImportOptions(), 1, _ignore)

    assert before
    assert len(result.folder.pairs) == 5
    same = {p.name: p.stat().st_mtime_ns for p in (root / "audio").glob("*.wav")}
    assert same["river-0.wav"] != times["river-0.wav"]
    assert same["river-1.wav"] == times["river-1.wav"]
    assert find_bad_pairs(result.folder) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "mine"]
