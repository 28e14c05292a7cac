"""Where `a2i fetch kaggle` finds credentials, and what it says without good ones."""

import json
import shutil
import subprocess
import sys

import pytest
from kaggle_fixture import kept, only_error
from kaggle_server_fixture import KEY, TOKEN, USERNAME

from a2i_tf.datasets.kaggle.credentials import find_credentials
from a2i_tf.datasets.manifest import read_pairs


def test_wrong_key_is_refused(fetch_kaggle, tmp_path, monkeypatch):
    monkeypatch.setenv("KAGGLE_KEY", "wrong")
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "doesn't accept the credentials (401)" in only_error(err)
    monkeypatch.setenv("KAGGLE_API_TOKEN", "expired")
    monkeypatch.delenv("KAGGLE_KEY")
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "doesn't accept the credentials in KAGGLE_API_TOKEN" in only_error(err)
    assert kept(tmp_path) == []


@pytest.fixture
def nobody(kaggle_server, monkeypatch):
    """A server, and no credentials."""
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name)
    assert find_credentials() is None
    return kaggle_server


def authorizations(server):
    return {how.split()[0] for path, _, how in server.log if path.endswith("Dataset") and how}


def test_a_token_comes_from_the_environment_or_a_file(
    nobody, fetch_kaggle, kaggle_home, tmp_path, monkeypatch
):
    (kaggle_home / ".kaggle" / "access_token").write_text(f"{TOKEN}\n")
    assert find_credentials() == str(kaggle_home / ".kaggle" / "access_token")
    assert fetch_kaggle("--sample", 1)[0] == 0
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    assert find_credentials() == "KAGGLE_API_TOKEN"
    shutil.rmtree(tmp_path / "data")
    assert fetch_kaggle("--sample", 1)[0] == 0
    assert authorizations(nobody) == {"Bearer"}


@pytest.mark.parametrize("folder", [".kaggle", "keys"])
def test_a_key_comes_from_kaggle_json(nobody, kaggle_home, monkeypatch, folder):
    path = kaggle_home / folder / "kaggle.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"username": USERNAME, "key": KEY}))
    if folder == "keys":
        monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(path.parent))
    assert find_credentials() == str(path)
    # The client looks up where it is when it's imported.
    command = [sys.executable, "-m", "a2i_tf", "fetch", "kaggle", "--sample", "1"]
    done = subprocess.run(command, cwd=kaggle_home, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert authorizations(nobody) == {"Basic"}
    assert read_pairs(kaggle_home / "data" / "kaggle").info.num_pairs == 27


@pytest.mark.usefixtures("kaggle_home")
def test_without_credentials_one_line_says_how_to_get_them(a2i, tmp_path):
    code, out, err = a2i("fetch", "kaggle", "--data-dir", tmp_path / "data")
    assert (code, out) == (1, "")
    assert "no Kaggle credentials found" in only_error(err)
    assert "https://www.kaggle.com/settings" in err
    assert "`a2i fetch scenes` needs none" in err
    assert not (tmp_path / "data").exists()
