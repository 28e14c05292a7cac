"""Jobs in several processes: counted, stopped by Ctrl-C, and survived by the others' crashes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from a2i_tf.datasets.importing.jobs import Job, Record
from a2i_tf.datasets.importing.options import ImportOptions
from a2i_tf.datasets.importing.output import OutputError
from a2i_tf.errors import A2IError

Outcome = Record | A2IError

_LOOKED_AT_EVERY_SECONDS = 0.2
_BEGUN = 1e-9

# Of a worker process: the share done of every job, and whether to stop.
_shares: Any = None
_stop: Any = None


class _StoppedError(Exception):
    """The work was called off."""


def default_workers() -> int:
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class JobRunner:
    """Runs jobs in worker processes.

    A worker that dies, as FFmpeg may on a file made to kill it, takes its job with it and no
    other: the jobs that were under way are tried again one by one.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        folder: Path,
        options: ImportOptions,
        workers: int,
        on_shares: Callable[[Sequence[float]], None],
    ) -> None:
        """Prepares a run.

        Args:
            jobs: What to do.
            folder: The dataset's folder.
            options: How files become pairs.
            workers: Number of processes.
            on_shares: Called with the share done of every job, 0 to 1, as the work goes on.
        """
        self._jobs = jobs
        self._folder = folder
        self._options = options
        self._workers = max(min(workers, len(jobs)), 1)
        self._on_shares = on_shares
        # A forked child would inherit TensorFlow's threads in a broken state.
        self._context = multiprocessing.get_context("spawn")
        self._shares = self._context.Array("d", max(len(jobs), 1), lock=False)
        self._left = set(range(len(jobs)))

    def run(self) -> Iterator[tuple[Job, Outcome]]:
        """Yields every job with its record, or with the reason why its file can't be read.

        Raises:
            OutputError: if the dataset can't be written.
            A2IError: if worker processes can't be started.
        """
        while self._left:
            yield from self._attempt(sorted(self._left), self._workers)
            suspects = [index for index in sorted(self._left) if self._shares[index] > 0]
            if self._left and not suspects:
                raise A2IError("worker processes end as they start; try again with --workers 1")
            for index in suspects:
                yield from self._attempt([index], 1)
                if index in self._left:
                    self._left.discard(index)
                    job = self._jobs[index]
                    yield job, A2IError(f"{job.path}: its decoder crashed; convert it first")

    def _attempt(self, indexes: list[int], workers: int) -> Iterator[tuple[Job, Outcome]]:
        """Runs jobs until all are done, or a worker dies."""
        stop = self._context.Event()
        pool = ProcessPoolExecutor(
            workers, self._context, initializer=_set_up, initargs=(self._shares, stop)
        )
        try:
            threads = max(default_workers() // workers, 1)
            futures = {
                pool.submit(
                    _run_job, index, self._jobs[index], self._folder, self._options, threads
                ): index
                for index in indexes
            }
            for future in self._as_completed(set(futures)):
                outcome = future.result()
                self._left.discard(futures[future])
                self._shares[futures[future]] = 1.0
                yield self._jobs[futures[future]], outcome
        except BrokenProcessPool:
            return
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)

    def _as_completed(self, pending: set[Future[Outcome]]) -> Iterator[Future[Outcome]]:
        while pending:
            finished, pending = wait(pending, _LOOKED_AT_EVERY_SECONDS, FIRST_COMPLETED)
            self._on_shares(self._shares)
            # Those that broke last, so that no record is lost.
            yield from sorted(finished, key=lambda future: future.exception() is not None)


def _set_up(shares: Any, stop: Any) -> None:
    global _shares, _stop
    _shares, _stop = shares, stop
    # A terminal's Ctrl-C reaches every process; the parent says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run_job(index: int, job: Job, folder: Path, options: ImportOptions, threads: int) -> Outcome:
    def show(share: float) -> None:
        if _stop.is_set():
            raise _StoppedError
        _shares[index] = max(share, _BEGUN)

    show(0.0)
    try:
        return job.run(folder, options, threads, show)
    except OutputError:
        raise
    except A2IError as error:
        return error
    except (_StoppedError, MemoryError):
        raise
    except Exception as error:
        # Decoders of others read files of others: one odd file must not end the import.
        return A2IError(f"{job.path}: cannot be decoded ({type(error).__name__}); convert it first")
