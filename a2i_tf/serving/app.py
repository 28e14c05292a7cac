"""Everything that answers HTTP, as one ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from a2i_tf.serving.answer_limit import AnswerLimit
from a2i_tf.serving.body_limit import BodyLimit
from a2i_tf.serving.decoding import Decoder, decode_routes
from a2i_tf.serving.disconnection import CancelOnDisconnect
from a2i_tf.serving.engine import Engine
from a2i_tf.serving.http_errors import error_response
from a2i_tf.serving.limits import Limits
from a2i_tf.serving.metrics import Metrics
from a2i_tf.serving.observation import ObservedApp, Observer
from a2i_tf.serving.page import page_routes
from a2i_tf.serving.rest import rest_routes


def build_app(engine: Engine, limits: Limits, observer: Observer) -> Starlette:
    """Returns the application.

    Args:
        engine: What answers.
        limits: What requests may take.
        observer: What is told of them.
    """
    decoder = Decoder(limits)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await decoder.start()
        yield
        await decoder.stop()

    return Starlette(
        routes=[
            *monitoring_routes(engine, observer.metrics),
            *decode_routes(decoder),
            *rest_routes(engine, limits),
            *page_routes(engine.name, limits),
        ],
        middleware=[
            Middleware(ObservedApp, observer=observer),
            Middleware(AnswerLimit, limits=limits),
            Middleware(BodyLimit, limits=limits),
            Middleware(CancelOnDisconnect),
        ],
        exception_handlers={Exception: _internal_error},
        lifespan=lifespan,
    )


def monitoring_routes(engine: Engine, metrics: Metrics) -> list[Route]:
    """Returns `GET /healthz`, 200 when a version is served and else 503, and `GET /metrics`."""

    async def healthz(_request: Request) -> Response:
        if engine.ready:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "no version of the model is loaded"}, 503)

    async def tell_metrics(_request: Request) -> Response:
        return Response(
            metrics.text(), media_type=None, headers={"content-type": metrics.content_type}
        )

    return [Route("/healthz", healthz), Route("/metrics", tell_metrics)]


async def _internal_error(_request: Request, _error: Exception) -> Response:
    """Tells nothing of the server's insides; uvicorn writes the traceback to stderr."""
    return error_response("Internal error; the server's log tells more", 500)
