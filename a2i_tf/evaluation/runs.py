"""Several runs in one report: what their rows are called, which belong together, which don't."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.errors import A2IError
from a2i_tf.evaluation.protocol import MODEL_NAME, RESERVED_NAMES
from a2i_tf.training.run import RunConfig, check_splits

_REFERENCE_PRESET = "seed"
_FINISHED_SHARE = 0.99


def name_runs(runs: Sequence[Path], configs: Mapping[Path, RunConfig]) -> dict[str, Path]:
    """Names the rows of runs.

    The first run is `model`. Among the others, the only one of the preset "seed" is `seed`, as
    the protocol calls it; every other one has its folder's name.

    Args:
        runs: At least one run folder.
        configs: What every one of them was asked to do.

    Returns:
        The runs by name, in the order given.

    Raises:
        A2IError: if a run is given twice, or its folder has the name of another row.
    """
    references = [run for run in runs[1:] if configs[run].preset.name == _REFERENCE_PRESET]
    named = {MODEL_NAME: runs[0]}
    for run in runs[1:]:
        name = _REFERENCE_PRESET if references == [run] else run.resolve().name
        if run.resolve() in [other.resolve() for other in named.values()]:
            raise A2IError(f"{run}: is given twice; name every run once")
        if name in named or name in RESERVED_NAMES:
            raise A2IError(f"{run}: the report has a row called {name} already; rename the folder")
        named[name] = run
    return named


def check_data(
    named: Mapping[str, Path], configs: Mapping[str, RunConfig], folder: PairsFolder
) -> list[str]:
    """Looks whether runs were trained on the data that they are judged on.

    Args:
        named: The runs by their rows' names.
        configs: What every run was asked to do, by its row's name.
        folder: The dataset to judge on.

    Returns:
        A note for every run that was trained on other data.

    Raises:
        A2IError: if there is such a run and either dataset splits its sources itself, or if the
            splits of a run's data have changed: then the run may have heard in training what it
            would be judged on.
    """
    notes = []
    for name, run in named.items():
        config = configs[name]
        if config.checksum == folder.info.checksum:
            check_splits(run, config, folder)
        elif folder.has_split_column or config.has_split_column:
            raise A2IError(
                f"{run}: was trained on other data than {folder.root}, and may have heard its "
                "test sources; name the data it was trained on with --data, or train on this"
            )
        else:
            notes.append(
                f"{name} was trained on other data than {folder.root}; the test sources are still "
                "new to it, as a hash of their names chooses them"
            )
    return notes


def find_unfinished(
    named: Mapping[str, Path], configs: Mapping[str, RunConfig], steps: Mapping[str, int]
) -> dict[str, str]:
    """Finds runs that ended well before their budget was used.

    Args:
        named: The runs by their rows' names.
        configs: What every run was asked to do, by its row's name.
        steps: Steps that every model was trained for, by its row's name.

    Returns:
        How much of its budget each of them used, such as "41.0 of 60 minutes", by its row's name.
    """
    found = {}
    for name, run in named.items():
        config = configs[name]
        if config.steps is not None and steps[name] < config.steps:
            found[name] = f"{steps[name]} of {config.steps} steps"
        if config.minutes is not None:
            used = _minutes_used(run / "history.jsonl", steps[name])
            # The history ends where the flows' own lesson begins.
            if used < _FINISHED_SHARE * config.minutes * (1 - config.flow_share):
                found[name] = f"{used:.1f} of {config.minutes:g} minutes"
    return found


def notes_on_runs(configs: Mapping[str, RunConfig], unfinished: Mapping[str, str]) -> list[str]:
    """Says what makes the comparison of runs unfair.

    Args:
        configs: What every run was asked to do, by its row's name.
        unfinished: What `find_unfinished` found.
    """
    (first, reference), *others = configs.items()
    notes = []
    for name, config in others:
        if _budget(config) != _budget(reference):
            notes.append(f"{name} had {_budget(config)}, {first} {_budget(reference)}")
        if config.checksum != reference.checksum:
            notes.append(f"{name} was trained on other data than {first}")
    notes += [
        f"{name} is unfinished ({used}): no row of several seeds counts it"
        for name, used in unfinished.items()
    ]
    if all(config.preset.name != _REFERENCE_PRESET for config in configs.values()):
        notes.append("there is no row seed: train one with --preset seed for as long")
    return notes


def group_by_seed(configs: Mapping[str, RunConfig]) -> dict[str, list[str]]:
    """Finds the runs that are alike but for their seed.

    Alike are runs of the same preset, front end, image size, dataset and budget.

    Args:
        configs: What every run was asked to do, by its row's name.

    Returns:
        The names of the runs by the name of the row that tells of all of them, such as "default
        (3 seeds)". Of several runs of one seed, the first counts.
    """
    alike: dict[tuple[object, ...], dict[int, str]] = {}
    for name, config in configs.items():
        key = (
            config.preset,
            config.mfcc,
            config.image_size,
            config.checksum,
            config.minutes,
            config.steps,
        )
        alike.setdefault(key, {}).setdefault(config.seed, name)
    groups: dict[str, list[str]] = {}
    for members in (list(seeds.values()) for seeds in alike.values() if len(seeds) > 1):
        title = f"{configs[members[0]].preset.name} ({len(members)} seeds)"
        if title in groups:
            title += f", with {members[0]}"
        groups[title] = members
    return groups


def _budget(config: RunConfig) -> str:
    return f"{config.steps} steps" if config.minutes is None else f"{config.minutes:g} minutes"


def _minutes_used(history: Path, steps: int) -> float:
    """Returns the minutes after which a model had taken its steps; 0 where nothing tells."""
    lines = history.read_text(encoding="utf-8").splitlines() if history.is_file() else []
    for line in reversed(lines):
        try:
            last = json.loads(line)
            # A killed run has lines after the steps of its model, a short one steps after its
            # last line.
            return float(last["elapsed_seconds"]) / 60 * steps / int(last["step"])
        except (ValueError, KeyError, TypeError, ZeroDivisionError):
            # A killed run may end within a line.
            continue
    return 0.0
