"""`a2i evaluate`: how good a model's pictures are."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from a2i_tf.cli.console import Stages, print_json, say, stages

if TYPE_CHECKING:
    from a2i_tf.evaluation.report import Report
    from a2i_tf.models.drawing import DrawingModel


def evaluate(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Runs to put in one table, after the one of --run. \\[default: the newest run]",
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="The run that is reported as `model`. \\[default: the first one named]"),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare the runs that are named after it.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(help="Pairs folder. \\[default: the one trained on]", show_default=False),
    ] = None,
    items: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="At most so many test items, evenly spread. \\[default: all]",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise and of all choices.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the report to this file; - is stdout.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            help="Side-by-side picture. \\[default: comparison.png in the run]", show_default=False
        ),
    ] = None,
) -> None:
    """Judge a model's pictures on sources that it has never heard.

    A classifier trained on real pictures only names the class of every drawn one; the baselines
    stand in the same tables. Runs that are alike but for their seed get a row together. See
    docs/evaluation.md.

    [bold]Examples[/]

    a2i evaluate

    a2i evaluate --run runs/0002-scenes-default --compare runs/0001-scenes-seed --json report.json

    a2i evaluate --compare runs/0002-scenes-default runs/0003-scenes-default --items 1000
    """
    from a2i_tf.training.run import RUNS_FOLDER, latest_run, read_run

    named = [*([run] if run else []), *(runs or [])]
    if compare and not runs:
        raise typer.BadParameter("--compare wants the runs to compare after it")
    named = named or [latest_run(RUNS_FOLDER)]
    root = data or Path(read_run(named[0]).data)
    report = _evaluate(named, root, items, seed)
    path = picture or named[0] / "comparison.png"
    _write_picture(path, report)
    if json_file is not None:
        _write_report(json_file, report)
    if json_file != Path("-"):
        typer.echo(report.to_markdown())
    say(f"side by side: {path}")


def _evaluate(runs: list[Path], root: Path, items: int | None, seed: int) -> Report:
    with stages("reading the models") as show:
        from a2i_tf.datasets.manifest import read_pairs
        from a2i_tf.evaluation.protocol import evaluate as evaluate_models
        from a2i_tf.evaluation.runs import (
            check_data,
            find_unfinished,
            group_by_seed,
            name_runs,
            notes_on_runs,
        )
        from a2i_tf.training.run import read_run

        config_of = {run: read_run(run) for run in runs}
        named = name_runs(runs, config_of)
        configs = {name: config_of[run] for name, run in named.items()}
        folder = read_pairs(root)
        notes = check_data(named, configs, folder)
        models = _read_models(named, show)
        steps = {name: model.config.steps for name, model in models.items()}
        unfinished = find_unfinished(named, configs, steps)
        notes += notes_on_runs(configs, unfinished)
        finished = {name: config for name, config in configs.items() if name not in unfinished}
        report = evaluate_models(
            models,
            folder,
            seeds=group_by_seed(finished),
            items=items,
            skip_bad=any(config.skip_bad for config in configs.values()),
            seed=seed,
            on_step=show,
        )
    return dataclasses.replace(report, notes=(*notes, *report.notes))


def _read_models(named: dict[str, Path], show: Stages) -> dict[str, DrawingModel]:
    from a2i_tf.models.drawing import read_drawing_model
    from a2i_tf.training.run import MODEL_FOLDER

    models = {}
    for done, (name, run) in enumerate(named.items()):
        show("reading the models", done, len(named))
        models[name] = read_drawing_model(run / MODEL_FOLDER)
    return models


def _write_picture(path: Path, report: Report) -> None:
    from PIL import Image

    from a2i_tf.atomic import write_bytes

    contents = io.BytesIO()
    Image.fromarray(report.picture).save(contents, "PNG")
    write_bytes(path, contents.getvalue())


def _write_report(path: Path, report: Report) -> None:
    from a2i_tf.atomic import write_json

    if path == Path("-"):
        print_json(report.to_dict())
    else:
        write_json(path, report.to_dict())
