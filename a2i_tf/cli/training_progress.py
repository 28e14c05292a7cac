"""The display of a training run: losses, speed, time left."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from a2i_tf.cli.console import messages

if TYPE_CHECKING:
    from a2i_tf.training.status import TrainingStatus

_PLAIN_LINE_SECONDS = 15.0


class TrainingProgress:
    """A live bar on a terminal; in a log file, a line every 15 seconds."""

    def __init__(self) -> None:
        self._console = messages()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[details]}"),
            console=self._console,
            refresh_per_second=4,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID = self._progress.add_task("starting", total=1.0, details="")
        self._printed_at = 0.0
        self._counted = ""
        self._counting_since = 0.0

    def __enter__(self) -> TrainingProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show_stage(self, stage: str) -> None:
        """Shows what is going on beside training."""
        self._progress.update(self._task, description=stage, completed=0, details="")
        self._printed_at = 0.0
        if not self._console.is_terminal:
            self._console.print(stage)

    def show_count(self, what: str, done: int, total: int) -> None:
        """Shows how far something is that may take long; in a log file, only if it does."""
        now = time.monotonic()
        if what != self._counted:
            self._counted, self._counting_since = what, now
            self._printed_at = now
        details = describe_count(done, total, now - self._counting_since)
        self._progress.update(self._task, description=what, completed=done / total, details=details)
        if now - self._printed_at >= _PLAIN_LINE_SECONDS and not self._console.is_terminal:
            self._console.print(f"{what}  {details}")
            self._printed_at = now

    def show_status(self, status: TrainingStatus) -> None:
        """Shows where training stands."""
        details = describe_status(status)
        self._progress.update(self._task, completed=status.progress, details=details)
        due = time.monotonic() - self._printed_at >= _PLAIN_LINE_SECONDS
        if due and not self._console.is_terminal:
            self._console.print(f"{status.progress:4.0%}  {details}")
            self._printed_at = time.monotonic()


def describe_count(done: int, total: int, elapsed_seconds: float) -> str:
    """Returns the count and the time left in one line."""
    left = int(elapsed_seconds * (total - done) / done)
    return f"{done}/{total}  {left // 60}:{left % 60:02d} left"


def describe_status(status: TrainingStatus) -> str:
    """Returns step, speed, time left and losses in one line."""
    losses = "  ".join(f"{name} {value:.3f}" for name, value in status.losses.items())
    speed = f"{status.images_per_second:.0f} images/s" if status.images_per_second else ""
    left = status.remaining_seconds
    clock = f"{int(left // 60)}:{int(left % 60):02d} left" if status.progress else ""
    return "  ".join(filter(None, [f"step {status.step}", speed, clock, losses]))
