"""Whole commands, as a person runs them."""

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from digits_fixture import make_digits_origin
from pairs_fixture import make_pairs_folder
from PIL import Image
from shared_data import esc10_clips, needs_esc10

from a2i_tf.cli import main
from a2i_tf.cli.generate import parse_seeds, picture_names
from a2i_tf.datasets.pairs import read_pairs, split_of, write_pairs
from a2i_tf.version import __version__

RATE = 16_000


@pytest.fixture
def a2i(monkeypatch, capsys):
    """Runs a command line in this process: (exit code, stdout, stderr)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["a2i", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with a dataset and a run trained by the command line."""
    root = tmp_path_factory.mktemp("project")
    make_pairs_folder(
        root / "data" / "pairs", labels=("a", "b"), sources_per_class=6, pairs_per_source=3
    )
    command = [sys.executable, "-m", "a2i_tf", "train", "--preset", "tiny", "--image-size", "32"]
    done = subprocess.run(
        [*command, "--steps", "40", "--json"], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return root, json.loads(done.stdout), done.stderr


@pytest.fixture
def in_project(project, monkeypatch):
    monkeypatch.chdir(project[0])
    return project[0]


def write_wav(path: Path, waveform, rate=RATE, width=2):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes((np.asarray(waveform) * 32767).astype("<i2").tobytes())
    return path


def tone(seconds=1.5, rate=RATE):
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)


def encode(path: Path, codec: str, waveform, rate=RATE):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        samples = (np.asarray(waveform) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path


# --- help, version, usage ---


def test_help_never_imports_tensorflow():
    code = (
        "import sys; sys.argv = ['a2i', '--help']\n"
        "from a2i_tf.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'scipy', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Turn sound into pictures" in done.stdout


def test_every_command_has_an_example(a2i):
    for command in ("fetch", "train", "generate", "evaluate", "export", "doctor"):
        code, out, _ = a2i(command, "--help")
        assert code == 0
        assert f"a2i {command}" in out.split("Examples")[1], command


def test_version(a2i):
    assert a2i("--version") == (0, f"a2i {__version__}\n", "")


@pytest.mark.usefixtures("in_project")
@pytest.mark.parametrize(
    "arguments",
    [
        ("draw",),
        ("train", "--minutes", "1", "--steps", "1"),
        ("train", "--preset", "huge"),
        ("train", "--image-size", "100"),
        ("fetch", "--sources", "0"),
        ("fetch", "digits"),
        ("fetch", "digits", "--from", ".", "--images-per-recording", "0"),
        ("generate", "x.wav", "--seeds", "three"),
        ("export", "--tflite", "float8"),
    ],
)
def test_wrong_usage_exits_2(a2i, arguments):
    code, out, err = a2i(*arguments)
    assert code == 2
    assert out == ""
    assert "Usage" in err


def test_seeds():
    assert parse_seeds("0-3") == [0, 1, 2, 3]
    assert parse_seeds("5, 2,5") == [5, 2]


def test_clips_of_one_name_get_names_of_their_own():
    clips = [Path("a/x.wav"), Path("b/x.wav"), Path("b/x.ogg"), Path("y.mp3")]
    assert picture_names(clips) == ["a-x-wav", "b-x-wav", "b-x-ogg", "y"]
    assert len(set(picture_names([Path("x.wav")] * 3))) == 3


# --- fetch ---


def test_fetch_renders_and_the_second_time_does_nothing(a2i, tmp_path):
    command = ("fetch", "scenes", "--data-dir", tmp_path, "--sources", 1, "--json")
    code, out, _ = a2i(*command)
    assert code == 0
    info = json.loads(out)
    assert info["num_pairs"] == 24
    assert Path(info["path"], "pairs.csv").is_file()
    code, out, err = a2i(*command)
    assert code == 0
    assert json.loads(out) == info
    assert "is there already" in err


def test_fetch_says_which_and_why(a2i, tmp_path, monkeypatch):
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    code, _, err = a2i("fetch", "--dry-run", "--data-dir", tmp_path)
    assert code == 0
    assert "no Kaggle credentials found: taking the built-in dataset" in err
    assert "would render 400 worlds (9600 pairs, seed 0)" in err
    (tmp_path / ".kaggle").mkdir()
    (tmp_path / ".kaggle" / "kaggle.json").write_text("{}")
    code, _, err = a2i("fetch", "--dry-run", "--data-dir", tmp_path)
    assert code == 0
    assert "cannot download the Kaggle set yet: taking the built-in" in " ".join(err.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == [".kaggle"]


def test_fetch_digits_has_a_folder_for_every_speaker_left_out(a2i, tmp_path):
    origin = make_digits_origin(tmp_path)
    command = ("fetch", "digits", "--from", origin, "--data-dir", tmp_path / "data")
    code, out, err = a2i(*command, "--dry-run", "--leave-out", "bob")
    assert (code, out) == (0, "")
    assert "would pair 60 recordings" in err
    assert not (tmp_path / "data").exists()
    command = (*command, "--images-per-recording", 2)
    results = []
    for left_out in ((), ("--leave-out", "ada"), ()):
        code, out, err = a2i(*command, *left_out, "--json")
        assert code == 0
        results.append(json.loads(out))
    assert results[0] == results[2]
    assert "is there already" in err
    assert [Path(result["path"]).name for result in results[:2]] == ["digits-eve", "digits-ada"]
    assert [(result["name"], result["num_pairs"]) for result in results[:2]] == [
        ("digits", 160)
    ] * 2
    code, _, err = a2i(*command, "--leave-out", "joe")
    assert code == 1
    assert "no speaker 'joe'; choose one of ada, bob, eve" in err


@pytest.mark.parametrize(
    ("name", "message"), [("kaggle", "cannot download"), ("movies", "no dataset 'movies'")]
)
def test_fetch_of_what_there_is_not(a2i, tmp_path, name, message):
    code, _, err = a2i("fetch", name, "--data-dir", tmp_path)
    assert code == 1
    assert message in err
    assert not list(tmp_path.iterdir())


# --- train ---


def test_train_makes_a_numbered_run_and_prints_only_json(project):
    root, result, err = project
    assert result == {**result, "run": "runs/0001-fixture-tiny", "steps": 40, "finished": True}
    assert (root / result["run"] / "model" / "encoder.keras").is_file()
    assert "images/s" in err or "step" in err
    assert "tensorflow" not in err.lower()
    assert "Warning" not in err


@pytest.mark.usefixtures("in_project")
def test_train_dry_run_writes_nothing(a2i):
    code, _, err = a2i("train", "--preset", "tiny", "--dry-run", "--steps", 5, "--run-dir", "new")
    assert code == 0
    assert "would train new on data/pairs" in err
    assert not Path("new").exists()


def test_train_refuses_bad_pairs_and_skips_them_when_told(a2i, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = make_pairs_folder(
        tmp_path / "data" / "pairs", labels=("a", "b"), sources_per_class=6, pairs_per_source=3
    )
    Path(folder.root / folder.pairs[0].image).write_bytes(b"")
    (folder.root / folder.pairs[4].image).write_bytes(b"not a picture")
    command = ("train", "--preset", "tiny", "--image-size", 32, "--steps", 2)
    code, _, err = a2i(*command)
    assert code == 1
    assert "2 of 36 pairs are bad" in " ".join(err.split())
    code, out, _ = a2i(*command, "--skip-bad", "--json", "--run-dir", "again")
    assert code == 0
    assert json.loads(out)["bad_pairs"] == [folder.pairs[0].id, folder.pairs[4].id]
    # Any run that did without them was trained on what is judged then.
    strict = Path(shutil.copytree("again", "strict")) / "config.json"
    strict.write_text(json.dumps({**json.loads(strict.read_text()), "skip_bad": False}))
    code, out, _ = a2i("evaluate", "strict", "again", "--items", 4)
    assert code == 0
    assert "2 of 36 pairs are bad and left out" in out
    code, _, err = a2i("train", "--resume", "again", "--preset", "seed")
    assert code == 2
    assert "--preset can't be changed" in err
    code, _, err = a2i("train", "--resume", "again", "--minutes", "0")
    assert code == 2
    assert "must be above 0" in err
    # The new budget is kept, so that going on once more knows it.
    assert a2i("train", "--resume", "again", "--steps", 3)[0] == 0
    assert json.loads(Path("again/config.json").read_text())["steps"] == 3


def test_one_worker_of_a_cluster_trains(project, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cluster = {"cluster": {"worker": [f"127.0.0.1:{port}"]}, "task": {"type": "worker", "index": 0}}
    command = [sys.executable, "-m", "a2i_tf", "train", "--preset", "tiny", "--image-size", "32"]
    command += ["--strategy", "multiworker", "--steps", "2", "--run-dir", str(tmp_path / "run")]
    environment = {**os.environ, "TF_CONFIG": json.dumps(cluster)}
    done = subprocess.run(command, cwd=project[0], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "model" / "encoder.keras").is_file()


def test_train_without_a_dataset_says_what_to_do(a2i, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = a2i("train")
    assert code == 1
    assert "run `a2i fetch`" in err


# --- generate ---


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


# --- evaluate, export, doctor ---


@pytest.mark.usefixtures("in_project")
def test_evaluate_prints_the_tables_and_writes_the_picture(a2i, tmp_path):
    report = tmp_path / "report.json"
    code, out, err = a2i("evaluate", "--json", report)
    assert code == 0, err
    assert out.startswith("The judge names 100.0% of the real test images.")
    assert "| model " in out
    systems = json.loads(report.read_text())["systems"]
    assert {"model", "mean_image", "shuffled_audio", "audio_regressor", "real"} <= set(systems)
    assert {"class_accuracy", "kid", "diversity", "factor_r2"} <= set(systems["model"])
    with Image.open("runs/0001-fixture-tiny/comparison.png") as picture:
        assert min(picture.size) > 100


@pytest.fixture(scope="module")
def twins(project):
    """The run again as if trained from other seeds."""
    first = project[0] / project[1]["run"]
    for seed in (1, 2):
        twin = first.parent.parent / "twins" / f"seed{seed}"
        shutil.copytree(first, twin)
        config = json.loads((twin / "config.json").read_text())
        (twin / "config.json").write_text(json.dumps({**config, "seed": seed}))
    return first, first.parent.parent / "twins" / "seed1", twin


@pytest.mark.usefixtures("in_project")
@pytest.mark.parametrize(
    ("order", "told"),
    [
        (("--compare", 0, 1, 2), ["model", "seed1", "seed2", "tiny (3 seeds)"]),
        (("--run", 1, "--compare", 2), ["model", "seed2", "tiny (2 seeds)"]),
        ((1, "--compare", 2), ["model", "seed2", "tiny (2 seeds)"]),
    ],
)
def test_evaluate_compares_runs(a2i, twins, tmp_path, order, told):
    named = [twins[word] if isinstance(word, int) else word for word in order]
    picture = tmp_path / "side.png"
    options = ("--items", 4, "--picture", picture, "--json", "-")
    code, out, err = a2i("evaluate", *named, *options)
    assert code == 0, err
    report = json.loads(out)
    assert report["n_test"] == 4
    assert list(report["systems"])[: len(told) + 1] == [*told, "mean_image"]
    assert picture.is_file()


@pytest.mark.usefixtures("in_project")
def test_evaluate_refuses_what_it_cannot_compare(a2i, twins):
    code, _, err = a2i("evaluate", "--compare")
    assert code == 2
    assert "wants the runs" in err
    code, _, err = a2i("evaluate", twins[0], twins[0])
    assert code == 1
    assert "given twice" in err
    code, _, err = a2i("evaluate", twins[0], "nowhere")
    assert code == 1
    assert "nowhere: is not a run folder" in err


@pytest.mark.usefixtures("in_project")
def test_evaluate_knows_what_a_run_was_trained_on_and_how_far(a2i, twins, tmp_path):
    run = shutil.copytree(twins[1], tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    changed = {**config, "checksum": "another", "steps": 41}
    (run / "config.json").write_text(json.dumps(changed))
    options = ("--items", 4, "--picture", tmp_path / "side.png", "--json", "-")
    code, out, err = a2i("evaluate", twins[0], run, *options)
    assert code == 0, err
    notes = "\n".join(json.loads(out)["notes"])
    for note in (
        "run was trained on other data than data/pairs",
        "run had 41 steps, model 40 steps",
        "run is unfinished (40 of 41 steps)",
        "--preset seed",
    ):
        assert note in notes
    folder = read_pairs(shutil.copytree("data/pairs", tmp_path / "divided"))
    pairs = [dataclasses.replace(pair, split=split_of(pair.source)) for pair in folder.pairs]
    write_pairs(folder.root, folder.info, pairs)
    code, _, err = a2i("evaluate", twins[0], run, "--data", folder.root, *options)
    assert code == 1
    assert "run: was trained on other data" in " ".join(err.split())


@pytest.mark.usefixtures("in_project")
def test_export_then_generate_from_every_form(a2i, tmp_path):
    code, out, err = a2i("export", "--to", tmp_path / "a2i", "--tflite", "float32", "--json")
    assert code == 0, err
    result = json.loads(out)
    assert result["savedmodel"] == str(tmp_path / "a2i" / "1")
    clip = write_wav(tmp_path / "clip.wav", tone(2.2))
    pictures = []
    for model in ("runs/0001-fixture-tiny", tmp_path / "a2i", result["tflite"]["float32"]):
        code, _, err = a2i("generate", clip, "--model", model, "-o", tmp_path / "out")
        assert code == 0, err
        pictures.append(np.asarray(Image.open(tmp_path / "out" / "clip-seed0.png")).astype(int))
    np.testing.assert_allclose(pictures[1], pictures[0], atol=1)
    np.testing.assert_allclose(pictures[2], pictures[0], atol=1)


def test_doctor(a2i):
    code, out, _ = a2i("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(out)["findings"]}
    assert code == 0, findings
    assert set(findings) == {"a2i", "packages", "decoding", "devices", "disk", "Kaggle"}
    assert "tensorflow 2.17" in findings["packages"]["details"]
