"""Requests that come together are drawn together.

One call of the model with eight clips costs less than eight calls. So a request waits a few
milliseconds for others with the same version and signature; while all threads are busy, more can
gather. Their rows are put together along dimension 0, and the answer is cut up again. If a joint
call fails, its requests run one by one, so that only the one at fault is told so.

TensorFlow runs in threads of its own; all the rest belongs to the event loop, and needs no locks.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np

from a2i_tf.serving.errors import ServingError, too_many_rows
from a2i_tf.serving.joint_call import Arrays, Outputs, run_together
from a2i_tf.serving.limits import Limits
from a2i_tf.serving.metrics import Metrics
from a2i_tf.serving.servable import Servable
from a2i_tf.serving.signature_check import is_batched


@dataclass(frozen=True)
class BatchingConfig:
    """How requests are put together.

    Attributes:
        wait_seconds: How long a request waits for others.
        num_threads: How many calls of the model run at a time.
        num_rows: How many rows requests are put together to; one with more has a call of its
            own. Pictures are drawn in groups of four whatever comes, so more would only let the
            first wait for the last.
    """

    wait_seconds: float = 0.003
    num_threads: int = 2
    num_rows: int = 8


@dataclass(frozen=True)
class BatchedOutputs:
    """A request's part of a call.

    Attributes:
        outputs: Its own rows, by the name of the output.
        num_rows: The rows of all requests in the call.
    """

    outputs: Outputs
    num_rows: int


@dataclass(eq=False)
class _Task:
    """One request that waits or runs."""

    inputs: Arrays
    num_rows: int
    num_bytes: int
    answer: asyncio.Future[BatchedOutputs]
    since: float = field(default_factory=time.monotonic)
    due: bool = False


@dataclass(eq=False)
class _Lane:
    """Requests that can be put together: same version, signature and shape of a row."""

    key: tuple[Any, ...]
    servable: Servable
    signature_name: str
    tasks: list[_Task] = field(default_factory=list)

    @property
    def num_rows(self) -> int:
        return sum(task.num_rows for task in self.tasks)

    @property
    def num_bytes(self) -> int:
        return sum(task.num_bytes for task in self.tasks)


class Batcher:
    """Runs requests in batches.

    Args:
        config: How they're put together.
        limits: How many rows a request and a batch may have, and how many may wait.
        metrics: Told about the queue and the batches.
    """

    def __init__(self, config: BatchingConfig, limits: Limits, metrics: Metrics) -> None:
        self._config = config
        self._limits = limits
        self._joint_rows = min(config.num_rows, limits.max_batch_size)
        self._metrics = metrics
        self._lanes: dict[tuple[Any, ...], _Lane] = {}
        self._num_waiting = 0
        self._threads = ThreadPoolExecutor(config.num_threads, "model")
        self._num_idle = config.num_threads
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, servable: Servable, signature_name: str, inputs: Arrays) -> BatchedOutputs:
        """Runs one request, together with others where that can be.

        If the caller is cancelled while the request waits, it is never run.

        Args:
            servable: The version asked.
            signature_name: The signature asked.
            inputs: Arrays that passed `check_request`.

        Raises:
            ServingError: `UNAVAILABLE` if too many rows wait already, `INVALID_ARGUMENT` if it has
                too many rows by itself, or what the model says.
        """
        batched = is_batched(servable.signature(signature_name))
        task = self._admit(inputs, batched)
        rows = tuple((name, array.shape[1:]) for name, array in sorted(inputs.items()))
        # Where there is no batch dimension, every request has a lane of its own.
        key = (id(servable), signature_name, rows if batched else id(task))
        lane = self._lanes.setdefault(key, _Lane(key, servable, signature_name))
        lane.tasks.append(task)
        self._count_waiting(task.num_rows)
        asyncio.get_running_loop().call_later(self._config.wait_seconds, self._time_is_up, task)
        self._start_batches()
        try:
            return await task.answer
        finally:
            if task in lane.tasks:
                self._leave_queue(lane, task)

    @property
    def idle(self) -> bool:
        """Whether nothing waits or runs."""
        return not self._lanes and not self._running

    def close(self) -> None:
        """Lets the threads end; nothing is run from now on."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _admit(self, inputs: Arrays, batched: bool) -> _Task:
        num_rows = len(next(iter(inputs.values()))) if batched else 1
        if num_rows > self._limits.max_batch_size:
            raise too_many_rows(num_rows, self._limits.max_batch_size)
        if self._num_waiting + num_rows > self._limits.max_queue_length:
            self._metrics.queue_full.inc()
            message = "The batch scheduling queue to which this task was submitted is full"
            raise ServingError(grpc.StatusCode.UNAVAILABLE, message)
        answer: asyncio.Future[BatchedOutputs] = asyncio.get_running_loop().create_future()
        return _Task(inputs, num_rows, _num_bytes(inputs), answer)

    def _time_is_up(self, task: _Task) -> None:
        task.due = True
        self._start_batches()

    def _start_batches(self) -> None:
        """Gives idle threads what is due, the longest waiting first."""
        while self._num_idle and (
            due := [lane for lane in self._lanes.values() if self._due(lane)]
        ):
            lane = min(due, key=lambda lane: lane.tasks[0].since)
            batch = self._next_batch(lane)
            for task in batch:
                self._leave_queue(lane, task)
            self._num_idle -= 1
            running = asyncio.create_task(self._run_batch(lane, batch))
            self._running.add(running)
            running.add_done_callback(self._running.discard)

    def _due(self, lane: _Lane) -> bool:
        return (
            lane.tasks[0].due
            or lane.num_rows >= self._joint_rows
            or lane.num_bytes >= self._limits.max_body_bytes
        )

    def _next_batch(self, lane: _Lane) -> list[_Task]:
        """Returns the requests that come next, as many as a call may hold."""
        num_rows = num_bytes = 0
        batch: list[_Task] = []
        for task in lane.tasks:
            num_rows, num_bytes = num_rows + task.num_rows, num_bytes + task.num_bytes
            full = num_rows > self._joint_rows or num_bytes > self._limits.max_body_bytes
            if batch and full:
                break
            batch.append(task)
        return batch

    def _leave_queue(self, lane: _Lane, task: _Task) -> None:
        lane.tasks.remove(task)
        self._count_waiting(-task.num_rows)
        if not lane.tasks:
            del self._lanes[lane.key]

    def _count_waiting(self, num_rows: int) -> None:
        self._num_waiting += num_rows
        self._metrics.queue_rows.set(self._num_waiting)

    async def _run_batch(self, lane: _Lane, batch: list[_Task]) -> None:
        started = time.monotonic()
        for task in batch:
            self._metrics.queue_seconds.observe(started - task.since)
        inputs = [task.inputs for task in batch]
        try:
            loop = asyncio.get_running_loop()
            answers = await loop.run_in_executor(
                self._threads, run_together, lane.servable, lane.signature_name, inputs
            )
        except Exception as error:
            answers = [error] * len(batch)
        finally:
            self._num_idle += 1
        num_rows = sum(task.num_rows for task in batch)
        self._metrics.batch_rows.labels(lane.signature_name).observe(num_rows)
        self._metrics.batch_seconds.labels(lane.signature_name).observe(time.monotonic() - started)
        for task, answer in zip(batch, answers, strict=True):
            if task.answer.done():
                continue
            if isinstance(answer, Exception):
                task.answer.set_exception(answer)
            else:
                task.answer.set_result(BatchedOutputs(answer, num_rows))
        self._start_batches()


def _num_bytes(inputs: Arrays) -> int:
    """Returns the size of what arrays hold; objects are bytes."""
    return sum(
        sum(map(len, array.flat)) if array.dtype == np.object_ else array.nbytes
        for array in inputs.values()
    )
