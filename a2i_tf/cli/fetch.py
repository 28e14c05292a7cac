"""`a2i fetch`: get a dataset; a command for each."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from a2i_tf.cli.console import say
from a2i_tf.cli.fetch_digits import digits
from a2i_tf.cli.fetch_kaggle import kaggle
from a2i_tf.cli.fetch_options import DATA_DIR, AsJson, DataDir, DryRun
from a2i_tf.cli.fetch_scenes import scenes


class _Datasets(TyperGroup):
    """Commands that are named after datasets."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Finds the dataset that is named, or says which there are."""
        if self.get_command(ctx, args[0]) is None:
            choices = ", ".join(self.list_commands(ctx))
            ctx.fail(f"there is no dataset {args[0]!r}; choose one of {choices}")
        return super().resolve_command(ctx, args)


fetch_app = typer.Typer(cls=_Datasets, invoke_without_command=True, rich_markup_mode="rich")
for command in (scenes, kaggle, digits):
    fetch_app.command()(command)


@fetch_app.callback()
def fetch(
    context: typer.Context,
    data_dir: DataDir = DATA_DIR,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Get a dataset: paired sounds and pictures.

    Without a name: kaggle if credentials are found, otherwise scenes. Done twice, the second time
    does nothing.

    [bold]Examples[/]

    a2i fetch

    a2i fetch scenes --sources 500 --seed 1

    a2i fetch digits --help
    """
    if context.invoked_subcommand is not None:
        _refuse_options_before_name(context)
        return
    from a2i_tf.datasets.kaggle.credentials import find_credentials

    credentials = find_credentials()
    if credentials is None:
        say("no Kaggle credentials found: taking the built-in dataset, scenes")
        scenes(data_dir=data_dir, dry_run=dry_run, as_json=as_json)
    else:
        say(f"Kaggle credentials found ({credentials}): taking kaggle")
        kaggle(data_dir=data_dir, dry_run=dry_run, as_json=as_json)


def _refuse_options_before_name(context: typer.Context) -> None:
    # They would be taken for nothing: the dataset's command has its own.
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if (source := context.get_parameter_source(parameter.name or ""))
        # Typer has Click's enumeration, or one of its own, by version.
        and source.name == "COMMANDLINE"
    ]
    if given:
        context.fail(f"put {given[0]} behind {context.invoked_subcommand}")
