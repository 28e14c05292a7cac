"""Measures `a2i serve` with an untrained default model at 64 px: `python -m benchmarks.serving`.

The server, its clients and the direct calls each have a process of their own, and run in turns, so
that the ratios hold on a machine that others use too.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.load_client import Load, run_load

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_CLIENTS = 32
_ROUNDS = 4
_REQUESTS = 5_000
_LONE_REQUESTS = 200
_BATCH_SIZE = 32
_BATCHES = 10
_ADDRESS = re.compile(r"REST and page: (\S+)")


def main() -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory() as folder:
        model = export_default_model(Path(folder) / "a2i")
        clips = wav_clips(_BATCH_SIZE)
        with running_server(model.parent) as address:
            url = f"{address}/v1/models/a2i:predict"
            lone, crowded = measure_load(url, clips)
            served, direct = measure_overhead(url, model, clips)
    table = Table(title=f"a2i serve, {os.cpu_count()} cores", title_justify="left")
    for column in ("what", "median", "peer", "ratio", "wanted"):
        table.add_column(column)
    for row in (*load_rows(lone, crowded), overhead_row(served, direct)):
        table.add_row(*row)
    Console(width=120).print(table)


def export_default_model(folder: Path) -> Path:
    """Exports an untrained default model at 64 px; returns its version folder."""
    from a2i_tf.export.exporter import export_model
    from benchmarks.untrained import untrained_model

    clip = np.zeros(16_000, np.float32)
    return export_model(untrained_model(), folder, (), [clip]).version_folder


def wav_clips(count: int) -> list[bytes]:
    """Returns so many seconds of noise, each another."""
    from a2i_tf.audio.wav_file import wav_bytes

    rng = np.random.default_rng(0)
    seconds = rng.uniform(-0.3, 0.3, (count, 16_000)).astype(np.float32)
    return [wav_bytes(second, 16_000) for second in seconds]


@contextlib.contextmanager
def running_server(model: Path) -> Iterator[str]:
    """Runs `a2i serve` with its defaults; yields its address."""
    command = [sys.executable, "-m", "a2i_tf", "serve", "--model", str(model), "--port", "0"]
    command += ["--grpc-port", "0", "--access-log", str(model / "access.jsonl")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            found = filter(None, map(_ADDRESS.search, server.stderr))
            yield next(found)[1]
        finally:
            server.terminate()


def measure_load(url: str, clips: list[bytes]) -> tuple[list[Load], list[Load]]:
    """Asks in turns with one client and with many; returns the loads of each."""
    bodies = [request_of([clip]) for clip in clips]
    run_load(url, bodies, _CLIENTS, 10 * _CLIENTS)
    lone, crowded = [], []
    for _ in range(_ROUNDS):
        lone.append(run_load(url, bodies, 1, _LONE_REQUESTS))
        crowded.append(run_load(url, bodies, _CLIENTS, _REQUESTS // _ROUNDS))
    return lone, crowded


def measure_overhead(url: str, model: Path, clips: list[bytes]) -> tuple[float, float]:
    """Returns the seconds of a batch through the server, and of the same batch in one call."""
    import tensorflow as tf

    serve = tf.saved_model.load(str(model)).signatures["serving_default"]
    body = [request_of(clips)]

    def ask_directly() -> float:
        started = time.perf_counter()
        serve(audio_bytes=tf.constant(clips))["image_bytes"].numpy()
        return time.perf_counter() - started

    def ask_server() -> float:
        return run_load(url, body, 1, _BATCHES).percentile(50)

    def directly() -> float:
        return statistics.median(ask_directly() for _ in range(_BATCHES))

    ask_server(), directly()
    turns: list[tuple[float, float]] = [(ask_server(), directly()) for _ in range(_ROUNDS)]
    served, direct = zip(*turns, strict=True)
    return statistics.median(served), statistics.median(direct)


def request_of(clips: list[bytes]) -> bytes:
    """Returns the body that asks for pictures of some clips."""
    rows = [{"b64": base64.b64encode(clip).decode()} for clip in clips]
    return json.dumps({"instances": rows}).encode()


def load_rows(lone: list[Load], crowded: list[Load]) -> list[tuple[str, ...]]:
    """Returns the rows on errors, throughput and latency."""
    failed = _REQUESTS - sum(load.statuses.get("200", 0) for load in crowded)
    speeds = [_median(lambda load: load.requests_per_second, loads) for loads in (lone, crowded)]
    alone = _median(lambda load: load.percentile(50), lone)
    slowest = _median(lambda load: load.percentile(99), crowded)
    return [
        (f"errors in {_REQUESTS:,} requests of {_CLIENTS} clients", str(failed), "", "", "0"),
        (
            f"throughput, {_CLIENTS} clients",
            f"{speeds[1]:.0f}/s",
            f"one at a time: {speeds[0]:.0f}/s",
            f"{speeds[1] / speeds[0]:.2f}",
            "at least 3",
        ),
        (
            f"p99 latency, {_CLIENTS} clients",
            f"{1e3 * slowest:.0f} ms",
            f"alone: {1e3 * alone:.1f} ms",
            f"{slowest / alone:.2f}",
            "under 10",
        ),
    ]


def overhead_row(served: float, direct: float) -> tuple[str, ...]:
    """Returns the row on what the server costs."""
    return (
        f"a batch of {_BATCH_SIZE} through the server",
        f"{1e3 * served:.0f} ms",
        f"in one call: {1e3 * direct:.0f} ms",
        f"{served / direct:.2f}",
        "at most 1.15",
    )


def _median(figure: Callable[[Load], float], loads: list[Load]) -> float:
    return statistics.median(map(figure, loads))


if __name__ == "__main__":
    main()
