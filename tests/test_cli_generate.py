"""Whole commands, as a person runs them: generate."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shared_data import esc10_clips, needs_esc10
from sound_files import RATE, encode, tone, write_wav

from a2i_tf.cli.generate import parse_seeds, picture_names


def test_seeds():
    assert parse_seeds("0-3") == [0, 1, 2, 3]
    assert parse_seeds("5, 2,5") == [5, 2]


def test_clips_of_one_name_get_names_of_their_own():
    clips = [Path("a/x.wav"), Path("b/x.wav"), Path("b/x.ogg"), Path("y.mp3")]
    assert picture_names(clips) == ["a-x-wav", "b-x-wav", "b-x-ogg", "y"]
    assert len(set(picture_names([Path("x.wav")] * 3))) == 3


@pytest.mark.usefixtures("in_project")
def test_generate_gives_the_same_pixels_every_time(a2i, tmp_path):
    clip = write_wav(tmp_path / "clip.wav", tone())
    pictures = {}
    for out in ("first", "second"):
        code, stdout, _ = a2i(
            "generate", clip, "-o", tmp_path / out, "--seeds", "0-2", "--grid", "--json"
        )
        assert code == 0
        result = json.loads(stdout)
        assert [entry["seed"] for entry in result["pictures"]] == [0, 1, 2]
        pictures[out] = [np.asarray(Image.open(entry["picture"])) for entry in result["pictures"]]
    np.testing.assert_array_equal(pictures["first"], pictures["second"])
    assert pictures["first"][0].shape == (32, 32, 3)
    assert not np.array_equal(pictures["first"][0], pictures["first"][1])
    with Image.open(tmp_path / "first" / "clip-seed2.png") as image:
        recipe = json.loads(image.text["a2i"])
    assert recipe == {"model": "runs/0001-fixture-tiny", "seed": 2, "clip": str(clip)}
    with Image.open(tmp_path / "first" / "grid.png") as image:
        assert image.size == (3 * 34 + 2, 36)


@pytest.mark.usefixtures("in_project")
@pytest.mark.parametrize(
    ("name", "codec"), [("x.mp3", "libmp3lame"), ("x.flac", "flac"), ("x.m4a", "aac")]
)
def test_generate_hears_compressed_sound(a2i, tmp_path, name, codec):
    clip = encode(tmp_path / name, codec, tone(2))
    code, _, err = a2i("generate", clip, "-o", tmp_path / "out")
    assert code == 0, err
    assert (tmp_path / "out" / "x-seed0.png").is_file()


@pytest.mark.usefixtures("in_project")
@needs_esc10
def test_generate_hears_real_recordings(a2i, tmp_path):
    clips = esc10_clips(3)
    code, out, err = a2i("generate", *clips, "-o", tmp_path / "out", "--json")
    assert code == 0, err
    assert len({Path(p["picture"]).read_bytes() for p in json.loads(out)["pictures"]}) == 3


@pytest.mark.usefixtures("in_project")
def test_generate_warns_in_one_line_and_draws_all_the_same(a2i, tmp_path):
    silence = write_wav(tmp_path / "silence.wav", np.zeros(16_000))
    code, stdout, err = a2i("generate", silence, "-o", tmp_path / "out", "--json")
    assert code == 0
    (entry,) = json.loads(stdout)["warnings"]
    assert entry["clip"] == str(silence)
    assert "far quieter" in entry["warning"]
    assert [line for line in err.splitlines() if line.startswith("warning: ")] == [
        f"warning: {silence}: {entry['warning']}"
    ]
    assert (tmp_path / "out" / "silence-seed0.png").is_file()


@pytest.mark.usefixtures("in_project")
def test_generate_says_nothing_of_training_sounds(a2i, in_project, tmp_path):
    sounds = sorted((in_project / "data" / "pairs").rglob("*.wav"))[:4]
    code, stdout, err = a2i("generate", *sounds, "-o", tmp_path / "out", "--json")
    assert code == 0, err
    assert json.loads(stdout)["warnings"] == []
    assert "warning" not in err


@pytest.mark.usefixtures("in_project")
def test_one_sample_is_a_clip(a2i, tmp_path):
    code, _, err = a2i("generate", write_wav(tmp_path / "x.wav", [0.5]), "-o", tmp_path / "out")
    assert code == 0, err


def make_bad_clip(kind: str, folder: Path) -> Path:
    path = folder / "bad.wav"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("This is not a recording.\n" * 50)
    elif kind == "no samples":
        write_wav(path, [])
    elif kind == "truncated mp3":
        path = encode(folder / "bad.mp3", "libmp3lame", tone(4))
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    elif kind == "nan":
        samples = np.full(RATE, np.nan, "<f4").tobytes()
        fmt = b"fmt " + (16).to_bytes(4, "little") + (3).to_bytes(2, "little")
        fmt += (1).to_bytes(2, "little") + RATE.to_bytes(4, "little")
        fmt += (4 * RATE).to_bytes(4, "little") + (4).to_bytes(2, "little")
        fmt += (32).to_bytes(2, "little")
        data = b"data" + len(samples).to_bytes(4, "little") + samples
        body = b"WAVE" + fmt + data
        path.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    return path


@pytest.mark.usefixtures("in_project")
@pytest.mark.parametrize("kind", ["missing", "empty", "text", "no samples", "truncated mp3", "nan"])
def test_bad_clip_is_one_line_and_nothing_is_written(a2i, tmp_path, kind):
    good = write_wav(tmp_path / "good.wav", tone())
    bad = make_bad_clip(kind, tmp_path)
    out = tmp_path / "out"
    code, stdout, err = a2i("generate", good, bad, "-o", out)
    assert code == 1
    assert stdout == ""
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1, err
    assert bad.name in lines[0]
    assert "Traceback" not in err
    assert not out.exists()


@pytest.mark.usefixtures("in_project")
def test_unwritable_output_is_one_line(a2i, tmp_path):
    clip = write_wav(tmp_path / "clip.wav", tone())
    (tmp_path / "file").write_text("in the way")
    code, _, err = a2i("generate", clip, "-o", tmp_path / "file")
    assert code == 1
    assert "cannot be written" in err


@pytest.mark.usefixtures("in_project")
def test_model_that_is_none(a2i, tmp_path):
    clip = write_wav(tmp_path / "clip.wav", tone())
    for model in (tmp_path / "nowhere", tmp_path, clip):
        code, _, err = a2i("generate", clip, "--model", model)
        assert code == 1
        assert str(model) in err.replace("\n", "")


def test_no_model_yet(a2i, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = a2i("generate", write_wav(tmp_path / "clip.wav", tone()))
    assert code == 1
    assert "run `a2i train`" in err
