import dataclasses
from pathlib import Path

import pytest

from a2i_tf.audio.settings import FINE
from a2i_tf.errors import A2IError
from a2i_tf.evaluation.runs import group_by_seed, name_runs
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
