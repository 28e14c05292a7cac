"""`a2i fetch scenes`: render the built-in dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from a2i_tf.cli.console import counting, say
from a2i_tf.cli.fetch_options import DATA_DIR, AsJson, DataDir, DryRun, print_dataset

_DEFAULT_SOURCES = 400


def scenes(
    sources: Annotated[
        int, typer.Option(min=1, help="Number of worlds; each gives 24 pairs.")
    ] = _DEFAULT_SOURCES,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all worlds.")] = 0,
    data_dir: DataDir = DATA_DIR,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Render the built-in dataset: nine scenes, all synthesized.

    Interrupted, it goes on where it was.

    [bold]Example[/]

    a2i fetch scenes --sources 500 --seed 1
    """
    from a2i_tf.datasets.manifest import read_pairs
    from a2i_tf.datasets.scenes.render import NAME, is_rendered, render_scenes

    root = data_dir / NAME
    if dry_run:
        say(f"would render {sources} worlds ({24 * sources} pairs, seed {seed}) into {root}")
        return
    if is_rendered(root, sources, seed):
        say(f"{root}: is there already")
        folder = read_pairs(root)
    else:
        with counting("rendering worlds") as count:
            folder = render_scenes(root, sources, seed, count)
    print_dataset(folder, as_json)
