"""`a2i train`: learn to draw a dataset's scenes from its sounds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from a2i_tf.cli.console import print_json, say
from a2i_tf.datasets.quantity import quantity
from a2i_tf.errors import A2IError

if TYPE_CHECKING:
    from a2i_tf.training.configuration import RunOptions
    from a2i_tf.training.run import RunConfig

# Spelled out here, so that `--help` imports neither networks nor TensorFlow.
PresetName = Literal["default", "voices", "seed", "tiny"]
StrategyChoice = Literal["auto", "one-device", "mirrored", "multiworker"]

_MAX_SEED = 2**32 - 1
_MOST_GUIDANCE = 10.0


def train(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(help="Pairs folder. \\[default: the only one in data/]", show_default=False),
    ] = None,
    preset: Annotated[
        PresetName,
        typer.Option(help="default, voices (spoken words), seed (the reference) or tiny."),
    ] = "default",
    image_size: Annotated[int, typer.Option(help="32, 64 or 128 pixels.")] = 64,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Training time in all. \\[default: 30]", show_default=False),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Training steps in all, instead of --minutes.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=_MAX_SEED, help="Seed of weights, noise and order.")
    ] = 0,
    guidance: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=_MOST_GUIDANCE,
            help="How strictly pictures follow their sound: more is less various. "
            "\\[default: the preset's]",
            show_default=False,
        ),
    ] = None,
    run_dir: Annotated[
        Path | None,
        typer.Option(help="Folder of the run. \\[default: the next in runs/]", show_default=False),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with this run instead of starting one.")
    ] = None,
    strategy: Annotated[
        StrategyChoice, typer.Option(help="auto, one-device, mirrored or multiworker (TF_CONFIG).")
    ] = "auto",
    records: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Folder for TFRecord files, any path that TensorFlow writes, such as gs:// "
            "or s3://. \\[default: .records in the pairs folder]",
            show_default=False,
        ),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave bad pairs out instead of stopping.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train a model on a dataset.

    Ctrl-C ends the training cleanly: once adversarial training has begun, the model so far can be
    used, and the run resumed.

    [bold]Examples[/]

    a2i train --minutes 5

    a2i train --data data/scenes --preset seed --steps 2000 --image-size 32

    a2i train --data data/digits-theo --image-size 32 --preset voices

    a2i train --resume runs/0001-scenes-default --minutes 60
    """
    if resume is not None:
        _refuse_fixed_options(context)
    if minutes is not None and steps is not None:
        raise typer.BadParameter("give either --minutes or --steps, not both")
    from a2i_tf.training.configuration import RunOptions

    options = RunOptions(
        image_size=image_size,
        minutes=minutes,
        steps=steps,
        seed=seed,
        strategy=strategy,
        records=records,
        skip_bad=skip_bad,
    )
    if resume is not None:
        config = _resumed(resume, data, options)
    else:
        config = _new_config(data, preset, guidance, options)
    if dry_run:
        _print_plan(resume or run_dir or _next_run(config), config)
        return
    is_tested = _is_tested(config)
    # Not before: another training may have taken the number meanwhile.
    run = resume or run_dir or _next_run(config)
    result = _train(run, config, resumed=resume is not None)
    if as_json:
        print_json(result)
        return
    state = "finished" if result["finished"] else "stopped early"
    taken = quantity(result["steps"], "step")
    say(f"{run}: {state} after {taken}, {result['minutes']:.1f} minutes")
    evaluation = f", or a2i evaluate --run {run}" if is_tested else ""
    say(f"next: a2i generate CLIP --model {run}{evaluation}")


def _new_config(
    data: Path | None, preset: str, guidance: float | None, options: RunOptions
) -> RunConfig:
    from a2i_tf.datasets.locate import only_dataset
    from a2i_tf.datasets.manifest import read_pairs
    from a2i_tf.models.presets import preset_named
    from a2i_tf.training.configuration import configure

    folder = read_pairs(data or only_dataset())
    try:
        return configure(folder, preset_named(preset, guidance), options)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _resumed(run: Path, data: Path | None, options: RunOptions) -> RunConfig:
    from a2i_tf.training.configuration import reconfigure
    from a2i_tf.training.run import read_run

    config = read_run(run)
    try:
        return reconfigure(config, data, options)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _next_run(config: RunConfig) -> Path:
    from a2i_tf.training.run import RUNS_FOLDER, next_run_folder

    return next_run_folder(RUNS_FOLDER, config)


def _refuse_fixed_options(context: typer.Context) -> None:
    """Refuses options that a resumed run can't change, rather than ignore them."""
    for name in ("preset", "image_size", "seed", "strategy", "guidance", "run_dir"):
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            option = name.replace("_", "-")
            raise typer.BadParameter(f"--{option} can't be changed when a run is resumed")


def _print_plan(run: Path, config: RunConfig) -> None:
    from a2i_tf.datasets.manifest import read_pairs
    from a2i_tf.datasets.pairs import SPLITS

    folder = read_pairs(Path(config.data))
    counts = ", ".join(f"{len(folder.split(split))} {split}" for split in SPLITS)
    budget = (
        f"{config.minutes:g} minutes" if config.minutes else quantity(config.steps or 0, "step")
    )
    classes = quantity(len(folder.labels), "class")
    say(f"would train {run} on {folder.root} (pairs: {counts}; {classes})")
    say(
        f"preset {config.preset.name}, {config.image_size} px, {budget}, "
        f"batches of {config.preset.batch_size}, seed {config.seed}, strategy {config.strategy}"
    )


def _is_tested(config: RunConfig) -> bool:
    """Tells whether a run can be evaluated, and says what to do before it's too late if not."""
    from a2i_tf.datasets.manifest import read_pairs

    folder = read_pairs(Path(config.data))
    if folder.split("test"):
        return True
    say(
        f"note: no pair of {folder.root} is kept for testing, so that nothing will tell how good "
        "the model is; to mend it, add sources or set the column split, then train anew"
    )
    return False


def _train(run: Path, config: RunConfig, *, resumed: bool) -> dict[str, Any]:
    from a2i_tf.cli.training_progress import TrainingProgress
    from a2i_tf.datasets.check import describe_bad_pairs
    from a2i_tf.training.run import discard_run, start_run

    if not resumed:
        start_run(run, config)
    say(f"training {run} on {config.data}")
    with TrainingProgress() as progress:
        from a2i_tf.training.trainer import train as train_run

        try:
            result = train_run(
                run, config, progress.show_status, progress.show_stage, progress.show_count
            )
        except BaseException:
            if not resumed:
                discard_run(run)
            raise
    if result.bad_pairs:
        described = describe_bad_pairs(result.bad_pairs)
        say(f"left out {quantity(len(result.bad_pairs), 'bad pair')}: {described}")
    if not result.steps:
        raise A2IError(f"{run}: no step was taken; resume it with --resume {run}")
    return {
        "run": str(run),
        "steps": result.steps,
        "minutes": result.elapsed_seconds / 60,
        "finished": result.finished,
        "bad_pairs": [item.pair.id for item in result.bad_pairs],
    }
