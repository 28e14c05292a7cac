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
