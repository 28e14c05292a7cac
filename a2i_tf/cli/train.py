"""`a2i train`: learn to draw a dataset's scenes from its sounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from a2i_tf.cli.console import print_json, say
from a2i_tf.datasets.quantity import quantity
from a2i_tf.errors import A2IError
from a2i_tf.version import __version__

if TYPE_CHECKING:
    from a2i_tf.audio.settings import MfccConfig
    from a2i_tf.datasets.pairs import PairsFolder
    from a2i_tf.models.presets import Preset
    from a2i_tf.training.run import RunConfig

# Spelled out here, so that `--help` imports neither networks nor TensorFlow.
PresetName = Literal["default", "seed", "tiny"]
StrategyChoice = Literal["auto", "one-device", "mirrored", "multiworker"]

_DEFAULT_MINUTES = 30.0
_MAX_SEED = 2**32 - 1


def train(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(help="Pairs folder. \\[default: the only one in data/]", show_default=False),
    ] = None,
    preset: Annotated[
        PresetName, typer.Option(help="default, seed (the reference) or tiny.")
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

    Ctrl-C ends the training cleanly: the model so far can be used, and the run resumed.

    [bold]Examples[/]

    a2i train --minutes 5

    a2i train --data data/scenes --preset seed --steps 2000 --image-size 32

    a2i train --resume runs/0001-scenes-default --minutes 60
    """
    if resume is not None:
        _refuse_fixed_options(context)
    if minutes is not None and steps is not None:
        raise typer.BadParameter("give either --minutes or --steps, not both")
    if resume is not None:
        run, config = resume, _resumed(resume, minutes, steps, data, records, skip_bad)
    else:
        config = _new_config(
            data, preset, image_size, minutes, steps, seed, strategy, records, skip_bad
        )
        run = _new_run(run_dir, config)
    if dry_run:
        _print_plan(run, config)
        return
    is_tested = _is_tested(config)
    _write_config(run, config, resumed=resume is not None)
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
    data: Path | None,
    preset: str,
    image_size: int,
    minutes: float | None,
    steps: int | None,
    seed: int,
    strategy: str,
    records: str | None,
    skip_bad: bool,
) -> RunConfig:
    from a2i_tf.datasets.checksum import hash_splits
    from a2i_tf.datasets.locate import only_dataset
    from a2i_tf.datasets.manifest import read_pairs
    from a2i_tf.models.presets import preset_named
    from a2i_tf.training.run import RunConfig

    folder = read_pairs(data or only_dataset())
    chosen = preset_named(preset)
    mfcc = _front_end(folder, chosen)
    try:
        return RunConfig(
            preset=chosen,
            mfcc=mfcc,
            image_size=image_size,
            data=str(folder.root),
            dataset=folder.info.name,
            checksum=folder.info.checksum,
            labels=folder.labels,
            seed=seed,
            minutes=_DEFAULT_MINUTES if steps is None and minutes is None else minutes,
            steps=steps,
            strategy=strategy,
            skip_bad=skip_bad,
            a2i_version=__version__,
            records=records,
            splits=hash_splits(folder.pairs),
            has_split_column=folder.has_split_column,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _front_end(folder: PairsFolder, preset: Preset) -> MfccConfig:
    """Returns the preset's recipe for the dataset's windows and rate, or that of its features."""
    from a2i_tf.audio.settings import MFCC_SETTINGS

    info = folder.info
    setting = info.mfcc_setting or preset.mfcc_setting
    if setting not in MFCC_SETTINGS:
        raise A2IError(
            f"{folder.root}: its features have the setting {setting!r}, which this a2i does not "
            f"know; it knows {', '.join(MFCC_SETTINGS)}"
        )
    if info.mfcc_setting:
        return MFCC_SETTINGS[setting]
    try:
        return replace(
            MFCC_SETTINGS[setting],
            window_seconds=info.window_seconds,
            sample_rate=info.sample_rate,
        )
    except ValueError as error:
        raise A2IError(
            f"{folder.root}: windows of {info.window_seconds:g} s at {info.sample_rate} Hz don't "
            f"suit the preset {preset.name}: {error}; import the dataset again with others"
        ) from error


def _new_run(run_dir: Path | None, config: RunConfig) -> Path:
    from a2i_tf.training.run import RUNS_FOLDER, next_run_folder

    return run_dir or next_run_folder(RUNS_FOLDER, config)


def _write_config(run: Path, config: RunConfig, *, resumed: bool) -> None:
    from a2i_tf.training.run import rewrite_run, start_run

    if resumed:
        rewrite_run(run, config)
    else:
        start_run(run, config)


def _refuse_fixed_options(context: typer.Context) -> None:
    """Refuses options that a resumed run can't change, rather than ignore them."""
    for name in ("preset", "image_size", "seed", "strategy", "run_dir"):
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            option = name.replace("_", "-")
            raise typer.BadParameter(f"--{option} can't be changed when a run is resumed")


def _resumed(
    run: Path,
    minutes: float | None,
    steps: int | None,
    data: Path | None,
    records: str | None,
    skip_bad: bool,
) -> RunConfig:
    from a2i_tf.training.run import read_run

    config = read_run(run)
    if minutes is None and steps is None:
        minutes, steps = config.minutes, config.steps
    try:
        return replace(
            config,
            minutes=minutes,
            steps=steps,
            data=str(data or config.data),
            records=records or config.records,
            skip_bad=skip_bad or config.skip_bad,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


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

    say(f"training {run} on {config.data}")
    with TrainingProgress() as progress:
        from a2i_tf.training.run import discard_run
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
