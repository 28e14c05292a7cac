"""`a2i fetch kaggle`: download the Kaggle set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from a2i_tf.cli.console import counting, say, transferring
from a2i_tf.cli.fetch_options import DATA_DIR, AsJson, DataDir, DryRun, print_dataset

if TYPE_CHECKING:
    from pathlib import Path

    from a2i_tf.datasets.pairs import PairsFolder


def kaggle(
    sample: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Keep so many rows of every source, evenly spaced. Unless given: all.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = DATA_DIR,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Download "Scene Classification: Images and Audio" (1.61 GB) from Kaggle.

    It takes Kaggle credentials: a token of https://www.kaggle.com/settings in KAGGLE_API_TOKEN or
    ~/.kaggle/access_token, or kaggle.json. Interrupted, the download goes on where it was.

    [bold]Example[/]

    a2i fetch kaggle --sample 50
    """
    from a2i_tf.datasets.kaggle import DATASET, NAME
    from a2i_tf.datasets.kaggle.assemble import is_fetched
    from a2i_tf.datasets.kaggle.credentials import require_credentials
    from a2i_tf.datasets.manifest import read_pairs

    root = data_dir / NAME
    if is_fetched(root, sample):
        say(f"{root}: is there already")
        if not dry_run:
            print_dataset(read_pairs(root), as_json)
        return
    credentials = require_credentials()
    if dry_run:
        kept = "all rows" if sample is None else f"{sample} rows of every source"
        say(f"would download {DATASET} (1.61 GB) by {credentials} and keep {kept} in {root}")
        return
    print_dataset(_fetch(root, sample), as_json)


def _fetch(root: Path, sample: int | None) -> PairsFolder:
    from a2i_tf.datasets.kaggle.assemble import assemble_pairs, count_difference, is_fetched
    from a2i_tf.datasets.kaggle.download import (
        claimed_download,
        discard_download,
        download_archive,
    )
    from a2i_tf.datasets.manifest import read_pairs

    with claimed_download(root):
        # Another process may have finished it since `kaggle` looked.
        if is_fetched(root, sample):
            discard_download(root)
            return read_pairs(root)
        with transferring("downloading") as count:
            download = download_archive(root, sample is None, count, on_pause=say)
        with counting("unpacking pictures") as count:
            folder = assemble_pairs(root, download, sample, count)
    difference = count_difference(folder)
    if difference:
        say(f"note: the set isn't the one published in 2020: rows of {difference}")
    return folder
