"""What all `a2i fetch` commands take, and what they and `a2i import` tell in the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from a2i_tf.cli.console import print_json, say

if TYPE_CHECKING:
    from a2i_tf.datasets.pairs import PairsFolder

DataDir = Annotated[Path, typer.Option(help="Folder of all datasets; this one goes below it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
DATA_DIR = Path("data")


def print_dataset(folder: PairsFolder, as_json: bool) -> None:
    """Prints what was fetched: JSON on stdout, or a line for a person."""
    if as_json:
        print_json({"path": str(folder.root), **folder.info.to_dict()})
    else:
        say_counts(folder)


def say_counts(folder: PairsFolder) -> None:
    """Says how much there is."""
    from a2i_tf.datasets.quantity import quantity

    info = folder.info
    say(
        f"{folder.root}: {quantity(info.num_pairs, 'pair')} from "
        f"{quantity(info.num_sources, 'source')}, {quantity(len(info.label_counts), 'class')}"
    )
