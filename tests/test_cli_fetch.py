"""Whole commands, as a person runs them: fetch."""

import json
from pathlib import Path

import pytest
from digits_fixture import make_digits_origin


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


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home, without Kaggle credentials."""
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_fetch_says_which_and_why(a2i, home):
    code, out, err = a2i("fetch", "--dry-run", "--data-dir", home / "data")
    assert (code, out) == (0, "")
    assert "no Kaggle credentials found: taking the built-in dataset" in err
    assert "would render 400 worlds (9600 pairs, seed 0)" in err
    (home / ".kaggle").mkdir()
    (home / ".kaggle" / "kaggle.json").write_text("{}")
    code, out, err = a2i("fetch", "--dry-run", "--data-dir", home / "data")
    assert (code, out) == (0, "")
    assert f"Kaggle credentials found ({home}/.kaggle/kaggle.json): taking kaggle" in err
    assert "would download birdy654/scene-classification-images-and-audio (1.61 GB)" in err
    assert sorted(path.name for path in home.iterdir()) == [".kaggle"]


def test_dry_run_of_a_sample(a2i, home, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "x")
    code, _, err = a2i("fetch", "kaggle", "--sample", 50, "--dry-run", "--data-dir", home / "data")
    assert code == 0
    assert f"by KAGGLE_API_TOKEN and keep 50 rows of every source in {home}/data/kaggle" in err
    assert not list(home.iterdir())


@pytest.mark.parametrize("name", ["scenes", "kaggle", "digits"])
def test_every_dataset_has_help_with_an_example(a2i, name):
    code, out, _ = a2i("fetch", name, "--help")
    assert code == 0
    assert f"a2i fetch {name}" in out.split("Example")[1]
    for option in ("--data-dir", "--dry-run", "--json"):
        assert option in out


def test_scenes_leave_alone_what_is_in_the_way(a2i, tmp_path):
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / "thesis.txt").write_text("three years of work")
    code, _, err = a2i("fetch", "scenes", "--sources", 1, "--data-dir", tmp_path)
    assert code == 1
    assert "is in the way and no dataset" in err
    assert [path.name for path in (tmp_path / "scenes").iterdir()] == ["thesis.txt"]


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
    ("arguments", "message"),
    [
        (("movies",), "there is no dataset 'movies'; choose one of scenes, kaggle, digits"),
        (("--data-dir", "elsewhere", "scenes"), "put --data-dir behind scenes"),
        (("kaggle", "--sample", "0"), "--sample"),
        (("digits",), "--from"),
    ],
)
def test_wrong_names_and_options_are_usage_errors(a2i, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    code, out, err = a2i("fetch", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert not list(tmp_path.iterdir())
