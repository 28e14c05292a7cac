"""Counting, timing and logging every request, of both protocols."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import grpc
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from a2i_tf.serving.access_log import AccessLog
from a2i_tf.serving.answered import Answered
from a2i_tf.serving.errors import ServingError
from a2i_tf.serving.metrics import Metrics
from a2i_tf.serving.request_notes import RequestNotes, take_notes
from a2i_tf.serving.rest_path import parse_path

# What nginx notes for a client that left before its answer.
_CLIENT_CLOSED_REQUEST = 499
_API_PREFIX = "/v1/"
_LOGGER = logging.getLogger(__name__)


class Observer:
    """Tells the metrics and the access log about requests.

    Args:
        metrics: Where they're counted.
        access_log: Where they're written down.
    """

    def __init__(self, metrics: Metrics, access_log: AccessLog) -> None:
        self.metrics = metrics
        self.access_log = access_log

    def note(self, answered: Answered) -> None:
        """Counts a request and writes it down; what goes wrong is never the client's business."""
        try:
            by_call = (answered.protocol, answered.known_method)
            self.metrics.requests.labels(*by_call, str(answered.status)).inc()
            self.metrics.request_seconds.labels(*by_call).observe(answered.seconds)
            self.access_log.write(answered)
        except Exception:
            _LOGGER.exception("a request couldn't be noted")

    def note_refused(self, client: str, status: int) -> None:
        """Notes a connection that was refused before its request was known.

        Args:
            client: Its address without the port.
            status: Of HTTP.
        """
        self.note(Answered("rest", "unknown", client, "", "", status, 0, 0.0, RequestNotes()))


class ObservedApp:
    """ASGI middleware that observes HTTP requests."""

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self._app = app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves and observes one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer()
        notes, started = take_notes(), time.perf_counter()
        with self._observer.metrics.requests_in_flight.track_inprogress():
            try:
                await self._app(scope, receive, answer.watch(send))
            except Exception:
                answer.status = 500
                raise
            finally:
                self._note(scope, answer, notes, time.perf_counter() - started)

    def _note(self, scope: Scope, answer: _Answer, notes: RequestNotes, seconds: float) -> None:
        self._observer.note(
            Answered(
                "rest",
                _rest_method(scope),
                scope["client"][0] if scope.get("client") else "",
                scope["method"],
                unquote(scope["path"]),
                answer.status,
                answer.num_bytes,
                seconds,
                notes,
            )
        )


def _rest_method(scope: Scope) -> str:
    """Returns which of the known methods was called."""
    if not scope["path"].lower().startswith(_API_PREFIX):
        # Its name, not the path: a metric for every path asked would be a way to fill the memory.
        endpoint = scope.get("endpoint")
        return getattr(endpoint, "__name__", type(endpoint).__name__) if endpoint else "unknown"
    try:
        path = parse_path(scope["method"], scope["path"])
    except ServingError:
        return "unknown"
    return path.method or ("metadata" if path.metadata else "status")


class _Answer:
    """What was sent of an answer."""

    def __init__(self) -> None:
        self.status = _CLIENT_CLOSED_REQUEST
        self.num_bytes = 0

    def watch(self, send: Send) -> Send:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            self.num_bytes += len(message.get("body", b""))
            await send(message)

        return watched


class ObservedCalls(grpc.aio.ServerInterceptor):
    """gRPC interceptor that observes calls of one request and one answer."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        """Wraps the method's handler."""
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler

        async def observed(request: Any, context: grpc.aio.ServicerContext) -> Any:
            return await self._call(handler.unary_unary, handler_call_details, request, context)

        return grpc.unary_unary_rpc_method_handler(
            observed, handler.request_deserializer, handler.response_serializer
        )

    async def _call(
        self,
        method: Callable[[Any, grpc.aio.ServicerContext], Awaitable[Any]],
        details: grpc.HandlerCallDetails,
        request: Any,
        context: grpc.aio.ServicerContext,
    ) -> Any:
        notes, started = take_notes(), time.perf_counter()
        watched = _WatchedContext(context)
        num_bytes, status = 0, grpc.StatusCode.CANCELLED.name
        with self._observer.metrics.requests_in_flight.track_inprogress():
            try:
                response = await method(request, watched)
                num_bytes, status = response.ByteSize(), grpc.StatusCode.OK.name
                return response
            except Exception:
                status = watched.aborted.name
                raise
            finally:
                self._observer.note(
                    Answered(
                        "grpc",
                        details.method.rpartition("/")[2],
                        _address(context.peer()),
                        "GRPC",
                        details.method,
                        status,
                        num_bytes,
                        time.perf_counter() - started,
                        notes,
                    )
                )


class _WatchedContext:
    """A call's context that remembers what it was aborted with; gRPC's own doesn't tell."""

    def __init__(self, context: grpc.aio.ServicerContext) -> None:
        self._context = context
        self.aborted = grpc.StatusCode.UNKNOWN

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def abort(self, code: grpc.StatusCode, *arguments: Any, **named: Any) -> None:
        self.aborted = code
        await self._context.abort(code, *arguments, **named)


def _address(peer: str) -> str:
    """Returns the address in "ipv4:127.0.0.1:5000" or "ipv6:%5B::1%5D:5000"."""
    return unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]")
