"""What people's files are really like: odd names, odd videos, odd lists, none of them an end."""

from __future__ import annotations

import os
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from sound_files import tone, write_wav
from video_fixture import write_video

from a2i_tf.audio.decode import load_waveform
from a2i_tf.datasets.check import find_bad_pairs
from a2i_tf.datasets.destination import remove_leftovers
from a2i_tf.datasets.importing import assembly
from a2i_tf.datasets.importing.assembly import import_dataset
from a2i_tf.datasets.importing.jobs import Job, Record, VideoJob
from a2i_tf.datasets.importing.names import unique_names
from a2i_tf.datasets.importing.options import ImportOptions
from a2i_tf.datasets.importing.recognize import recognize
from a2i_tf.datasets.importing.splitting import link_with_splits
from a2i_tf.datasets.importing.workers import JobRunner
from a2i_tf.datasets.lock import locked
from a2i_tf.datasets.pairs import Pair, split_of
from a2i_tf.datasets.quantity import quantity
from a2i_tf.errors import A2IError


def _ignore(*_):
    return None


def _link(material):
    """Links as if every file had been imported, each as one window and one picture."""
    records = {
        job: Record(job.name, "", starts=(0.0,), images=(f"images/{job.name}.png",))
        for job in material.jobs
    }
    return material.link(records, ImportOptions())


def _touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def _listed(root: Path, text: str):
    for row in text.split()[1:]:
        _touch(root, *row.replace(";", ",").split(",")[:2])
    (root / "list.csv").write_text(text)
    return recognize(root / "list.csv", None, None)


# Videos


def test_a_title_in_latin_1(tmp_path):
    write_video(tmp_path / "plain.avi", 2.0)
    with (
        av.open(str(tmp_path / "plain.avi")) as source,
        av.open(str(tmp_path / "v.avi"), "w") as target,
    ):
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        target.metadata["title"] = "CafeX"
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    contents = (tmp_path / "v.avi").read_bytes()
    assert b"CafeX" in contents
    (tmp_path / "v.avi").write_bytes(contents.replace(b"CafeX", b"Caf\xe9!"))
    record = VideoJob("v", tmp_path / "v.avi").run(tmp_path, ImportOptions(), 1, _ignore)
    assert record.starts
    assert len(load_waveform(tmp_path / "v.avi", 16_000, use_tensorflow=False)) > 30_000


@pytest.mark.parametrize(
    ("known", "unknown", "what"),
    [(b"V_MPEG4/ISO/AVC", b"V_ZZZZZ/ZZZ/ZZZ", "pictures are"), (b"A_AAC", b"A_ZZZ", "sound is")],
)
def test_a_codec_that_nobody_knows(tmp_path, known, unknown, what):
    video = write_video(tmp_path / "v.mkv", 1.0)
    assert known in video.read_bytes()
    video.write_bytes(video.read_bytes().replace(known, unknown))
    with pytest.raises(A2IError, match=rf"v\.mkv: its {what} in an unknown codec"):
        VideoJob("v", video).run(tmp_path, ImportOptions(), 1, _ignore)


class _Surprise(Job):
    """A job that fails as nobody expects."""

    def run(self, folder, options, threads, on_share):
        raise RecursionError(f"in {folder} {options} {threads} {on_share}")


def test_a_surprise_takes_its_own_file_only(tmp_path):
    job = _Surprise("a", tmp_path / "a.mp4")
    ((_, outcome),) = JobRunner([job], tmp_path, ImportOptions(), 1, _ignore).run()
    assert isinstance(outcome, A2IError)
    assert str(outcome) == f"{job.path}: cannot be decoded (RecursionError); convert it first"


def test_a_video_beside_the_folders_is_told(tmp_path):
    _touch(tmp_path, "sea/a.mp4", "city/b.mp4", "stray.mp4")
    notes = _link(recognize(tmp_path, None, None)).notes
    assert notes == [
        f"{tmp_path}/stray.mp4: lies beside the folders of the classes; its class is 'unlabelled'"
    ]
    assert not _link(recognize(tmp_path / "sea", None, None)).notes


def test_links_in_a_circle_are_files_that_cannot_be_read(tmp_path):
    videos = _touch(tmp_path / "in", "a.mp4")
    (videos / "circle.mp4").symlink_to("circle.mp4")
    (tmp_path / "labels.csv").write_text("file,label\na.mp4,x\ncircle.mp4,y\n")
    found = recognize(videos, None, tmp_path / "labels.csv")
    assert sorted(found.labels.values()) == ["x", "y"]


# Names


def test_long_names_fit_onto_any_disk(tmp_path):
    names = ["海" * 70 + "/" + letter * 80 + ".mp4" for letter in "長短é"] + ["x" * 250 + ".mp4"]
    found = unique_names([tmp_path / name for name in names], tmp_path)
    assert len(set(found.values())) == 4
    for name in found.values():
        assert len(name.encode()) <= 130
        (tmp_path / f".video-{name}-12345678.json.abcdefgh").touch()


# Classes


def test_a_class_that_is_never_heard_is_left_out(tmp_path):
    for label, loudness in (("sea", 1.0), ("mute", 0.0)):
        for side in ("audio", "images"):
            (tmp_path / "in" / side / label).mkdir(parents=True)
        for number in range(2):
            sound = tmp_path / "in" / "audio" / label / f"{number}.wav"
            write_wav(sound, loudness * tone(1.0))
            noise = np.random.default_rng(number).integers(0, 255, (40, 40, 3), np.uint8)
            Image.fromarray(noise).save(tmp_path / "in" / "images" / label / f"{number}.png")
    material = recognize(tmp_path / "in", None, None)
    result = import_dataset(tmp_path / "own", material, ImportOptions(), 1, _ignore)
    assert result.folder.labels == ("sea",)
    assert result.left_out == {
        "silent windows": 2,
        "pictures of a class without recordings": 2,
    }
    assert find_bad_pairs(result.folder) == []


def test_sides_may_have_capitals(tmp_path):
    _touch(tmp_path, "Audio/sea/1.wav", "IMAGES/sea/1.png")
    material = recognize(tmp_path, None, None)
    assert material.description == "1 sound and 1 picture in 1 class"


# Lists


@pytest.mark.parametrize("text", ["Audio,IMAGE\ns.wav,p.png\n", "image;audio\np.png;s.wav\n"])
def test_capitals_and_semicolons(tmp_path, text):
    (row,) = _listed(tmp_path, text).rows
    assert (row.audio.name, row.image.name) == ("s.wav", "p.png")


def test_a_sound_is_one_however_it_is_typed(tmp_path):
    absolute = _touch(tmp_path, "s0.wav") / "s0.wav"
    rows = "".join(
        f"{sound},p{n}.png\n" for n, sound in enumerate(["s0.wav", "././s0.wav", absolute])
    )
    material = _listed(tmp_path, f"audio,image\n{rows}")
    assert len(material.sounds) == 1
    assert {row.source for row in material.rows} == {"s0.wav"}


def test_a_sound_of_two_sources_is_refused(tmp_path):
    with pytest.raises(A2IError, match=r"line 3: the source of .*s\.wav is 'b' here and 'a'"):
        _listed(tmp_path, "audio,image,source\ns.wav,p.png,a\n./s.wav,q.png,b\n")


# Splits


def _pair(source: str, sound: str, image: str) -> Pair:
    return Pair(f"{source}-{sound}-{image}", source, "sea", 0.0, sound, image)


def test_who_shares_a_sound_or_a_picture_stays_together():
    chain = [_pair(f"s{n}", f"a{n}", f"p{m}") for n in range(10) for m in (n, n + 1)]
    alone = [_pair(f"t{n}", f"b{n}", f"q{n}") for n in range(40)]
    linked = link_with_splits([*chain, *alone])
    assert len({pair.split for pair in linked.pairs[: len(chain)]}) == 1
    for part in ("source", "sound", "image"):
        seen: dict[str, set[str | None]] = {}
        for pair in linked.pairs:
            seen.setdefault(getattr(pair, part), set()).add(pair.split)
        assert {len(splits) for splits in seen.values()} == {1}
    assert {pair.split for pair in linked.pairs} == {"train", "validation", "test"}
    (note,) = linked.notes
    assert note == "10 sources share sounds or pictures; those that share are in one split"
    assert not link_with_splits(alone).notes


def test_splits_are_always_written_so_that_runs_know_them(tmp_path):
    for count, rule in ((3, None), (60, split_of)):
        folder = _touch(tmp_path / str(count), *(f"clip{n}.mp4" for n in range(count)))
        material = recognize(folder, None, None)
        pairs = _link(material).pairs
        assert {pair.split for pair in pairs} == {"train", "validation", "test"}
        assert rule is None or all(pair.split == rule(pair.source) for pair in pairs)


# Others at work


def test_what_another_process_has_just_imported_is_left_alone(tmp_path):
    write_video(tmp_path / "v.mp4", 2.0)
    material, root = recognize(tmp_path / "v.mp4", None, None), tmp_path / "own"
    first = import_dataset(root, material, ImportOptions(), 1, _ignore)
    before = (root / "dataset.json").stat().st_ino
    again = import_dataset(root, material, ImportOptions(), 1, _ignore)
    assert again.folder == first.folder
    assert (root / "dataset.json").stat().st_ino == before
    assert again.notes == ["another process has just imported it"]
    with pytest.raises(A2IError, match="its window seconds is 1.0, not 0.5"):
        assembly.is_imported(root, material, ImportOptions(window_seconds=0.5))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own", "v.mp4"]


def test_a_lock_is_held_until_the_end_and_may_be_removed(tmp_path):
    path = tmp_path / "new" / "lock"
    with locked(path, "held"):
        with pytest.raises(A2IError, match="held"), locked(path, "held"):
            pass
        path.unlink()
        path.parent.rmdir()
    with locked(path, "held"):
        assert path.exists()


def test_only_old_leftovers_of_this_dataset_are_removed(tmp_path):
    root, old = tmp_path / "kaggle", time.time() - 7200
    names = (".kaggle.ab_d3fgh", ".kaggle.import", ".kaggle.v2.import", ".kagglex.abcdefgh")
    for name in (*names, ".kaggle.youngone"):
        _touch(tmp_path, f"{name}/images/deep.png")
        for path in (tmp_path / name / "images" / "deep.png", tmp_path / name / "images"):
            os.utime(path, (old, old))
        os.utime(tmp_path / name, (old, old))
    os.utime(tmp_path / ".kaggle.youngone" / "images" / "deep.png")
    remove_leftovers(root)
    assert {path.name for path in tmp_path.iterdir()} == {*names[1:], ".kaggle.youngone"}


def test_quantities():
    found = [quantity(*each) for each in ((1, "class"), (2, "class"), (1, "source"), (0, "pair"))]
    assert found == ["1 class", "2 classes", "1 source", "0 pairs"]
