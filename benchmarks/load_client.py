"""Many clients of one HTTP server, in a process of their own: `python -m benchmarks.load_client`.

Every client keeps its connection and asks again as soon as it has its answer. There is nothing but
sockets here, because clients share the cores with the server that they measure.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Load:
    """What a load came to.

    Attributes:
        seconds: From the first request to the last answer.
        latencies: Of every request, in seconds, sorted.
        statuses: How many answers had each HTTP status; "0" is a connection lost.
        answers: The different answers to each body.
    """

    seconds: float
    latencies: list[float]
    statuses: dict[str, int]
    answers: list[list[str]]

    @property
    def requests_per_second(self) -> float:
        """Throughput."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """Returns the latency that so many percent of the requests stay within, in seconds."""
        return self.latencies[
            min(int(len(self.latencies) * percent / 100), len(self.latencies) - 1)
        ]


def run_load(url: str, bodies: Sequence[bytes], num_clients: int, num_requests: int) -> Load:
    """Posts bodies in turn, from a process of its own.

    Args:
        url: Such as "http://127.0.0.1:8501/v1/models/a2i:predict".
        bodies: JSON documents.
        num_clients: How many ask at a time.
        num_requests: How many requests they make together.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bodies.json")
        path.write_text(json.dumps([body.decode() for body in bodies]))
        command = [sys.executable, "-m", "benchmarks.load_client", url, str(path)]
        command += [str(num_clients), str(num_requests)]
        done = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True)
    return Load(**json.loads(done.stdout))


class _Tally:
    """What all clients share."""

    def __init__(self, num_bodies: int, num_requests: int) -> None:
        self.todo: Iterator[int] = itertools.islice(
            itertools.cycle(range(num_bodies)), num_requests
        )
        self.latencies: list[float] = []
        self.statuses: collections.Counter[str] = collections.Counter()
        self.answers: list[set[str]] = [set() for _ in range(num_bodies)]

    def note(self, body: int, status: int, answer: bytes, latency: float) -> None:
        self.latencies.append(latency)
        self.statuses[str(status)] += 1
        self.answers[body].add(answer.decode())


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, requests: Sequence[bytes], tally: _Tally) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._tally = tally
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, answer = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(answer) < length:
            return
        status = int(head.split(maxsplit=2)[1])
        self._tally.note(self._body, status, answer, time.perf_counter() - self._asked)
        self._received.clear()
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if not self.done.done():
            self._tally.note(self._body, 0, b"", time.perf_counter() - self._asked)
            self.done.set_result(None)

    def _ask(self) -> None:
        body = next(self._tally.todo, None)
        if body is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._body, self._asked = body, time.perf_counter()
        self._transport.write(self._requests[body])


async def _load(url: str, bodies: Sequence[bytes], num_clients: int, num_requests: int) -> Load:
    address = urlsplit(url)
    requests = [
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
        for body in bodies
    ]
    tally = _Tally(len(bodies), num_requests)
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    connections = [
        await loop.create_connection(
            lambda: _Client(requests, tally), address.hostname, address.port
        )
        for _ in range(num_clients)
    ]
    await asyncio.gather(*(client.done for _, client in connections))
    seconds = time.perf_counter() - started
    answers = [sorted(different) for different in tally.answers]
    return Load(seconds, sorted(tally.latencies), dict(tally.statuses), answers)


def main() -> None:
    """Prints a `Load` as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("bodies", type=Path)
    parser.add_argument("num_clients", type=int)
    parser.add_argument("num_requests", type=int)
    arguments = parser.parse_args()
    bodies = [body.encode() for body in json.loads(arguments.bodies.read_text())]
    load = asyncio.run(_load(arguments.url, bodies, arguments.num_clients, arguments.num_requests))
    json.dump(asdict(load), sys.stdout)


if __name__ == "__main__":
    main()
