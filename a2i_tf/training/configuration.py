"""What a run is to do: put together for a dataset, or changed for a run that goes on."""

from __future__ import annotations

from dataclasses import replace

from a2i_tf.audio.settings import MFCC_SETTINGS, MfccConfig
from a2i_tf.datasets.checksum import hash_splits
from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.errors import A2IError
from a2i_tf.models.presets import Preset
from a2i_tf.training.run import RunConfig
from a2i_tf.version import __version__

_DEFAULT_MINUTES = 30.0


def configure(
    folder: PairsFolder,
    preset: Preset,
    *,
    image_size: int,
    minutes: float | None,
    steps: int | None,
    seed: int,
    strategy: str,
    guidance: float | None,
    records: str | None,
    skip_bad: bool,
) -> RunConfig:
    """Returns the configuration of a new run.

    Args:
        folder: The dataset.
        preset: The networks and their training.
        image_size: Width and height of the pictures in pixels.
        minutes: Training time; with neither it nor `steps`, 30.
        steps: Training steps.
        seed: Seed of weights, shuffling, noise and augmentation.
        strategy: Name of the distribution strategy.
        guidance: In place of the preset's.
        records: Folder of records; None for the one in the dataset's folder.
        skip_bad: Whether bad pairs are left out.

    Raises:
        A2IError: if the front end of the preset doesn't suit the dataset.
        ValueError: if a value is out of its range, or what the preset draws can't be guided.
    """
    if guidance is not None:
        if preset.prior != "flow":
            raise ValueError(f"the preset {preset.name} knows no guidance")
        preset = replace(preset, guidance=guidance)
    return RunConfig(
        preset=preset,
        mfcc=_front_end(folder, preset),
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


def reconfigure(
    config: RunConfig,
    *,
    minutes: float | None,
    steps: int | None,
    data: str | None,
    records: str | None,
    skip_bad: bool,
) -> RunConfig:
    """Returns the configuration of a run that goes on; what isn't given stays.

    Args:
        config: Its configuration until now.
        minutes: Training time in all, or
        steps: training steps in all.
        data: Path of the pairs folder, if it was moved.
        records: Folder of records.
        skip_bad: Whether bad pairs are left out from now on.

    Raises:
        ValueError: if the budget is out of its range.
    """
    if minutes is None and steps is None:
        minutes, steps = config.minutes, config.steps
    return replace(
        config,
        minutes=minutes,
        steps=steps,
        data=data or config.data,
        records=records or config.records,
        skip_bad=skip_bad or config.skip_bad,
    )


def _front_end(folder: PairsFolder, preset: Preset) -> MfccConfig:
    """Returns the preset's recipe for the dataset's windows and rate, or that of its features."""
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
