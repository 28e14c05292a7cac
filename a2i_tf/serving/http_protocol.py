"""HTTP connections that nobody can keep for themselves.

uvicorn reads headers of any length for as long as they take, and keeps what it has sent until it is
read. So each silent client costs a file of the process, and without files left it takes no one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from a2i_tf.serving.http_errors import error_response

# A refused client that is still sending would lose the answer, were its connection closed at once
# (RFC 9112, section 9.6). But only so many are waited for.
_LINGER_SECONDS = 1.0
MOST_REFUSED = 64
# As HTTP/2 counts (RFC 9113, section 6.5.2): many small headers take more memory than bytes.
_HEADER_OVERHEAD = 32


@dataclass(frozen=True)
class ConnectionBounds:
    """What one connection may take.

    Attributes:
        max_connections: Open at a time; beyond it, 503.
        header_seconds: From the connection, or a later request's first byte, to its headers' end.
        header_bytes: Of a request's line and headers; beyond it, 431.
        unread_seconds: In which a client must take something of what was sent to it.
        stopping_seconds: The same, and for the rest of a body, once the server is stopping.
    """

    max_connections: int
    header_seconds: float = 10.0
    header_bytes: int = 65_536
    unread_seconds: float = 60.0
    stopping_seconds: float = 5.0


@dataclass(eq=False)
class HttpConnections:
    """All connections of a server.

    Attributes:
        bounds: What each may take.
        tell_refused: Given the client's address and the HTTP status when one is refused before its
            request is known.
        refused: Those that may still read why.
    """

    bounds: ConnectionBounds
    tell_refused: Callable[[str, int], None]
    refused: set[BoundedHttpProtocol] = field(default_factory=set)

    def protocol(self, **server: Any) -> BoundedHttpProtocol:
        """Returns what serves a new connection, for uvicorn's `http`."""
        return BoundedHttpProtocol(self, **server)


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 for one connection, with bounds on time and memory.

    Args:
        all_connections: What it is one of.
        **server: What uvicorn gives its protocols.
    """

    def __init__(self, all_connections: HttpConnections, **server: Any) -> None:
        super().__init__(**server)
        self._all = all_connections
        self._bounds = all_connections.bounds
        self._headers_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self._header_bytes = 0
        self._unfinished_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for headers; refuses one connection too many."""
        super().connection_made(transport)
        # Above 0, asyncio wouldn't tell of the last bytes that nobody reads.
        transport.set_write_buffer_limits(high=0)
        if len(self.connections) <= self._bounds.max_connections:
            self._await_headers()
        elif len(self._all.refused) < MOST_REFUSED:
            self._refuse(503, "the server has as many connections as it can; try again in a second")
        else:
            self.connections.discard(self)
            self._tell(503)
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends all waiting."""
        self._all.refused.discard(self)
        self._unset_keepalive_if_required()
        self._headers_arrived()
        self._all_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses what arrives, in bounds; nothing from those who were refused."""
        if self._is_over():
            return
        if self._headers_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._await_headers()
        self._unfinished_bytes += len(data)
        super().data_received(data)
        if self._unfinished_bytes > self._bounds.header_bytes and not self._is_over():
            self._refuse_headers()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP, in JSON as everything else."""
        if self._header_bytes > self._bounds.header_bytes:
            self._refuse_headers()
        else:
            self._refuse(400, msg)

    def on_message_begin(self) -> None:
        """Counts the new headers from 0."""
        super().on_message_begin()
        self._header_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Counts the path with the headers."""
        self._count_header(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Counts a header, or a trailer behind a body."""
        self._count_header(len(name) + len(value) + _HEADER_OVERHEAD)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Lets the request begin."""
        self._unfinished_bytes = 0
        self._headers_arrived()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Takes a part of a body; `BodyLimit` bounds the whole."""
        self._unfinished_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Ends a request; what comes now is the next one."""
        self._unfinished_bytes = 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Gives the client time to read what was sent."""
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        """Goes on: everything that was sent has been read."""
        self._all_read()
        super().resume_writing()

    def shutdown(self) -> None:
        """Lets the request end, if the client does its part soon."""
        self._stopping = True
        super().shutdown()
        if self._unread_timer is not None:
            self._await_reading()
        self.loop.call_later(self._bounds.stopping_seconds, self._drop_half_sent)

    def _is_over(self) -> bool:
        return self in self._all.refused or self.transport.is_closing()

    def _await_headers(self) -> None:
        self._headers_timer = self.loop.call_later(
            self._bounds.header_seconds, self._headers_are_late
        )

    def _headers_arrived(self) -> None:
        if self._headers_timer is not None:
            self._headers_timer.cancel()
            self._headers_timer = None

    def _headers_are_late(self) -> None:
        if self._unfinished_bytes == 0:
            # Browsers connect before they know what to ask, and are surprised by answers.
            self.transport.close()
        else:
            seconds = self._bounds.header_seconds
            self._refuse(408, f"the headers took longer than {seconds:g} seconds to arrive")

    def _count_header(self, num_bytes: int) -> None:
        self._header_bytes += num_bytes
        if self._header_bytes > self._bounds.header_bytes:
            # The parser stops, and `send_400_response` is called.
            raise ValueError("too many bytes of headers")

    def _refuse_headers(self) -> None:
        kibibytes = self._bounds.header_bytes / 2**10
        self._refuse(431, f"the request's headers are larger than {kibibytes:g} KiB")

    def _refuse(self, status: int, text: str) -> None:
        """Answers instead of the application, and closes the connection."""
        self._headers_arrived()
        if self.cycle is not None and not self.cycle.response_complete:
            # The application may have begun to answer another request.
            self.transport.close()
            return
        self._tell(status)
        self.connections.discard(self)
        self._all.refused.add(self)
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)
        self.transport.write(_answer(status, text))
        with contextlib.suppress(OSError):
            # The client may be gone.
            self.transport.write_eof()

    def _tell(self, status: int) -> None:
        self._all.tell_refused(self.client[0] if self.client else "", status)

    def _await_reading(self) -> None:
        self._all_read()
        bounds = self._bounds
        seconds = bounds.stopping_seconds if self._stopping else bounds.unread_seconds
        unread = self.transport.get_write_buffer_size()
        self._unread_timer = self.loop.call_later(seconds, self._reading_is_late, unread)

    def _all_read(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _reading_is_late(self, unread: int) -> None:
        if self.transport.get_write_buffer_size() < unread:
            self._await_reading()
        else:
            self.transport.abort()

    def _drop_half_sent(self) -> None:
        if self.cycle is not None and self.cycle.more_body:
            self.transport.close()


def _answer(status: int, text: str) -> bytes:
    busy = status == HTTPStatus.SERVICE_UNAVAILABLE
    response = error_response(text, status, 1 if busy else None)
    headers = b"".join(b"%s: %s\r\n" % header for header in response.raw_headers)
    return STATUS_LINE[status] + headers + b"connection: close\r\n\r\n" + bytes(response.body)
