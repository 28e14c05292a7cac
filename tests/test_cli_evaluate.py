"""Whole commands, as a person runs them: evaluate, export, doctor."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from pairs_fixture import make_pairs_folder
from PIL import Image
from run_eagerly import run_eagerly
from sound_files import tone, write_wav

from a2i_tf.audio.settings import SCENE104
from a2i_tf.datasets.checksum import checksum_files
from a2i_tf.datasets.manifest import read_pairs, write_pairs
from a2i_tf.datasets.pairs import split_of
from a2i_tf.datasets.pipeline import load_arrays


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


@pytest.mark.usefixtures("in_project")
def test_files_that_are_read_are_looked_at_and_records_stand_for_the_others(a2i, tmp_path):
    root = tmp_path / "pairs"
    shutil.copytree("data/pairs", root)
    folder = read_pairs(root)
    run = Path("runs/0001-fixture-tiny")
    command = ("evaluate", run, "--data", root, "--items", 2, "--picture", tmp_path / "picture.png")
    (root / folder.split("train")[0].image).write_bytes(b"not a picture")
    assert a2i(*command)[0] == 0
    picture = root / folder.split("test")[6].image
    whole = picture.read_bytes()
    picture.write_bytes(b"not a picture")
    code, _, err = a2i(*command)
    assert code == 1
    # Of twelve test items, two are used: the first and the seventh.
    assert "1 of 26 pairs is bad" in " ".join(err.split())
    picture.write_bytes(whole)
    (root / folder.split("test")[5].image).write_bytes(b"not a picture")
    assert a2i(*command)[0] == 0
    shutil.rmtree(root / ".records")
    code, _, err = a2i(*command)
    assert code == 1
    assert folder.split("train")[0].id in err


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
def test_splits_edited_by_hand_are_noticed(a2i, project, tmp_path):
    shutil.copytree("data/pairs", tmp_path / "edited")
    folder = read_pairs(tmp_path / "edited")
    train, test = (folder.split(split)[0].source for split in ("train", "test"))
    swapped = {train: "test", test: "train"}
    pairs = [
        dataclasses.replace(pair, split=swapped.get(pair.source, pair.effective_split))
        for pair in folder.pairs
    ]
    write_pairs(folder.root, folder.info, pairs)
    run = shutil.copytree(project[1]["run"], tmp_path / "run")
    config = (run / "config.json").read_bytes()
    for command in (("evaluate", "--run", run), ("train", "--steps", 41, "--resume", run)):
        code, _, err = a2i(*command, "--data", folder.root)
        assert (run / "config.json").read_bytes() == config
        assert code == 1
        told = " ".join(err.split())
        assert f"{folder.root}: the splits have changed since {run} was trained" in told
        assert len(err.strip().splitlines()) <= 2


@pytest.fixture
def features_folder(tmp_path):
    """A dataset as the Kaggle set is: features of sounds, no sounds, its splits in a column."""
    folder = make_pairs_folder(
        tmp_path / "features", labels=("a", "b"), sources_per_class=6, pairs_per_source=3
    )
    arrays = load_arrays(folder, folder.pairs, SCENE104, 32)
    places = {pair.id: place for place, pair in enumerate(arrays.pairs)}
    pairs = []
    (folder.root / "mfcc").mkdir()
    for source in {pair.source for pair in folder.pairs}:
        rows = [pair for pair in folder.pairs if pair.source == source]
        matrices = arrays.mfcc[[places[pair.id] for pair in rows]]
        np.save(folder.root / "mfcc" / f"{source}.npy", matrices.astype(np.float32))
        changes = {"sound": f"mfcc/{source}.npy", "split": rows[0].effective_split}
        pairs += [dataclasses.replace(pair, **changes) for pair in rows]
    shutil.rmtree(folder.root / "audio")
    checksum = checksum_files(folder.root, pairs)
    info = dataclasses.replace(folder.info, mfcc_setting="scene104", checksum=checksum)
    write_pairs(folder.root, info, pairs)
    return read_pairs(folder.root)


def test_evaluate_on_features_that_come_with_their_splits(a2i, features_folder, tmp_path):
    run, report = tmp_path / "run", tmp_path / "report.json"
    options = ("--preset", "tiny", "--image-size", 32, "--steps", 2, "--run-dir", run)
    with run_eagerly():
        code, _, err = a2i("train", "--data", features_folder.root, *options)
    assert code == 0, err
    assert f"a2i evaluate --run {run}" in " ".join(err.split())
    config = json.loads((run / "config.json").read_text())
    assert config["has_split_column"] is True
    code, out, err = a2i("evaluate", "--run", run, "--json", report)
    assert code == 0, err
    told = json.loads(report.read_text())
    assert told["n_test"] == len(features_folder.split("test")) == 12
    assert {"model", "mean_image", "shuffled_audio", "audio_regressor"} <= set(told["systems"])
    assert "| model " in out
    assert not any("other data" in note for note in told["notes"])


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
