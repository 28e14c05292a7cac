"""`a2i fetch`: get a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from a2i_tf.cli.console import counting, print_json, say
from a2i_tf.errors import A2IError

if TYPE_CHECKING:
    from a2i_tf.datasets.pairs import PairsFolder

_DEFAULT_SOURCES = 400
_DEFAULT_IMAGES_PER_RECORDING = 8


def fetch(
    name: Annotated[
        str | None,
        typer.Argument(
            help="scenes (built in), digits (spoken and handwritten) or kaggle. Without a name: "
            "kaggle if credentials are found, otherwise scenes.",
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
    origin: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="digits: folder that holds fsdd/*.wav and mnist.npz.",
            show_default=False,
        ),
    ] = None,
    leave_out: Annotated[
        str | None,
        typer.Option(
            metavar="SPEAKER",
            help="digits: the speaker that training never hears. Unless named: the last by name.",
            show_default=False,
        ),
    ] = None,
    images_per_recording: Annotated[
        int, typer.Option(min=1, help="digits: pictures for every recording in training.")
    ] = _DEFAULT_IMAGES_PER_RECORDING,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Get a dataset: paired sounds and pictures.

    Done twice, the second time does nothing. Interrupted, scenes go on where they were.

    [bold]Examples[/]

    a2i fetch

    a2i fetch scenes --sources 500 --seed 1

    a2i fetch digits --from ../shared/data --leave-out theo
    """
    name = name or _choose_dataset()
    if name == "kaggle":
        raise A2IError(
            "this version of a2i cannot download the Kaggle set yet; "
            "run `a2i fetch scenes` for the built-in dataset"
        )
    if name == "digits":
        info = _fetch_digits(data_dir, origin, leave_out, images_per_recording, dry_run)
    elif name == "scenes":
        info = _fetch_scenes(data_dir, sources, seed, dry_run)
    else:
        raise A2IError(f"there is no dataset {name!r}; choose scenes, digits or kaggle")
    if info is None:
        return
    if as_json:
        print_json(info)
    else:
        say(
            f"{info['path']}: {info['num_pairs']} pairs from {info['num_sources']} sources, "
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


def _fetch_scenes(data_dir: Path, sources: int, seed: int, dry_run: bool) -> dict[str, Any] | None:
    from a2i_tf.datasets.pairs import read_pairs
    from a2i_tf.datasets.scenes.render import NAME, is_rendered, render_scenes

    root = data_dir / NAME
    if dry_run:
        say(f"would render {sources} worlds ({24 * sources} pairs, seed {seed}) into {root}")
        return None
    if is_rendered(root, sources, seed):
        say(f"{root}: is there already")
        return _describe(read_pairs(root))
    with counting("rendering worlds") as count:
        return _describe(render_scenes(root, sources, seed, count))


def _fetch_digits(
    data_dir: Path,
    origin: Path | None,
    leave_out: str | None,
    images_per_recording: int,
    dry_run: bool,
) -> dict[str, Any] | None:
    from a2i_tf.datasets.digits import (
        NAME,
        choose_left_out,
        find_utterances,
        is_paired,
        pair_digits,
    )
    from a2i_tf.datasets.pairs import read_pairs

    if origin is None:
        raise typer.BadParameter("digits needs it: the folder of the data", param_hint="--from")
    utterances = find_utterances(origin)
    left_out = choose_left_out(utterances, leave_out)
    root = data_dir / f"{NAME}-{left_out}"
    if dry_run:
        say(
            f"would pair {len(utterances)} recordings with {images_per_recording} pictures each "
            f"into {root}, to be tested on {left_out}"
        )
        return None
    if is_paired(root, left_out, images_per_recording):
        say(f"{root}: is there already")
        return _describe(read_pairs(root))
    with counting("pairing recordings") as count:
        return _describe(pair_digits(root, origin, left_out, images_per_recording, count))


def _describe(folder: PairsFolder) -> dict[str, Any]:
    return {"path": str(folder.root), **folder.info.to_dict()}
