"""Not drawing for those who have hung up."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class CancelOnDisconnect:
    """ASGI middleware that cancels a request's handler when its client is gone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body_read = asyncio.Event()

        async def watched_receive() -> Message:
            message = await receive()
            if not message.get("more_body", False):
                body_read.set()
            return message

        handler = asyncio.ensure_future(self._app(scope, watched_receive, send))
        gone = asyncio.ensure_future(_disconnected(body_read, receive))
        try:
            await asyncio.wait({handler, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not handler.done():
                handler.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await handler


async def _disconnected(body_read: asyncio.Event, receive: Receive) -> None:
    """Returns when the client is gone; what it sends belongs to the handler until then."""
    await body_read.wait()
    while (await receive())["type"] != "http.disconnect":
        pass
