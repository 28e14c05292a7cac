"""Bounding the answers that clients haven't read yet."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from a2i_tf.serving.http_errors import error_response
from a2i_tf.serving.limits import Limits

_PIECE_BYTES = 65_536
_TOO_MANY = "the server holds as many answers as it can; try again in a second"


class AnswerLimit:
    """ASGI middleware that sends in pieces, each when the one before has been read.

    What a client reads slowly is held meanwhile. Answers that would be too much together with all
    others become a 503 with Retry-After.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._max_bytes = limits.max_waiting_bytes
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        refused = False

        async def bounded_send(message: Message) -> None:
            nonlocal start, refused
            if message["type"] == "http.response.start":
                start = message
                return
            size = len(message.get("body", b""))
            if start is not None and self._held_bytes + size > self._max_bytes:
                refused = True
                await error_response(_TOO_MANY, 503, 1)(scope, receive, send)
            if refused:
                return
            self._held_bytes += size
            try:
                if start is not None:
                    begun, start = start, None
                    await send(begun)
                await _send_pieces(message, send)
            finally:
                self._held_bytes -= size

        await self._app(scope, receive, bounded_send)


async def _send_pieces(message: Message, send: Send) -> None:
    """Sends a body message as several, so that the server can wait between them."""
    body = memoryview(message.get("body", b""))
    more = message.get("more_body", False)
    for begin in range(0, max(1, len(body)), _PIECE_BYTES):
        piece = bytes(body[begin : begin + _PIECE_BYTES])
        last = begin + _PIECE_BYTES >= len(body)
        await send({"type": "http.response.body", "body": piece, "more_body": more or not last})
