"""Whole commands, as a person runs them: train."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pairs_fixture import make_pairs_folder


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
