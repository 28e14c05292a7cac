"""Connections that take their time, over real sockets and uvicorn, with bounds of a moment."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys

import pytest
import uvicorn

from a2i_tf.serving.answer_limit import AnswerLimit
from a2i_tf.serving.http_protocol import ConnectionBounds, HttpConnections
from a2i_tf.serving.limits import Limits

BOUNDS = ConnectionBounds(
    max_connections=2,
    header_seconds=0.3,
    header_bytes=4_096,
    unread_seconds=0.3,
    stopping_seconds=0.3,
)
LONGEST_SECONDS = 30
LARGE_BYTES = 64 * 2**20


class Application:
    """Answers `/large` with many bytes, and anything else with how many it was sent."""

    def __init__(self):
        self.left = 0

    async def __call__(self, scope, receive, send):
        size = 0
        while (message := await receive())["type"] == "http.request":
            size += len(message["body"])
            if not message["more_body"]:
                break
        else:
            self.left += 1
            return
        body = bytes(LARGE_BYTES) if scope["path"] == "/large" else b"%d" % size
        length = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": body})


class Served:
    """A server in this event loop.

    Attributes:
        refused: What was told of refused connections.
    """

    def __init__(self, port, server, application, refused):
        self.port, self.server = port, server
        self.application, self.refused = application, refused

    async def connect(self, sent=b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        return reader, writer

    async def exchange(self, sent):
        """Returns the status, the headers' text and the body, once the server has closed."""
        reader, writer = await self.connect(sent)
        answer = await asyncio.wait_for(reader.read(), LONGEST_SECONDS)
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]) if head else None, head.decode().lower(), body

    async def until(self, condition):
        async def wait():
            while not condition():
                await asyncio.sleep(0.01)

        await asyncio.wait_for(wait(), LONGEST_SECONDS)


@contextlib.asynccontextmanager
async def serving():
    refused, application = [], Application()
    connections = HttpConnections(BOUNDS, lambda client, status: refused.append((client, status)))
    config = uvicorn.Config(
        AnswerLimit(application, Limits()),
        http=connections.protocol,
        lifespan="off",
        log_level="critical",
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = asyncio.create_task(server.serve(sockets=[listening]))
        port = listening.getsockname()[1]
        try:
            yield Served(port, server, application, refused)
        finally:
            server.should_exit = True
            await asyncio.wait_for(running, LONGEST_SECONDS)


def in_loop(check):
    async def run():
        async with serving() as served:
            await check(served)

    asyncio.run(run())


def get(path="/", header=b""):
    return b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (path.encode(), header)


CLOSE = b"Connection: close\r\n"


def test_what_is_no_http_and_too_long_besides_is_refused_once():
    async def check(served):
        errors = []
        asyncio.get_running_loop().set_exception_handler(lambda _, found: errors.append(found))
        status, _, _ = await served.exchange(b"no HTTP\r\n" + bytes(2 * BOUNDS.header_bytes))
        assert status == 400
        assert [refused for _, refused in served.refused] == [400]
        assert errors == []

    in_loop(check)


def test_one_connection_too_many_is_told_so_and_silent_ones_make_room():
    async def check(served):
        silent = [await served.connect() for _ in range(2)]
        await served.until(lambda: len(served.server.server_state.connections) == 2)
        status, head, body = await served.exchange(get(header=CLOSE))
        assert status == 503
        assert "retry-after: 1" in head
        assert "connections" in json.loads(body)["error"]
        assert served.refused == [("127.0.0.1", 503)]
        for reader, _ in silent:
            assert await asyncio.wait_for(reader.read(), LONGEST_SECONDS) == b""
        assert (await served.exchange(get(header=CLOSE)))[::2] == (200, b"0")

    in_loop(check)


def test_headers_that_never_end_are_late_however_they_trickle():
    async def check(served):
        reader, writer = await served.connect(get())
        await reader.readuntil(b"\r\n\r\n0")

        async def trickle():
            writer.write(b"GET / HTTP/1.1\r\nX: ")
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.05)

        trickling = asyncio.create_task(trickle())
        answer = await asyncio.wait_for(reader.read(), LONGEST_SECONDS)
        trickling.cancel()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"0.3 seconds" in answer
        assert served.refused == [("127.0.0.1", 408)]

    in_loop(check)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (get(header=CLOSE + b"X: " + b"x" * 3_900 + b"\r\n"), 200),
        (get(header=b"X: " + b"x" * 4_100 + b"\r\n"), 431),
        (get(header=b"X: " + b"x" * 1_000_000), 431),
        (get(header=b"a:b\r\n" * 200), 431),
        (get("/" + "x" * 5_000), 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"a:b\r\n" * 9_000, None),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_headers_are_bounded(sent, status):
    async def check(served):
        answered, _, body = await served.exchange(sent)
        assert answered == status
        if status in (400, 431):
            assert json.loads(body)["error"]

    in_loop(check)


def test_a_large_answer_is_for_those_who_read_it():
    async def check(served):
        _, unread = await served.connect(get("/large"))
        await served.until(lambda: served.server.server_state.connections)
        await served.until(lambda: not served.server.server_state.connections)
        unread.close()
        reader, _ = await served.connect(get("/large", CLOSE))
        await reader.readuntil(b"\r\n\r\n")
        received = 0
        while part := await asyncio.wait_for(reader.read(2**20), LONGEST_SECONDS):
            received += len(part)
        assert received == LARGE_BYTES

    in_loop(check)


def test_stopping_waits_neither_for_half_a_body_nor_for_unread_answers():
    async def check(served):
        _, half = await served.connect(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
        _, unread = await served.connect(get("/large"))
        unread.transport.pause_reading()
        await served.until(lambda: len(served.server.server_state.tasks) == 2)
        served.server.should_exit = True
        await served.until(lambda: not served.server.server_state.connections)
        assert served.application.left == 1
        half.close()
        unread.close()

    in_loop(check)


def allowed(soft, hard):
    """Returns what 1,024 connections come to in a process with a limit, and the limit after it."""
    code = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "from a2i_tf.serving.open_files import allowed_connections\n"
        "print(allowed_connections(1_024), *resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return tuple(map(int, done.stdout.split()))


def test_connections_are_as_many_as_files_can_be_opened():
    assert allowed(256, 4_000) == (1_024, 2_568, 4_000)
    assert allowed(3_000, 4_000) == (1_024, 3_000, 4_000)
    few, *limits = allowed(256, 1_024)
    assert limits == [1_024, 1_024]
    assert 100 < few < 400
