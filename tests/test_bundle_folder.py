"""Writing a bundle: where it may go, and what a new one keeps of the one before."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from bundle_fixture import PATHS
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from a2i_tf.atomic import write_json
from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.errors import A2IError
from a2i_tf.export.bundle import write_bundle
from a2i_tf.inference.contract import contract_to_dict
from a2i_tf.models.config import ModelConfig

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "serving.md"


def labels(folder):
    """Returns the versions served and what they are called."""
    text = (folder / "config" / "models.config").read_text()
    (model,) = text_format.Parse(text, ModelServerConfig()).model_config_list.config
    return list(model.model_version_policy.specific.versions), dict(model.version_labels)


def another_version(version_folder, version):
    copy = version_folder.parent / str(version)
    copy.mkdir()
    (copy / "config.json").write_bytes((version_folder / "config.json").read_bytes())
    return copy


@pytest.fixture
def version_folder(tmp_path):
    """An export as far as a bundle reads it."""
    mfcc = next(iter(MFCC_SETTINGS.values()))
    statistics = (0.0,) * mfcc.num_mfccs
    config = ModelConfig(
        *(mfcc, 64, 64, 8, "default", "scenes", ("beach",), statistics, statistics),
        run="0001-scenes-default",
        steps=1,
    )
    write_json(tmp_path / "models" / "1" / "config.json", contract_to_dict(config))
    return tmp_path / "models" / "1"


def test_the_model_is_found_from_the_bundle(version_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for to, models, expected in (
        (Path("deploy/here"), Path("models"), "../../models"),
        (Path("deploy/there"), tmp_path / "models", str(tmp_path / "models")),
        (tmp_path / "far", Path("models"), "../models"),
    ):
        write_bundle(to, models / "1")
        compose = yaml.safe_load((to / "docker-compose.yml").read_text())
        source = compose["services"]["serving"]["volumes"][0]["source"]
        assert source == expected
        assert (to / source).resolve() == version_folder.parent
        assert expected in (to / "README.md").read_text()


def test_a_new_export_keeps_stable_and_strangers_files(version_folder, tmp_path):
    folder = tmp_path / "deploy"
    write_bundle(folder, version_folder)
    assert labels(folder) == ([1], {"stable": 1, "canary": 1})
    (folder / "docker-compose.override.yml").write_text("mine")
    inode = (folder / "config").stat().st_ino
    for version in (2, 3):
        copy = another_version(version_folder, version)
        write_bundle(folder, copy)
        assert labels(folder) == ([1, version], {"stable": 1, "canary": version})
    models_config = folder / "config" / "models.config"
    models_config.write_text(
        models_config.read_text().replace('key: "stable" value: 1', 'key: "stable" value: 3')
    )
    write_bundle(folder, copy)
    assert labels(folder) == ([3], {"stable": 3, "canary": 3})
    # What a container has mounted is the folder itself, not its name.
    assert (folder / "config").stat().st_ino == inode
    assert (folder / "docker-compose.override.yml").read_text() == "mine"


def test_the_guides_commands_move_stable_forward_and_back(version_folder, tmp_path):
    folder = tmp_path / "deploy"
    write_bundle(folder, version_folder)
    write_bundle(folder, another_version(version_folder, 2))
    commands = re.findall(r"`(sed -i '[^']+') deploy/config/models.config`", GUIDE.read_text())
    for command, stable in zip(commands, (2, 1), strict=True):
        files = "deploy/config/models.config deploy/kubernetes.yaml"
        subprocess.run(f"{command} {files}", shell=True, cwd=tmp_path, check=True)
        assert labels(folder) == ([1, 2], {"stable": stable, "canary": 2})
        config, *_ = yaml.safe_load_all((folder / "kubernetes.yaml").read_text())
        models_config = (folder / "config" / "models.config").read_text()
        assert config["data"]["models.config"] == models_config


def test_stable_moves_on_when_its_version_is_gone(version_folder, tmp_path):
    folder = tmp_path / "deploy"
    write_bundle(folder, version_folder)
    later = version_folder.rename(version_folder.parent / "2")
    write_bundle(folder, later)
    assert labels(folder) == ([2], {"stable": 2, "canary": 2})


def test_what_is_no_bundle_is_refused_and_untouched(version_folder, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "README.md").write_text("# mine\n")
    (tmp_path / "file").write_text("mine")
    for folder, message in (
        (tmp_path / "full", "holds something else"),
        (tmp_path / "file", "holds something else"),
        (tmp_path / "file" / "below", "file of that name is in the way"),
    ):
        with pytest.raises(A2IError, match=message):
            write_bundle(folder, version_folder)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["README.md"]
    assert {path.name for path in tmp_path.iterdir()} == {"full", "file", "models"}


def test_the_command_writes_a_bundle_and_refuses_before_the_export(a2i, in_project, tmp_path):
    models = tmp_path / "a2i"
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").write_text("mine")
    to = ("--to", models, "--tflite", "none")
    code, _, err = a2i("export", *to, "--bundle", taken)
    assert (code, models.exists()) == (1, False)
    assert f"{taken}: holds something else than a bundle" in " ".join(err.split())
    deploy = tmp_path / "deploy"
    code, out, err = a2i("export", *to, "--bundle", deploy, "--json")
    assert code == 0, err
    assert json.loads(out)["bundle"] == str(deploy)
    found = {str(path.relative_to(deploy)) for path in deploy.rglob("*") if path.is_file()}
    assert found == set(PATHS)
    assert labels(deploy) == ([1], {"stable": 1, "canary": 1})
    assert (in_project / "runs").is_dir()
    run = next((in_project / "runs").iterdir()).name
    assert f'the model of run "{run}"' in (deploy / "README.md").read_text()
