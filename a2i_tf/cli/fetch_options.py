"""What all `a2i fetch` commands take, and what they tell in the end."""

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
    info = folder.info
    if as_json:
        print_json({"path": str(folder.root), **info.to_dict()})
    else:
        say(
            f"{folder.root}: {info.num_pairs} pairs from {info.num_sources} sources, "
            f"{len(info.label_counts)} classes"
        )
