"""`a2i fetch digits`: pair spoken with handwritten digits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from a2i_tf.cli.console import counting, say
from a2i_tf.cli.fetch_options import DATA_DIR, AsJson, DataDir, DryRun, print_dataset

_DEFAULT_IMAGES_PER_RECORDING = 8


def digits(
    origin: Annotated[
        Path,
        typer.Option(
            "--from", help="Folder that holds fsdd/*.wav and mnist.npz.", show_default=False
        ),
    ],
    leave_out: Annotated[
        str | None,
        typer.Option(
            metavar="SPEAKER",
            help="The speaker that training never hears. Unless named: the last by name.",
            show_default=False,
        ),
    ] = None,
    images_per_recording: Annotated[
        int, typer.Option(min=1, help="Pictures for every recording in training.")
    ] = _DEFAULT_IMAGES_PER_RECORDING,
    data_dir: DataDir = DATA_DIR,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Pair spoken digits (FSDD) with handwritten ones (MNIST).

    [bold]Example[/]

    a2i fetch digits --from ../shared/data --leave-out theo
    """
    from a2i_tf.datasets.digits import (
        NAME,
        TEST_IMAGES_PER_RECORDING,
        choose_left_out,
        find_utterances,
        is_paired,
        pair_digits,
    )
    from a2i_tf.datasets.manifest import read_pairs

    utterances = find_utterances(origin)
    left_out = choose_left_out(utterances, leave_out)
    root = data_dir / f"{NAME}-{left_out}"
    if dry_run:
        say(
            f"would pair {len(utterances)} recordings with {images_per_recording} pictures each "
            f"({TEST_IMAGES_PER_RECORDING} for {left_out}, who is tested) into {root}"
        )
        return
    if is_paired(root, left_out, images_per_recording):
        say(f"{root}: is there already")
        folder = read_pairs(root)
    else:
        with counting("pairing recordings") as count:
            folder = pair_digits(root, origin, left_out, images_per_recording, count)
    print_dataset(folder, as_json)
