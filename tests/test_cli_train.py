"""Whole commands, as a person runs them: train."""

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pairs_fixture import make_pairs_folder
from run_eagerly import run_eagerly
from sound_files import tone, write_wav

from a2i_tf.datasets.manifest import write_pairs
from a2i_tf.datasets.pairs import summarize
from a2i_tf.models.drawing import read_drawing_model


def test_train_makes_a_numbered_run_and_prints_only_json(project):
    root, result, err = project
    assert result == {**result, "run": "runs/0001-fixture-tiny", "steps": 40, "finished": True}
    assert (root / result["run"] / "model" / "encoder.keras").is_file()
    assert "images/s" in err or "step" in err
    assert "tensorflow" not in err.lower()
    assert "Warning" not in err


@pytest.mark.usefixtures("in_project")
def test_what_has_no_guidance_refuses_it(a2i):
    code, _, err = a2i("train", "--preset", "seed", "--guidance", 2)
    assert code == 2
    assert "the preset seed knows no guidance" in " ".join(err.split())


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
    assert list(Path("runs").iterdir()) == []
    with run_eagerly():
        code, out, _ = a2i(*command, "--skip-bad", "--json", "--run-dir", "again")
    assert code == 0
    assert json.loads(out)["bad_pairs"] == [folder.pairs[0].id, folder.pairs[4].id]
    # Any run that did without them was trained on what is judged then.
    strict = Path(shutil.copytree("again", "strict")) / "config.json"
    strict.write_text(json.dumps({**json.loads(strict.read_text()), "skip_bad": False}))
    code, out, _ = a2i("evaluate", "strict", "again", "--items", 4)
    assert code == 0
    assert "2 of 28 pairs are bad and left out" in out
    code, _, err = a2i("train", "--resume", "again", "--preset", "seed")
    assert code == 2
    assert "--preset can't be changed" in err
    code, _, err = a2i("train", "--resume", "again", "--minutes", "0")
    assert code == 2
    assert "must be above 0" in err


def test_run_that_never_begins_leaves_no_folder(a2i, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_pairs_folder(tmp_path / "data" / "pairs", labels=("a",), pairs_per_source=1)
    code, _, err = a2i("train", "--preset", "tiny", "--image-size", 32, "--steps", 2)
    assert code == 1
    assert "has 3 training pairs, fewer than one batch of 8" in " ".join(err.split())
    assert list(Path("runs").iterdir()) == []


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


@pytest.mark.usefixtures("in_project")
def test_records_go_where_they_are_told(a2i, tmp_path):
    command = ("train", "--preset", "tiny", "--image-size", 32, "--steps", 1)
    place = tmp_path / "records"
    with run_eagerly():
        code, _, err = a2i(*command, "--records", place, "--run-dir", tmp_path / "run")
    assert code == 0
    assert "writing records" in err
    assert list(place.glob("*/index.json"))
    with run_eagerly():
        code, _, err = a2i("train", "--resume", tmp_path / "run", "--steps", 2)
    assert code == 0
    assert "writing" not in err
    # The new budget is kept, so that going on once more knows it.
    config = (tmp_path / "run" / "config.json").read_bytes()
    assert json.loads(config)["steps"] == 2
    blocked = tmp_path / "file"
    blocked.write_text("")
    code, _, _ = a2i("train", "--resume", tmp_path / "run", "--steps", 3, "--records", blocked)
    assert code == 1
    assert (tmp_path / "run" / "config.json").read_bytes() == config
    code, _, err = a2i(*command, "--records", blocked, "--run-dir", tmp_path / "other")
    assert code == 1
    assert "name another folder with --records" in " ".join(err.split())
    assert len(err.strip().splitlines()) < 5


def test_windows_of_another_length_without_a_test_split_train_and_draw(a2i, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = make_pairs_folder(
        tmp_path / "data" / "pairs", labels=("a", "b"), sources_per_class=6, pairs_per_source=4
    )
    # Of four seconds of sound, two windows of two; none is kept for testing.
    pairs = [
        dataclasses.replace(pair, split="train")
        for pair in folder.pairs
        if pair.start_seconds in (0, 2)
    ]
    info = dataclasses.replace(folder.info, window_seconds=2.0, **summarize(pairs))
    write_pairs(folder.root, info, pairs)
    options = ("--image-size", 32, "--steps", 3, "--guidance", 2.5)
    code, _, err = a2i("train", "--preset", "tiny", *options)
    assert code == 0, err
    told = " ".join(err.split())
    note = told.index("note: no pair of data/pairs is kept for testing")
    assert note < told.index("training runs/0001")
    assert "set the column split" in told
    assert "finished after 3 steps," in told
    assert told.endswith("next: a2i generate CLIP --model runs/0001-fixture-tiny")
    config = json.loads(Path("runs/0001-fixture-tiny/config.json").read_text())
    assert (config["mfcc"]["window_seconds"], config["mfcc"]["sample_rate"]) == (2.0, 16_000)
    assert config["preset"]["guidance"] == 2.5
    model = read_drawing_model(Path("runs/0001-fixture-tiny/model"))
    assert model.generator.get_layer("sampler").get_layer("flow").guidance == 2.5
    clip = write_wav(tmp_path / "clip.wav", tone(seconds=5))
    code, _, err = a2i("generate", clip, "--seeds", "0")
    assert code == 0, err
    assert Path("out/clip-seed0.png").is_file()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"window_seconds": 0.1}, "is longer than window_seconds"),
        ({"sample_rate": 8_000}, "half the sample rate"),
    ],
)
def test_windows_that_do_not_suit_are_one_line(a2i, tmp_path, changes, reason):
    folder = make_pairs_folder(tmp_path, labels=("a",), sources_per_class=3)
    write_pairs(folder.root, dataclasses.replace(folder.info, **changes), folder.pairs)
    code, _, err = a2i("train", "--preset", "tiny", "--data", tmp_path, "--dry-run")
    assert code == 1
    assert reason in " ".join(err.split())
    assert "import the dataset again" in " ".join(err.split())


def test_train_without_a_dataset_says_what_to_do(a2i, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = a2i("train")
    assert code == 1
    assert "run `a2i fetch`" in err
