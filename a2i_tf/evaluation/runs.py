"""Several runs in one report: what their rows are called, and which differ by their seed alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from a2i_tf.errors import A2IError
from a2i_tf.evaluation.protocol import MODEL_NAME, RESERVED_NAMES
from a2i_tf.training.run import RunConfig

_REFERENCE_PRESET = "seed"


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
