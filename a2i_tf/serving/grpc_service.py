"""TF Serving's gRPC API, through its own messages.

Sources: `prediction_service_impl.cc`, `model_service_impl.cc`, `grpc_status_util.cc` and
`server_core.cc` of
https://github.com/tensorflow/serving/tree/2.17.1/tensorflow_serving/model_servers, and
`predict_util.cc` and `get_model_metadata_impl.cc` of its `servables/tensorflow`.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import grpc
from tensorflow_serving.apis.classification_pb2 import (
    ClassificationRequest,
    ClassificationResponse,
)
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
)
from tensorflow_serving.apis.get_model_status_pb2 import (
    GetModelStatusRequest,
    GetModelStatusResponse,
)
from tensorflow_serving.apis.inference_pb2 import (
    InferenceTask,
    MultiInferenceRequest,
    MultiInferenceResponse,
)
from tensorflow_serving.apis.model_management_pb2 import (
    ReloadConfigRequest,
    ReloadConfigResponse,
)
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.model_service_pb2_grpc import (
    ModelServiceServicer,
    add_ModelServiceServicer_to_server,
)
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import (
    PredictionServiceServicer,
    add_PredictionServiceServicer_to_server,
)
from tensorflow_serving.apis.regression_pb2 import RegressionRequest, RegressionResponse

from a2i_tf.serving.engine import Engine, Prediction
from a2i_tf.serving.errors import ServingError, invalid
from a2i_tf.serving.example_methods import CLASSIFY, REGRESS, refusal, task_refusal
from a2i_tf.serving.held_bytes import HeldBytes
from a2i_tf.serving.model_messages import (
    SIGNATURE_DEF,
    metadata_message,
    model_spec,
    status_message,
)
from a2i_tf.serving.model_version import ModelTarget
from a2i_tf.serving.tensor_protos import arrays_from_protos, proto_from_array

_LOGGER = logging.getLogger(__name__)
_LONGEST_MESSAGE = 1_024
# What takes longer than that to read or write goes to a thread: the others shan't wait.
_LARGE_REQUEST_BYTES = 65_536
_LARGE_ANSWER_VALUES = 65_536
_Response = TypeVar("_Response")
_Method = Callable[[Any, Any, grpc.aio.ServicerContext], Awaitable[_Response]]


def add_services(server: grpc.aio.Server, engine: Engine) -> None:
    """Adds `PredictionService` and `ModelService` to a server."""
    add_PredictionServiceServicer_to_server(_PredictionService(engine), server)
    add_ModelServiceServicer_to_server(_ModelService(engine), server)


def _telling_errors(method: _Method[_Response]) -> _Method[_Response]:
    """Lets a method raise `ServingError`."""

    @functools.wraps(method)
    async def answer(self: Any, request: Any, context: grpc.aio.ServicerContext) -> _Response:
        try:
            return await method(self, request, context)
        except ServingError as error:
            message = error.message
            if len(message) > _LONGEST_MESSAGE:
                message = f"{message[:_LONGEST_MESSAGE]}...TRUNCATED"
            return await context.abort(error.code, message)
        except Exception:
            # gRPC would tell the exception to the client.
            _LOGGER.exception("%s failed", method.__name__)
            return await context.abort(grpc.StatusCode.INTERNAL, "Internal error")

    return answer


class _PredictionService(PredictionServiceServicer):
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held = HeldBytes(engine.limits.max_waiting_bytes)

    @_telling_errors
    async def Predict(  # noqa: N802
        self,
        request: PredictRequest,
        context: grpc.aio.ServicerContext,  # noqa: ARG002
    ) -> PredictResponse:
        target = _target(request)
        num_bytes = request.ByteSize()
        with self._held.holding(num_bytes):
            prediction = await self._predict(target, request, num_bytes > _LARGE_REQUEST_BYTES)
        if sum(array.size for array in prediction.outputs.values()) <= _LARGE_ANSWER_VALUES:
            return _response(target.name, prediction)
        return await asyncio.to_thread(_response, target.name, prediction)

    async def _predict(
        self, target: ModelTarget, request: PredictRequest, large: bool
    ) -> Prediction:
        name = request.model_spec.signature_name
        most = self._engine.limits.max_batch_size
        arguments = (self._engine.signature(target, name), request.inputs, most)
        if large:
            arrays = await asyncio.to_thread(arrays_from_protos, *arguments)
        else:
            arrays = arrays_from_protos(*arguments)
        return await self._engine.predict(target, name, arrays, tuple(request.output_filter))

    @_telling_errors
    async def GetModelMetadata(  # noqa: N802
        self,
        request: GetModelMetadataRequest,
        context: grpc.aio.ServicerContext,  # noqa: ARG002
    ) -> GetModelMetadataResponse:
        target = _target(request)
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != SIGNATURE_DEF:
                raise invalid(f"Metadata field {field} is not supported")
        version, signatures = self._engine.signature_defs(target)
        return metadata_message(target.name, version, signatures)

    @_telling_errors
    async def Classify(  # noqa: N802
        self,
        request: ClassificationRequest,
        context: grpc.aio.ServicerContext,  # noqa: ARG002
    ) -> ClassificationResponse:
        _, signatures = self._engine.signature_defs(_target(request))
        raise refusal(CLASSIFY, request.model_spec.signature_name, signatures)

    @_telling_errors
    async def Regress(  # noqa: N802
        self,
        request: RegressionRequest,
        context: grpc.aio.ServicerContext,  # noqa: ARG002
    ) -> RegressionResponse:
        _, signatures = self._engine.signature_defs(_target(request))
        raise refusal(REGRESS, request.model_spec.signature_name, signatures)

    @_telling_errors
    async def MultiInference(  # noqa: N802
        self,
        request: MultiInferenceRequest,
        context: grpc.aio.ServicerContext,  # noqa: ARG002
    ) -> MultiInferenceResponse:
        task = request.tasks[0] if request.tasks else InferenceTask()
        _, signatures = self._engine.signature_defs(_named(task.model_spec))
        raise task_refusal(task, signatures)


class _ModelService(ModelServiceServicer):
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @_telling_errors
    async def GetModelStatus(  # noqa: N802
        self,
        request: GetModelStatusRequest,
        context: grpc.aio.ServicerContext,  # noqa: ARG002
    ) -> GetModelStatusResponse:
        return status_message(self._engine.status(_target(request)))

    @_telling_errors
    async def HandleReloadConfigRequest(  # noqa: N802
        self,
        request: ReloadConfigRequest,  # noqa: ARG002
        context: grpc.aio.ServicerContext,  # noqa: ARG002
    ) -> ReloadConfigResponse:
        raise ServingError(
            grpc.StatusCode.UNIMPLEMENTED,
            "a2i serve takes its model from its command line; restart it to serve another one",
        )


def _response(name: str, prediction: Prediction) -> PredictResponse:
    return PredictResponse(
        model_spec=model_spec(name, prediction.version, prediction.signature_name),
        outputs={key: proto_from_array(array) for key, array in prediction.outputs.items()},
    )


def _target(request: Any) -> ModelTarget:
    """Returns the model that a request names.

    Raises:
        ServingError: `INVALID_ARGUMENT` if it names none.
    """
    if not request.HasField("model_spec"):
        raise invalid("Missing ModelSpec")
    return _named(request.model_spec)


def _named(spec: ModelSpec) -> ModelTarget:
    choice = spec.WhichOneof("version_choice")
    return ModelTarget(
        spec.name,
        spec.version.value if choice == "version" else None,
        spec.version_label if choice == "version_label" else None,
    )
