"""TF Serving's REST API.

Sources: https://www.tensorflow.org/tfx/serving/api_rest, and `http_rest_api_handler.cc`,
`http_rest_api_util.cc` and `http_server.cc` of
https://github.com/tensorflow/serving/tree/2.17.1/tensorflow_serving/model_servers
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from a2i_tf.serving.engine import Engine
from a2i_tf.serving.errors import ServingError, invalid
from a2i_tf.serving.example_methods import check_examples, refusal
from a2i_tf.serving.http_errors import error_response
from a2i_tf.serving.json_answers import columns_answer, rows_answer
from a2i_tf.serving.json_document import parse_object
from a2i_tf.serving.json_tensors import (
    Arrays,
    arrays_from_columns,
    arrays_from_rows,
    check_row_count,
    in_rows,
    signature_name,
)
from a2i_tf.serving.limits import Limits
from a2i_tf.serving.model_messages import metadata_json, status_json
from a2i_tf.serving.rest_path import RestPath, parse_path
from a2i_tf.serving.servable import DEFAULT_SIGNATURE
from a2i_tf.serving.signature_check import is_batched

_METHODS = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]
_Result = TypeVar("_Result")
# What takes longer than that to read or write goes to a thread: the others shan't wait.
_LARGE_BODY_BYTES = 65_536
_LARGE_ANSWER_VALUES = 1_024
_RETRY_AFTER_SECONDS = 1
_HTTP_STATUS = {
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.UNAUTHENTICATED: 401,
}


def rest_routes(engine: Engine, limits: Limits | None = None) -> list[Route]:
    """Returns the routes under `/v1/`.

    Args:
        engine: Answers.
        limits: Bounds what is parsed; None means the default ones.
    """
    api = _RestApi(engine, limits or Limits())
    # The path matters in its raw form, so it's parsed here; as there, its case doesn't.
    return [Route(f"/{v}1/{{rest:path}}", api.respond, methods=_METHODS) for v in "vV"]


@dataclass(frozen=True)
class _Question:
    """A `:predict` request, read.

    Attributes:
        signature_name: "" means `serving_default`.
        rows: Whether it is in rows, and wants its answer so.
        arrays: By the name of the input.
    """

    signature_name: str
    rows: bool
    arrays: Arrays


class _RestApi:
    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits
        self._parsers = asyncio.Semaphore(limits.json_parsers)

    async def respond(self, request: Request) -> Response:
        """Answers one request, also if the answer is an error."""
        try:
            return Response(await self._answer(request), media_type="application/json")
        except ServingError as error:
            return _refusal_response(error)

    async def _answer(self, request: Request) -> bytes:
        path = parse_path(request.method, _target(request))
        if path.method == "predict":
            return await self._predict(path, await request.body())
        if path.method is not None:
            return await self._refuse_examples(path, path.method, await request.body())
        if path.metadata:
            version, signatures = self._engine.signature_defs(path.model)
            return metadata_json(path.model.name, version, signatures)
        return status_json(self._engine.status(path.model))

    async def _predict(self, path: RestPath, body: bytes) -> bytes:
        large = len(body) > _LARGE_BODY_BYTES
        async with self._turn_to_parse(large):
            question = await self._read(path, body, large)
        prediction = await self._engine.predict(
            path.model, question.signature_name, question.arrays
        )
        write = rows_answer if question.rows else columns_answer
        large = sum(map(np.size, prediction.outputs.values())) > _LARGE_ANSWER_VALUES
        return await _call(large, write, prediction.outputs)

    async def _read(self, path: RestPath, body: bytes, large: bool) -> _Question:
        """Reads a request; what was parsed is gone when this returns."""
        document = await _call(large, parse_object, body, self._limits.max_json_values)
        name = signature_name(document)
        _, signatures = self._engine.signature_defs(path.model)
        signature = _signature(name, signatures)
        rows = in_rows(document)
        if rows or is_batched(signature):
            check_row_count(document, self._limits.max_batch_size)
        read = arrays_from_rows if rows else arrays_from_columns
        return _Question(name, rows, await _call(large, read, document, signature.inputs))

    def _turn_to_parse(self, large: bool) -> AbstractAsyncContextManager[None]:
        """Lets few large bodies be objects of Python at a time, which take many times the bytes."""
        return self._parsers if large else contextlib.nullcontext()

    async def _refuse_examples(self, path: RestPath, method: str, body: bytes) -> bytes:
        large = len(body) > _LARGE_BODY_BYTES
        async with self._turn_to_parse(large):
            document = await _call(large, parse_object, body, self._limits.max_json_values)
            name = signature_name(document)
            check_examples(document)
            del document
        raise refusal(method, name, self._engine.signature_defs(path.model)[1])


async def _call(in_thread: bool, function: Callable[..., _Result], *arguments: Any) -> _Result:
    if in_thread:
        return await run_in_threadpool(function, *arguments)
    return function(*arguments)


def _refusal_response(error: ServingError) -> Response:
    status = _HTTP_STATUS.get(error.code, 500)
    return error_response(error.message, status, _RETRY_AFTER_SECONDS if status == 503 else None)


def _target(request: Request) -> str:
    """Returns the path as it was sent, with the query."""
    path = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def _signature(name: str, signatures: dict[str, SignatureDef]) -> SignatureDef:
    signature = signatures.get(name or DEFAULT_SIGNATURE)
    if signature is None:
        raise invalid(
            f'Serving signature name: "{name or DEFAULT_SIGNATURE}" not found in signature def'
        )
    if not signature.inputs:
        raise invalid(f"Failed to get input map for signature: {name or 'DEFAULT'}")
    return signature
