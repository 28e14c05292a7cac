"""`a2i fetch`: get a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from a2i_tf.cli.console import counting, print_json, say
from a2i_tf.errors import A2IError

_DEFAULT_SOURCES = 250


def fetch(
    name: Annotated[
        str | None,
        typer.Argument(
            help="scenes (built in) or kaggle. Without a name: kaggle if credentials are found, "
            "otherwise scenes.",
            show_default=False,
        ),
    ] = None,
    data_dir: Annotated[
        Path, typer.Option(help="Folder of all datasets; this one goes below it.")
    ] = Path("data"),
    sources: Annotated[
        int, typer.Option(min=1, help="scenes: number of worlds; each gives 24 pairs.")
    ] = _DEFAULT_SOURCES,
    seed: Annotated[int, typer.Option(min=0, help="scenes: seed of all worlds.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Get a dataset: paired sounds and pictures.

    Done twice, the second time does nothing; interrupted, it goes on where it was.

    [bold]Examples[/]

    a2i fetch

    a2i fetch scenes --sources 500 --seed 1
    """
    name = name or _choose_dataset()
    if name == "kaggle":
        raise A2IError(
            "this version of a2i cannot download the Kaggle set yet; "
            "run `a2i fetch scenes` for the built-in dataset"
        )
    if name != "scenes":
        raise A2IError(f"there is no dataset {name!r}; choose scenes or kaggle")
    root = data_dir / name
    if dry_run:
        say(f"would render {sources} worlds ({24 * sources} pairs, seed {seed}) into {root}")
        return
    info = _render(root, sources, seed)
    if as_json:
        print_json({"path": str(root), **info})
    else:
        say(
            f"{root}: {info['num_pairs']} pairs from {info['num_sources']} sources, "
            f"{len(info['label_counts'])} classes"
        )


def _choose_dataset() -> str:
    from a2i_tf.datasets.kaggle import find_credentials

    credentials = find_credentials()
    if credentials is None:
        say("no Kaggle credentials found: taking the built-in dataset, scenes")
    else:
        say(
            f"Kaggle credentials found ({credentials}), but this version of a2i cannot download "
            "the Kaggle set yet: taking the built-in dataset, scenes"
        )
    return "scenes"


def _render(root: Path, sources: int, seed: int) -> dict[str, Any]:
    from a2i_tf.datasets.pairs import read_pairs
    from a2i_tf.datasets.scenes.render import is_rendered, render_scenes

    if is_rendered(root, sources, seed):
        say(f"{root}: is there already")
        return read_pairs(root).info.to_dict()
    with counting("rendering worlds") as count:
        return render_scenes(root, sources, seed, count).info.to_dict()
