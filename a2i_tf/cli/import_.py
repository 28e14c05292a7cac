"""`a2i import`: make a dataset of one's own files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from a2i_tf.cli.console import counting, print_json, say
from a2i_tf.cli.fetch_options import print_dataset, say_counts
from a2i_tf.errors import A2IError

if TYPE_CHECKING:
    from a2i_tf.datasets.importing.assembly import ImportResult
    from a2i_tf.datasets.importing.material import Material
    from a2i_tf.datasets.importing.options import ImportOptions

# Spelled out here, so that `--help` imports nothing heavy.
FitName = Literal["crop", "letterbox"]

_NAMED_FILES = 10


def import_(
    path: Annotated[
        Path,
        typer.Argument(
            help="Videos (a file or a folder), a CSV of audio,image, or a folder with audio/ and "
            "images/.",
            show_default=False,
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the dataset.", show_default=False)],
    data_dir: Annotated[
        Path, typer.Option(help="Folder of all datasets; this one goes below it.")
    ] = Path("data"),
    label: Annotated[
        str | None,
        typer.Option(help="Class of all videos, or of rows without one.", show_default=False),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Videos: a CSV of file,label, with paths relative to PATH.",
            show_default=False,
        ),
    ] = None,
    frame_size: Annotated[
        int, typer.Option(min=32, max=1024, help="Width and height of the pictures in pixels.")
    ] = 128,
    fit: Annotated[
        FitName, typer.Option(help="crop keeps the centre, letterbox keeps all between black bars.")
    ] = "crop",
    window: Annotated[
        float, typer.Option(min=0.1, max=60, help="Seconds of sound for a picture.")
    ] = 1.0,
    hop: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=3600,
            help="Seconds from one pair to the next. \\[default: the window]",
            show_default=False,
        ),
    ] = None,
    skip_silent: Annotated[
        bool,
        typer.Option(help="Leave out silence, black pictures and frames that repeat."),
    ] = True,
    seed: Annotated[
        int, typer.Option(min=0, help="By class: which picture goes with which sound.")
    ] = 0,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes. \\[default: one a core]", show_default=False),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make a dataset of your own videos, or sounds and pictures.

    PATH is recognized by itself: videos, best in a folder for every class; or a CSV with the
    columns audio,image and, if you like, label,source,start_seconds; or a folder with
    audio/<class>/* and images/<class>/*, to be paired by class.

    Files that can't be read are named and skipped. Interrupted, the same command goes on.

    [bold]Examples[/]

    a2i import holiday/ --name holiday

    a2i import walk.mp4 --name walk --label forest --frame-size 64 --hop 0.5

    a2i import pairs.csv --name mine --fit letterbox

    a2i import sounds-and-pictures/ --name mixed --seed 1
    """
    from a2i_tf.datasets.importing.assembly import is_imported
    from a2i_tf.datasets.importing.options import ImportOptions
    from a2i_tf.datasets.importing.recognize import recognize
    from a2i_tf.datasets.manifest import read_pairs
    from a2i_tf.datasets.quantity import quantity

    if label is not None and labels is not None:
        raise typer.BadParameter("give either --label or --labels, not both")
    if label is not None and not label.strip():
        raise typer.BadParameter("is empty", param_hint="--label")
    root = data_dir / _checked(name)
    options = ImportOptions(frame_size, fit, window, hop or window, skip_silent, seed)
    material = recognize(path, label, labels)
    say(f"{path}: {material.description}")
    if is_imported(root, material, options):
        say(f"{root}: is there already")
        print_dataset(read_pairs(root), as_json)
    elif dry_run:
        for problem in material.problems:
            say(f"would skip {problem}")
        say(f"would import {quantity(len(material.jobs), 'file')} into {root}")
    else:
        _print_result(_import(root, material, options, workers), as_json)


def _checked(name: str) -> str:
    from a2i_tf.datasets.importing.names import MAX_NAME_BYTES

    if not name.strip() or name.startswith(".") or Path(name).name != name:
        raise typer.BadParameter("must be a plain name, such as holiday", param_hint="--name")
    if len(os.fsencode(name)) > MAX_NAME_BYTES:
        raise typer.BadParameter(f"is longer than {MAX_NAME_BYTES} bytes", param_hint="--name")
    return name


def _import(
    root: Path, material: Material, options: ImportOptions, workers: int | None
) -> ImportResult:
    from a2i_tf.datasets.importing.assembly import import_dataset
    from a2i_tf.datasets.importing.workers import default_workers

    try:
        with counting("importing (MB)") as count:
            return import_dataset(root, material, options, workers or default_workers(), count)
    except KeyboardInterrupt as error:
        raise A2IError(
            f"{root}: stopped; run the same command again to go on where it was"
        ) from error


def _print_result(result: ImportResult, as_json: bool) -> None:
    for line in result.skipped[:_NAMED_FILES]:
        say(f"skipped {line}")
    if len(result.skipped) > _NAMED_FILES:
        say(f"skipped {len(result.skipped) - _NAMED_FILES} more")
    for line in result.notes:
        say(f"note: {line}")
    if result.left_out:
        say(f"left out: {', '.join(f'{count} {what}' for what, count in result.left_out.items())}")
    root, info = result.folder.root, result.folder.info.to_dict()
    if as_json:
        print_json({"path": str(root), **info, "skipped": list(result.skipped)})
    else:
        say_counts(result.folder)
        say(f"next: a2i train --data {root}")
