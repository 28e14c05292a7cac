"""Fixtures for tests of whole commands."""

import json
import subprocess
import sys

import pytest
from pairs_fixture import make_pairs_folder

from a2i_tf.cli import main


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


@pytest.fixture(scope="session")
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
