"""Reading a request's body before anything else does, up to a bound."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from a2i_tf.serving.heap import give_back_soon
from a2i_tf.serving.http_errors import error_response
from a2i_tf.serving.limits import Limits

# A client that is still sending doesn't look at the answer, and a connection closed on bytes that
# nobody read takes the answer with it (RFC 9112, section 9.6). So they are read for a while.
_LINGER_SECONDS = 2.0
_LARGE_BYTES = 2**20


class BodyTooLargeError(Exception):
    """The body has more bytes than one request may have."""


class BodiesTooManyError(Exception):
    """The bodies that the server holds have more bytes than it may hold."""


class _Body:
    """What has arrived of a body.

    Attributes:
        size: Bytes that have arrived.
    """

    def __init__(self) -> None:
        self.size = 0
        self._chunks: list[bytes] = []

    def add(self, chunk: bytes) -> int:
        """Returns the chunk's size."""
        self._chunks.append(chunk)
        self.size += len(chunk)
        return len(chunk)

    def take(self) -> bytes:
        """Returns the whole, and keeps no second copy of it."""
        whole = b"".join(self._chunks)
        self._chunks.clear()
        return whole

    def drop(self) -> int:
        """Forgets everything; returns how many bytes that were."""
        dropped, self.size = self.size, 0
        self._chunks.clear()
        return dropped


class BodyLimit:
    """ASGI middleware that hands on whole bodies, and refuses those that are too large or slow.

    Refused requests get `{"error": "…"}` with 413 (one body is too large), 408 (too slow), or 503
    and Retry-After (all bodies together are too large), and their connection is closed.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; see the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body()
        try:
            try:
                stayed = await self._read(scope, receive, body)
            except (BodyTooLargeError, BodiesTooManyError, asyncio.TimeoutError) as error:
                self._held_bytes -= body.drop()
                await self._refuse(error, scope, receive, send)
                return
            if stayed:
                await self._app(scope, _replay(body.take(), receive), send)
        finally:
            dropped = body.drop()
            self._held_bytes -= dropped
            if dropped > _LARGE_BYTES:
                give_back_soon()

    async def _read(self, scope: Scope, receive: Receive, body: _Body) -> bool:
        """Fills `body`; returns whether the client stayed to its end."""
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limits.max_body_bytes:
            raise BodyTooLargeError
        return await asyncio.wait_for(self._receive_all(receive, body), self._limits.body_seconds)

    async def _receive_all(self, receive: Receive, body: _Body) -> bool:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            self._held_bytes += body.add(message.get("body", b""))
            if body.size > self._limits.max_body_bytes:
                raise BodyTooLargeError
            if self._held_bytes > self._limits.max_waiting_bytes:
                raise BodiesTooManyError
            if not message.get("more_body", False):
                return True

    async def _refuse(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._refusal(error)
        response.headers["connection"] = "close"

        async def send_then_linger(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({**message, "more_body": True})
            await _linger(scope, receive)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        await response(scope, receive, send_then_linger)

    def _refusal(self, error: Exception) -> Response:
        if isinstance(error, BodyTooLargeError):
            mebibytes = self._limits.max_body_bytes / 2**20
            text = f"the request is larger than {mebibytes:g} MiB; send a shorter or fewer clips"
            return error_response(text, 413)
        if isinstance(error, BodiesTooManyError):
            text = "the server holds as many requests as it can; try again in a second"
            return error_response(text, 503, 1)
        text = f"the request took longer than {self._limits.body_seconds:g} seconds to arrive"
        return error_response(text, 408)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Returns a `receive` that gives the body as one message, then what comes after it."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return unread.pop() if unread else await receive()

    return receive_again


async def _linger(scope: Scope, receive: Receive) -> None:
    """Throws away what the client still sends, for a moment."""
    if Headers(scope=scope).get("expect", "").lower() == "100-continue":
        # Such a client sends only when asked, which receiving does.
        return

    async def discard() -> None:
        while (await receive()).get("more_body", False):
            pass

    try:
        await asyncio.wait_for(discard(), _LINGER_SECONDS)
    except asyncio.TimeoutError:
        return
