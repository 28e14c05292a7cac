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


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The folder of versions of an exported model, for tests that leave it as it is."""
    from server_fixture import exported_model

    return exported_model(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session")
def server(exported, tmp_path_factory):
    """The real `a2i serve` on an exported model, for tests that leave it as it was."""
    from server_fixture import running_server

    with running_server(exported, tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running
