"""What a person sees: messages and progress on stderr, results on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


def messages() -> Console:
    """Returns the console for messages; stdout belongs to results.

    It is made anew every time, so that the stderr of the moment is the one written to.
    """
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """Prints a message for a person."""
    messages().print(escape(message))


def print_error(message: str) -> None:
    """Prints an error as one line."""
    line = " ".join(message.split())
    messages().print(f"[bold red]error:[/] {escape(line)}")


def print_json(values: dict[str, Any]) -> None:
    """Prints a result for a machine on stdout."""
    sys.stdout.write(json.dumps(values, indent=2) + "\n")


class Stages(Protocol):
    """Called with (what is done, steps done, steps in all of that kind)."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Shows what is going on and how far it is."""


@contextmanager
def stages(first: str) -> Iterator[Stages]:
    """Shows a bar that starts over whenever something else is done, while the block runs."""
    with _progress(MofNCompleteColumn()) as progress:
        task = progress.add_task(first, total=None)

        def show(what: str, done: int, total: int) -> None:
            if what != progress.tasks[0].description:
                progress.reset(task, description=what)
            progress.update(task, completed=done, total=total)

        yield show


class Counter(Protocol):
    """Called with (things done, things in all)."""

    def __call__(self, done: int, total: int) -> None:
        """Shows how far it is."""


@contextmanager
def counting(what: str) -> Iterator[Counter]:
    """Shows a bar with the count, the time used and the time left, while the block runs."""
    with _progress(MofNCompleteColumn()) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def transferring(what: str) -> Iterator[Counter]:
    """Shows a bar with bytes, bytes a second and the time left, while the block runs."""
    with _progress(DownloadColumn(), TransferSpeedColumn()) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _progress(*amounts: ProgressColumn) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        *amounts,
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=messages(),
    )


@contextmanager
def working(what: str) -> Iterator[None]:
    """Shows a spinner while the block runs."""
    with messages().status(escape(what)):
        yield
