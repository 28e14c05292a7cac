"""A run folder: what a training run was asked to do and what came of it.

config.json     RunConfig
history.jsonl   losses and speed, a line every few steps
samples/        grids of pictures by step
events/         TensorBoard
checkpoints/    everything that is needed to go on
model/          the networks that draw (models/drawing.py)
comparison.png  what `a2i evaluate` draws
"""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a2i_tf.atomic import explain_os_errors, make_folder, write_json
from a2i_tf.audio.settings import MfccConfig
from a2i_tf.config import Config, read_json
from a2i_tf.datasets.checksum import hash_splits
from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.errors import A2IError
from a2i_tf.models.config import CONFIG_FILE
from a2i_tf.models.presets import IMAGE_SIZES, Preset

RUNS_FOLDER = Path("runs")
RUN_FORMAT = 10
MODEL_FOLDER = "model"
_NUMBERED = re.compile(r"(\d+)-.+")


@dataclass(frozen=True)
class RunConfig(Config):
    """All that is needed to repeat or go on with a run.

    Attributes:
        preset: The networks and their training.
        mfcc: The front end.
        image_size: Width and height of the pictures in pixels.
        data: Path of the pairs folder.
        dataset: Name of the dataset.
        checksum: Checksum of the dataset.
        labels: Its classes.
        seed: Seed of weights, shuffling, noise and augmentation.
        minutes: Training time, or
        steps: training steps; just one of the two is given.
        strategy: Name of the distribution strategy.
        skip_bad: Whether bad pairs are left out.
        a2i_version: Version that started the run.
        splits: `hash_splits` of the dataset.
        records: Folder of records, any path that TensorFlow reads and writes; None for the one in
            the dataset's folder.
        has_split_column: Whether the dataset split its sources itself.
        format: Version of the folder's layout.
    """

    preset: Preset
    mfcc: MfccConfig
    image_size: int
    data: str
    dataset: str
    checksum: str
    labels: tuple[str, ...]
    seed: int
    minutes: float | None
    steps: int | None
    strategy: str
    skip_bad: bool
    a2i_version: str
    splits: str
    records: str | None = None
    has_split_column: bool = False
    format: int = RUN_FORMAT

    def __post_init__(self) -> None:
        """Checks the budget and the image size."""
        if (self.minutes is None) == (self.steps is None):
            raise ValueError("give either minutes or steps")
        budget = self.steps if self.minutes is None else self.minutes
        if not 0 < (budget or 0) < math.inf:
            raise ValueError("minutes and steps must be above 0, and finite")
        if self.image_size not in IMAGE_SIZES:
            raise ValueError(f"image_size must be one of {IMAGE_SIZES}")

    @property
    def flow_share(self) -> float:
        """The budget's share for the flows alone: the preset's, but its minutes at most."""
        most = self.preset.flow_minutes / self.minutes if self.minutes else math.inf
        return min(self.preset.flow_share, most)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RunConfig:
        """Rebuilds a configuration, and refuses one of another format.

        Raises:
            A2IError: if the format is another one, or a field doesn't fit.
        """
        if values.get("format") != RUN_FORMAT:
            raise A2IError(
                f"the run has format {values.get('format')}, this a2i reads {RUN_FORMAT}: it was "
                "made by another version of a2i; train again"
            )
        return super().from_dict(values)


def next_run_folder(runs: Path, config: RunConfig) -> Path:
    """Returns the next numbered folder, such as `runs/0003-scenes-default`."""
    names = [path.name for path in runs.iterdir()] if runs.is_dir() else []
    numbers = [int(match.group(1)) for name in names if (match := _NUMBERED.fullmatch(name))]
    return runs / f"{max(numbers, default=0) + 1:04d}-{config.dataset}-{config.preset.name}"


def start_run(path: Path, config: RunConfig) -> None:
    """Makes a run folder.

    Raises:
        A2IError: if the folder holds something already, or can't be written to.
    """
    with explain_os_errors(path):
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise A2IError(f"{path}: is there already; go on with --resume, or choose another")
    make_folder(path)
    write_json(path / CONFIG_FILE, config.to_dict())


def discard_run(path: Path) -> None:
    """Removes a run that came to nothing: a folder that holds just its configuration."""
    # It's in nobody's way; what kept the run from starting is told instead.
    with contextlib.suppress(OSError):
        if [file.name for file in path.iterdir()] == [CONFIG_FILE]:
            (path / CONFIG_FILE).unlink()
            path.rmdir()


def rewrite_run(path: Path, config: RunConfig) -> None:
    """Replaces the configuration of a run that goes on with another budget."""
    write_json(path / CONFIG_FILE, config.to_dict())


def read_run(path: Path) -> RunConfig:
    """Reads a run's configuration.

    Raises:
        A2IError: if it isn't a run folder, or one from another version.
    """
    if not (path / CONFIG_FILE).is_file():
        raise A2IError(f"{path}: is not a run folder (it has no {CONFIG_FILE})")
    try:
        return RunConfig.from_dict(read_json(path / CONFIG_FILE))
    except A2IError as error:
        raise A2IError(f"{path}: {error}") from error


def check_splits(run: Path, config: RunConfig, folder: PairsFolder) -> None:
    """Looks whether a dataset that has the checksum of a run's still has its splits too.

    Raises:
        A2IError: if it hasn't: then the run may have heard the test sources.
    """
    if config.splits != hash_splits(folder.pairs):
        raise A2IError(
            f"{folder.root}: the splits have changed since {run} was trained: it may have heard "
            "sources that are held out now; write the old ones into the column split again, or "
            "train a new run"
        )


def latest_run(runs: Path) -> Path:
    """Returns the newest run below `runs` that has a model.

    Raises:
        A2IError: if there is none.
    """
    found = sorted(runs.glob(f"*/{MODEL_FOLDER}/{CONFIG_FILE}"), key=lambda p: p.stat().st_mtime)
    if not found:
        raise A2IError(f"{runs}: holds no trained model; run `a2i train` or name one")
    return found[-1].parent.parent
