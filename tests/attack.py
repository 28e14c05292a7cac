"""Sends mutated requests to a running server, and looks for what must not be in an answer."""

import asyncio
import collections
import contextlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import psutil

_AT_ONCE = 8
_TIMEOUT_SECONDS = 60
_PREDICT = "/tensorflow.serving.PredictionService/Predict"
# What only the server can know. Requests ask for /etc/passwd, which may come back in an error.
_ROOT = str(Path(__file__).parents[1])
_SECRETS = (sys.prefix, "site-packages", "Traceback", _ROOT, "root:x:0", "a2i-decode-", '.py"')
# gRPC answers a message that is none by itself.
_NO_MESSAGE = "google.protobuf.message.DecodeError"


@dataclass
class Findings:
    """What came of an attack: how many answers had each status, and what is wrong, by request."""

    statuses: collections.Counter = field(default_factory=collections.Counter)
    wrong: list = field(default_factory=list)


async def attack(server, requests):
    """Sends all requests, some at a time; returns `Findings`."""
    findings = Findings()
    todo = iter(requests)
    secrets = (*_SECRETS, str(server.model_path.parent))
    options = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(server.grpc_address, options=options) as channel:

        async def client():
            for request in todo:
                status, answer = await _answer(server, channel, request)
                findings.statuses[request.kind, status] += 1
                told = [secret for secret in secrets if secret.encode() in answer]
                if _is_failure(status, answer) or told:
                    findings.wrong.append((request, status, told, answer[:300]))

        await asyncio.gather(*(client() for _ in range(_AT_ONCE)))
    return findings


def memory_bytes(server):
    """Returns what the server and its workers hold in memory."""
    parent = psutil.Process(server.process.pid)
    return sum(process.memory_info().rss for process in [parent, *parent.children(recursive=True)])


async def _answer(server, channel, request):
    """Returns the status, an HTTP number or the name of a gRPC code, and the answer's bytes."""
    call = _grpc_answer(channel, request) if not request.path else _http_answer(server, request)
    try:
        return await asyncio.wait_for(call, _TIMEOUT_SECONDS)
    except asyncio.TimeoutError:
        return 0, b"no answer in time"


async def _grpc_answer(channel, request):
    try:
        return "OK", await channel.unary_unary(_PREDICT)(request.body)
    except grpc.aio.AioRpcError as error:
        return error.code().name, error.details().encode()


async def _http_answer(server, request):
    address = urlsplit(server.rest_url)
    head = f"{request.method} {request.path} HTTP/1.1\r\n"
    headers = {
        "host": address.netloc,
        "connection": "close",
        "content-length": len(request.body),
        **request.headers,
    }
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer = None
    try:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        with contextlib.suppress(ConnectionError):
            writer.write(head.encode("utf-8", "surrogateescape") + b"\r\n" + request.body)
            await writer.drain()
        answer = await reader.read()
    except ConnectionError as error:
        return 0, str(error).encode()
    finally:
        if writer is not None:
            writer.close()
    return int(answer.split(maxsplit=2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0, answer


def _is_failure(status, answer):
    if isinstance(status, str):
        if _NO_MESSAGE.encode() in answer:
            return False
        return status in ("INTERNAL", "UNKNOWN", "UNAVAILABLE", "CANCELLED")
    return status == 0 or (status >= 500 and status != 501)
