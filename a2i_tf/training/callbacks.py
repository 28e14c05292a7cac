"""What is written beside the training step: records, pictures, checkpoints."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.atomic import explain_os_errors, write_bytes
from a2i_tf.grid import write_grid
from a2i_tf.models.drawing import Drawer
from a2i_tf.models.gan import AudioToImageGAN
from a2i_tf.training.run import RunConfig
from a2i_tf.training.status import (
    TrainingStatus,
    check_finite,
    progress_made,
    steps_taken,
)

_LOG_EVERY_STEPS = 20
_FIRST_SAMPLES_STEP = 50


class Records(keras.callbacks.Callback):
    """Writes `history.jsonl` and TensorBoard events, and reports the status.

    Must come after `Budget`.

    Args:
        run: The run folder.
        config: Its configuration.
        elapsed_seconds: The variable that `Budget` keeps.
        on_status: Called after every step.
    """

    def __init__(
        self,
        run: Path,
        config: RunConfig,
        elapsed_seconds: tf.Variable,
        on_status: Callable[[TrainingStatus], None] | None,
    ) -> None:
        super().__init__()
        self._config = config
        self._history = run / "history.jsonl"
        self._events = tf.summary.create_file_writer(str(run / "events"))
        self._elapsed_seconds = elapsed_seconds
        self._on_status = on_status

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Cuts off a line that a killed run left unfinished or wrote after its checkpoint."""
        self._mark = (time.monotonic(), steps_taken(self.model))
        self._speed = 0.0
        self._unwritten: TrainingStatus | None = None
        if self._history.exists():
            with explain_os_errors(self._history):
                kept = _lines_up_to(self._history.read_text(), steps_taken(self.model))
            write_bytes(self._history, "".join(f"{line}\n" for line in kept).encode())

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Reports every step, and writes every few."""
        step = steps_taken(self.model)
        due = step % _LOG_EVERY_STEPS == 0
        if due:
            now, (then, step_then) = time.monotonic(), self._mark
            self._speed = (step - step_then) * self.model.preset.batch_size / (now - then)
            self._mark = (now, step)
        status = TrainingStatus(
            step=step,
            elapsed_seconds=float(self._elapsed_seconds),
            progress=progress_made(self.model, self._config),
            images_per_second=self._speed,
            losses={name: float(value) for name, value in (logs or {}).items()},
        )
        check_finite(status)
        self._unwritten = status
        if due:
            self._write(status)
        if self._on_status:
            self._on_status(status)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Writes the last step, and closes the events."""
        if self._unwritten:
            self._write(self._unwritten)
        self._events.close()

    def _write(self, status: TrainingStatus) -> None:
        self._unwritten = None
        line = {
            "step": status.step,
            "elapsed_seconds": round(status.elapsed_seconds, 2),
            "progress": round(status.progress, 5),
            "images_per_second": round(status.images_per_second, 2),
            **{name: round(value, 6) for name, value in status.losses.items()},
        }
        with explain_os_errors(self._history), self._history.open("a") as file:
            file.write(json.dumps(line) + "\n")
        with self._events.as_default(step=status.step):
            tf.summary.scalar("images_per_second", status.images_per_second)
            for name, value in status.losses.items():
                tf.summary.scalar(f"loss/{name}", value)


class AlignmentMeasures(keras.callbacks.Callback):
    """Does what an `Alignment` needs before and after `fit`, where Ctrl-C ends it as cleanly.

    Must come before the budget, whose share is for learning alone.

    Args:
        pairs: Batches of (mfcc, strips).
        elapsed_seconds: A variable with the time used so far.
    """

    def __init__(self, pairs: tf.data.Dataset, elapsed_seconds: tf.Variable) -> None:
        super().__init__()
        self._pairs = pairs
        self._elapsed_seconds = elapsed_seconds

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Whitens what is heard."""
        started = time.monotonic()
        self.model.adapt(self._pairs)
        self._elapsed_seconds.assign_add(time.monotonic() - started)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Keeps of what is seen what can be heard."""
        started = time.monotonic()
        self.model.share(self._pairs)
        self._elapsed_seconds.assign_add(time.monotonic() - started)


class SamplePictures(keras.callbacks.Callback):
    """Draws the same few sounds again and again: real on top, two seeds below.

    The steps between grids double, so that a short run shows its beginning and a long one
    doesn't fill the disk.

    Args:
        gan: Whose networks draw.
        folder: Where the grids go, as `step-000050.png`.
        mfcc: float32 [n, frames, coefficients].
        images: uint8 [n, size, size, 3].
    """

    def __init__(
        self,
        gan: AudioToImageGAN,
        folder: Path,
        mfcc: NDArray[np.float32],
        images: NDArray[np.uint8],
    ) -> None:
        super().__init__()
        self._gan = gan
        self._folder = folder
        self._mfcc = mfcc
        self._images = images
        self._drawer: Drawer | None = None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Draws when the step is the first one times a power of two."""
        ratio, rest = divmod(steps_taken(self._gan), _FIRST_SAMPLES_STEP)
        if rest == 0 and ratio & (ratio - 1) == 0 and ratio:
            self.draw()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Draws the last grid."""
        self.draw()

    def draw(self) -> None:
        """Writes a grid for the present step."""
        gan = self._gan
        self._drawer = self._drawer or Drawer(gan.drawing_encoder, gan.drawing_generator)
        rows = [self._images]
        for seed in range(2):
            noise = np.random.default_rng(seed).standard_normal(
                (len(self._mfcc), gan.preset.noise_dim), dtype=np.float32
            )
            rows.append(self._drawer.draw(self._mfcc, noise))
        write_grid(self._folder / f"step-{steps_taken(gan):06d}.png", np.stack(rows))


class Checkpoints(keras.callbacks.Callback):
    """Calls `save` every few minutes.

    Args:
        save: Writes a checkpoint of the present state.
        every_seconds: Time between two checkpoints.
    """

    def __init__(self, save: Callable[[], None], every_seconds: float) -> None:
        super().__init__()
        self._save = save
        self._every_seconds = every_seconds

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._saved_at = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves when it's time."""
        if time.monotonic() - self._saved_at >= self._every_seconds:
            self._save()
            self._saved_at = time.monotonic()


def _lines_up_to(history: str, step: int) -> list[str]:
    kept = []
    for line in history.splitlines():
        try:
            if json.loads(line)["step"] > step:
                break
        except (ValueError, KeyError):
            break
        kept.append(line)
    return kept
