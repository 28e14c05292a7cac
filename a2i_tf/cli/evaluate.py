"""`a2i evaluate`: how good a model's pictures are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from a2i_tf.cli.console import print_json, say, stages
from a2i_tf.errors import A2IError

if TYPE_CHECKING:
    from a2i_tf.evaluation.report import Report
    from a2i_tf.models.drawing import DrawingModel


def evaluate(
    run: Annotated[
        Path | None,
        typer.Option(help="Run to evaluate. \\[default: the newest in runs/]", show_default=False),
    ] = None,
    compare: Annotated[
        list[Path] | None,
        typer.Option(help="Another run to put in the same table; can be given again."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Pairs folder. \\[default: the one trained on]", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise and the judge.")] = 0,
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
    stand in the same table. See docs/evaluation.md.

    [bold]Examples[/]

    a2i evaluate

    a2i evaluate --run runs/0002-scenes-default --compare runs/0001-scenes-seed --json report.json
    """
    from a2i_tf.training.run import RUNS_FOLDER, latest_run, read_run

    run = run or latest_run(RUNS_FOLDER)
    root = data or Path(read_run(run).data)
    report = _evaluate(run, compare or [], root, seed)
    path = picture or run / "comparison.png"
    _write_picture(path, report)
    if json_file is not None:
        _write_report(json_file, report)
    if json_file != Path("-"):
        typer.echo(report.to_markdown())
    say(f"side by side: {path}")


def _evaluate(run: Path, others: list[Path], root: Path, seed: int) -> Report:
    from a2i_tf.training.run import read_run

    with stages("reading the models") as show:
        from a2i_tf.datasets.check import drop_bad_pairs
        from a2i_tf.datasets.pairs import read_pairs
        from a2i_tf.evaluation.baselines import BASELINES
        from a2i_tf.evaluation.protocol import evaluate as evaluate_models

        models = {"model": _read_model(run)}
        for other in others:
            name = _system_name(other)
            name = other.name if name in models else name
            if name in models or name in BASELINES:
                raise A2IError(
                    f"{other}: is given twice, or has the name of a baseline; rename the folder"
                )
            models[name] = _read_model(other)
        folder, _ = drop_bad_pairs(read_pairs(root), skip_bad=read_run(run).skip_bad)
        return evaluate_models(models, folder, seed=seed, on_step=show)


def _read_model(run: Path) -> DrawingModel:
    from a2i_tf.models.drawing import read_drawing_model
    from a2i_tf.training.run import MODEL_FOLDER, read_run

    read_run(run)
    return read_drawing_model(run / MODEL_FOLDER)


def _system_name(run: Path) -> str:
    """Names a compared run by its preset, as the protocol's row `seed`, or by its folder."""
    from a2i_tf.training.run import read_run

    preset = read_run(run).preset.name
    return preset if preset == "seed" else run.name


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
