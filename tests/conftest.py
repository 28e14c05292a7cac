"""Fixtures for tests of whole commands."""

import gc
import json
import os
import shutil
import subprocess
import sys

import pytest
from made_once import made_once
from pairs_fixture import make_pairs_folder

from a2i_tf.cli import main

# Several workers share the processors; TensorFlow reads it at its first operation, and processes
# that tests start inherit it.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

# What takes longest goes first, so that no worker is left alone with it at the end.
_FIRST = (
    "test_training",
    "test_models",
    "test_warm_up",
    "test_cli_train",
    "test_import_cli",
    "test_serving_process",
    "test_page",
    "test_cli_evaluate",
    "test_export_model",
    "test_serving_mutations",
)
_KAGGLE_CREDENTIALS = ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR")


def pytest_collection_modifyitems(items):
    """Puts the longest files first; `--no-loadscope-reorder` hands them out as they stand."""
    places = {name: place for place, name in enumerate(_FIRST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def pytest_collection_finish():
    """Spares the collector the imported modules, which stay: TensorFlow's are 300,000 objects."""
    gc.collect()
    gc.freeze()


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
    """A folder with a dataset and a run trained by the command line; a copy for every worker."""
    made = made_once(tmp_path_factory, "project", _train_project)
    root = shutil.copytree(made / "root", tmp_path_factory.mktemp("project") / "root")
    return root, json.loads((made / "stdout").read_text()), (made / "stderr").read_text()


def _train_project(folder):
    make_pairs_folder(
        folder / "root" / "data" / "pairs",
        labels=("a", "b"),
        sources_per_class=6,
        pairs_per_source=3,
    )
    command = [sys.executable, "-m", "a2i_tf", "train", "--preset", "tiny", "--image-size", "32"]
    done = subprocess.run(
        [*command, "--steps", "40", "--json"], cwd=folder / "root", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (folder / "stdout").write_text(done.stdout)
    (folder / "stderr").write_text(done.stderr)


@pytest.fixture
def in_project(project, monkeypatch):
    monkeypatch.chdir(project[0])
    return project[0]


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The folder of versions of an exported model, and its TFLite files beside it.

    For tests that leave all of that as it is.
    """
    from server_fixture import export_everywhere

    return made_once(tmp_path_factory, "exported", export_everywhere) / "a2i"


@pytest.fixture(scope="session")
def server(exported, tmp_path_factory):
    """The real `a2i serve` on an exported model, for tests that leave it as it was."""
    from server_fixture import running_server

    with running_server(exported, tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running


@pytest.fixture(scope="session")
def kaggle_members():
    """The files of the Kaggle set in small, by name."""
    from kaggle_fixture import make_members

    return make_members()


@pytest.fixture(scope="session")
def kaggle_archive(kaggle_members):
    from kaggle_fixture import zip_members

    return zip_members(kaggle_members)


@pytest.fixture
def kaggle_home(tmp_path, monkeypatch):
    """An empty home, without credentials."""
    home = tmp_path / "home"
    home.mkdir()
    for name in (*_KAGGLE_CREDENTIALS, "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def kaggle_server(kaggle_archive, kaggle_home, monkeypatch):
    """A server that this process' Kaggle client talks to, with the credentials of a user."""
    from kaggle_server_fixture import KEY, USERNAME, serving_kaggle

    from a2i_tf.datasets.kaggle import download

    (kaggle_home / ".kaggle").mkdir()
    monkeypatch.setattr(download, "_FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setenv("KAGGLE_USERNAME", USERNAME)
    monkeypatch.setenv("KAGGLE_KEY", KEY)
    with serving_kaggle(kaggle_archive) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        from kaggle.api.kaggle_api_extended import KaggleApi

        # Read once, when it was imported: the real Kaggle must never be asked.
        assert KaggleApi.args == ["--local"]
        yield running


@pytest.fixture
def fetch_kaggle(kaggle_server, a2i, tmp_path):
    """Runs `a2i fetch kaggle`, which asks the server: (exit code, stdout, stderr)."""
    command = ("fetch", "kaggle", "--data-dir", tmp_path / "data")
    assert kaggle_server.archive
    return lambda *options: a2i(*command, *options)
