"""What a run is to do: put together for a dataset, or changed for a run that goes on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from a2i_tf.audio.settings import MFCC_SETTINGS, MfccConfig
from a2i_tf.datasets.checksum import hash_splits
from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.errors import A2IError
from a2i_tf.models.presets import Preset
from a2i_tf.training.run import RunConfig
from a2i_tf.version import __version__

_DEFAULT_MINUTES = 30.0


@dataclass(frozen=True)
class RunOptions:
    """What a person chooses for a run, but for data and preset.

    Attributes:
        image_size: Width and height of the pictures in pixels.
        minutes: Training time in all, or
        steps: training steps in all; with neither, a new run has 30 minutes.
        seed: Seed of weights, shuffling, noise and augmentation.
        strategy: Name of the distribution strategy.
        records: Folder of records; None for the one in the dataset's folder.
        skip_bad: Whether bad pairs are left out.
    """

    image_size: int
    minutes: float | None
    steps: int | None
    seed: int
    strategy: str
    records: str | None
    skip_bad: bool


def configure(folder: PairsFolder, preset: Preset, options: RunOptions) -> RunConfig:
    """Returns the configuration of a new run.

    Args:
        folder: The dataset.
        preset: The networks and their training.
        options: All else that is chosen.

    Raises:
        A2IError: if the front end of the preset doesn't suit the dataset.
        ValueError: if a value is out of its range.
    """
    has_budget = options.minutes is not None or options.steps is not None
    return RunConfig(
        preset=preset,
        mfcc=_front_end(folder, preset),
        data=str(folder.root),
        dataset=folder.info.name,
        checksum=folder.info.checksum,
        labels=folder.labels,
        a2i_version=__version__,
        splits=hash_splits(folder.pairs),
        has_split_column=folder.has_split_column,
        **{**asdict(options), "minutes": options.minutes if has_budget else _DEFAULT_MINUTES},
    )


def reconfigure(config: RunConfig, data: Path | None, options: RunOptions) -> RunConfig:
    """Returns the configuration of a run that goes on; what isn't given stays.

    Args:
        config: Its configuration until now.
        data: The pairs folder, if it was moved.
        options: The budget, records and whether bad pairs are left out; the rest can't change.

    Raises:
        ValueError: if the budget is out of its range.
    """
    minutes, steps = options.minutes, options.steps
    if minutes is None and steps is None:
        minutes, steps = config.minutes, config.steps
    return replace(
        config,
        minutes=minutes,
        steps=steps,
        data=str(data or config.data),
        records=options.records or config.records,
        skip_bad=options.skip_bad or config.skip_bad,
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
