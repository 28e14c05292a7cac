import dataclasses
import json
from pathlib import Path

import pytest
from pairs_fixture import make_pairs_folder

from a2i_tf.audio.settings import FINE
from a2i_tf.datasets.checksum import hash_splits
from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.errors import A2IError
from a2i_tf.evaluation.runs import (
    check_data,
    find_unfinished,
    group_by_seed,
    name_runs,
    notes_on_runs,
)
from a2i_tf.models.presets import DEFAULT, SEED
from a2i_tf.training.run import RunConfig


def make_config(preset=DEFAULT, seed=0, **changes):
    config = RunConfig(
        preset=preset,
        mfcc=FINE,
        image_size=64,
        data="data/scenes",
        dataset="scenes",
        checksum="c0ffee",
        labels=("beach", "city"),
        seed=seed,
        minutes=60.0,
        steps=None,
        strategy="auto",
        skip_bad=False,
        a2i_version="0.1.0",
        splits="5p1175",
    )
    return dataclasses.replace(config, **changes)


def names_of(**presets):
    configs = {Path("runs") / name: make_config(preset) for name, preset in presets.items()}
    return list(name_runs(list(configs), configs))


def test_the_first_run_is_the_model_and_the_reference_is_seed():
    assert names_of(a=DEFAULT, b=SEED, c=DEFAULT) == ["model", "seed", "c"]
    assert names_of(a=SEED, b=SEED) == ["model", "seed"]
    assert names_of(a=SEED) == ["model"]


def test_several_references_have_their_folders_names():
    assert names_of(a=DEFAULT, b=SEED, c=SEED) == ["model", "b", "c"]


def test_a_run_is_named_once(tmp_path):
    config = make_config()
    run, same, other = tmp_path / "a", tmp_path / "x" / ".." / "a", tmp_path / "b" / "real"
    (tmp_path / "x").mkdir()
    with pytest.raises(A2IError, match="given twice"):
        name_runs([run, same], {run: config, same: config})
    with pytest.raises(A2IError, match="a row called real already"):
        name_runs([run, other], {run: config, other: config})


def test_runs_alike_but_for_their_seed_are_grouped():
    configs = {
        "model": make_config(seed=0),
        "b": make_config(seed=1),
        "c": make_config(seed=7),
        "seed": make_config(SEED),
    }
    assert group_by_seed(configs) == {"default (3 seeds)": ["model", "b", "c"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"checksum": "another"},
        {"minutes": 5.0},
        {"minutes": None, "steps": 100},
        {"image_size": 32},
        {"preset": dataclasses.replace(DEFAULT, generator_width=8)},
        {"seed": 0},
    ],
)
def test_other_runs_are_not(changes):
    assert group_by_seed({"a": make_config(), "b": make_config(**{"seed": 1, **changes})}) == {}


def test_two_groups_of_one_preset_have_names_of_their_own():
    configs = {
        f"{minutes}-{seed}": make_config(seed=seed, minutes=minutes)
        for minutes in (5.0, 60.0)
        for seed in (0, 1)
    }
    assert group_by_seed(configs) == {
        "default (2 seeds)": ["5.0-0", "5.0-1"],
        "default (2 seeds), with 60.0-0": ["60.0-0", "60.0-1"],
    }


def test_runs_trained_on_other_data_are_noted_or_refused(tmp_path):
    folder = make_pairs_folder(tmp_path / "pairs", labels=("a", "b"), pairs_per_source=1)
    named = {"model": Path("runs/1"), "other": Path("runs/2")}
    splits = hash_splits(folder.pairs)
    same = make_config(checksum=folder.info.checksum, splits=splits)
    configs = {"model": same, "other": make_config()}
    (note,) = check_data(named, configs, folder)
    assert note.startswith(f"other was trained on other data than {folder.root}; the test sources ")
    assert note.endswith("still new to it, as a hash of their names chooses them")
    with pytest.raises(A2IError, match="runs/2: was trained on other data"):
        check_data(named, {"model": same, "other": make_config(has_split_column=True)}, folder)
    pairs = tuple(dataclasses.replace(pair, split="test") for pair in folder.pairs)
    divided = PairsFolder(folder.root, folder.info, pairs)
    with pytest.raises(A2IError, match=r"runs/2: was trained on other data than .*pairs, .*--data"):
        check_data(dict(reversed(named.items())), configs, divided)
    kept = tuple(dataclasses.replace(pair, split=pair.effective_split) for pair in folder.pairs)
    written = PairsFolder(folder.root, folder.info, kept)
    assert check_data(named, dict.fromkeys(named, same), written) == []
    with pytest.raises(A2IError, match="the splits have changed since runs/1 was trained: "):
        check_data(named, dict.fromkeys(named, same), divided)


def write_history(run, lines):
    run.mkdir()
    (run / "history.jsonl").write_text("".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize(
    ("told", "steps", "expected"),
    [
        ([(20, 30.0), (2000, 3220.0)], 2000, None),
        ([(20, 30.0), (2000, 3120.0)], 2000, "52.0 of 60 minutes"),
        # Killed long after the model was saved.
        ([(20, 30.0), (2000, 3220.0)], 1000, "26.8 of 60 minutes"),
        # So slow that the last line is far from the end.
        ([(20, 2000.0)], 36, None),
        ([], 15, "0.0 of 60 minutes"),
    ],
)
def test_unfinished_by_minutes(tmp_path, told, steps, expected):
    lines = [json.dumps({"step": step, "elapsed_seconds": used}) for step, used in told]
    write_history(tmp_path / "a", [*lines, '{"step": 20'])
    found = find_unfinished({"a": tmp_path / "a"}, {"a": make_config()}, {"a": steps})
    assert found.get("a") == expected


def test_unfinished_by_steps(tmp_path):
    runs, config = dict.fromkeys("ab", tmp_path), make_config(minutes=None, steps=100)
    found = find_unfinished(runs, dict.fromkeys("ab", config), {"a": 99, "b": 100})
    assert found == {"a": "99 of 100 steps"}


def test_notes_on_what_is_unlike_the_first_run():
    alike = {"model": make_config(), "b": make_config(seed=1), "seed": make_config(SEED)}
    assert notes_on_runs(alike, {}) == []
    unlike = {
        "model": make_config(),
        "b": make_config(minutes=5.0),
        "c": make_config(minutes=None, steps=9, checksum="another"),
    }
    assert notes_on_runs(unlike, {"b": "1.0 of 5 minutes"}) == [
        "b had 5 minutes, model 60 minutes",
        "c had 9 steps, model 60 minutes",
        "c was trained on other data than model",
        "b is unfinished (1.0 of 5 minutes): no row of several seeds counts it",
        "there is no row seed: train one with --preset seed for as long",
    ]


def test_the_flows_own_lesson_leaves_no_history_and_no_run_unfinished(tmp_path):
    write_history(tmp_path / "a", [json.dumps({"step": 900, "elapsed_seconds": 720.5})])
    named, config = {"a": tmp_path / "a"}, {"a": make_config(minutes=15.0)}
    assert find_unfinished(named, config, {"a": 900}) == {}
    assert find_unfinished(named, config, {"a": 800}) == {"a": "10.7 of 15 minutes"}
