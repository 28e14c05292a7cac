"""TF Serving's gRPC API, through the stubs of the package tensorflow-serving-api."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from a2i_tf.errors import A2IError
from a2i_tf.inference.server_address import ServerAddress
from a2i_tf.inference.serving_client import (
    ANSWER_SECONDS,
    FIRST_BACK_OFF_SECONDS,
    LONGEST_BACK_OFF_SECONDS,
    MAX_RETRIES,
    ModelNotServedError,
    busy,
    nonsense,
    refused,
    too_slow,
    unreachable,
)

try:
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import (
        get_model_status_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
    )
except ImportError as error:
    raise A2IError(
        "grpc:// addresses need TF Serving's stubs; run pip install 'a2i[serve]', or give the "
        "http:// address"
    ) from error

# https://github.com/grpc/proposal/blob/master/A6-client-retries.md
_RETRIES = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 1 + MAX_RETRIES,
                "initialBackoff": f"{FIRST_BACK_OFF_SECONDS}s",
                "maxBackoff": f"{LONGEST_BACK_OFF_SECONDS}s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
            },
        }
    ]
}
_OPTIONS = (
    ("grpc.service_config", json.dumps(_RETRIES)),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
)
_REFUSALS = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
)
# What gRPC itself says of a message, where HTTP has a status of its own.
_TOO_LARGE = "larger than max"
# What gRPC itself says, as against a server that has too much to do.
_NO_CONNECTION = ("failed to connect", "connection refused", "dns resolution", "recvmsg", "socket")


class GrpcClient:
    """A `ServingClient` over gRPC, not encrypted."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address
        channel = grpc.insecure_channel(address.authority, options=_OPTIONS)
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(channel)

    def predict(
        self, signature: str, inputs: Mapping[str, Sequence[bytes] | Sequence[int]], output: str
    ) -> list[Any]:
        """Asks; see `ServingClient.predict`."""
        request = predict_pb2.PredictRequest()
        self._specify(request.model_spec)
        request.model_spec.signature_name = signature
        for name, rows in inputs.items():
            dtype = tf.string if isinstance(rows[0], bytes) else tf.int64
            request.inputs[name].CopyFrom(tf.make_tensor_proto(list(rows), dtype))
        try:
            answer = self._predictions.Predict(request, timeout=ANSWER_SECONDS)
        except grpc.RpcError as error:
            self._raise(error, signature)
        if output not in answer.outputs:
            raise nonsense(self._address, f"no output {output}")
        try:
            return list(tf.make_ndarray(answer.outputs[output]))
        except (TypeError, ValueError) as error:
            raise nonsense(self._address, f"a damaged output {output}") from error

    def is_loading(self) -> bool:
        """Asks for the model's status; see `ServingClient.is_loading`."""
        request = get_model_status_pb2.GetModelStatusRequest()
        self._specify(request.model_spec)
        try:
            answer = self._models.GetModelStatus(request, timeout=ANSWER_SECONDS)
        except grpc.RpcError:
            return False
        states = get_model_status_pb2.ModelVersionStatus
        return any(
            version.state in (states.START, states.LOADING)
            for version in answer.model_version_status
        )

    def _specify(self, spec: Any) -> None:
        spec.name = self._address.model
        if self._address.version is not None:
            spec.version.value = self._address.version
        if self._address.label is not None:
            spec.version_label = self._address.label

    def _raise(self, error: grpc.RpcError, signature: str) -> NoReturn:
        code, details = error.code(), error.details() or error.code().name
        if code == grpc.StatusCode.NOT_FOUND:
            raise ModelNotServedError(details) from error
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            raise too_slow(self._address) from error
        if code == grpc.StatusCode.RESOURCE_EXHAUSTED and _TOO_LARGE not in details:
            raise busy(self._address, details) from error
        if code in _REFUSALS or code == grpc.StatusCode.RESOURCE_EXHAUSTED:
            raise refused(self._address, signature, details) from error
        if code == grpc.StatusCode.UNAVAILABLE and "parsing HTTP" in details:
            raise nonsense(self._address, "it speaks HTTP, but no gRPC") from error
        if code == grpc.StatusCode.UNAVAILABLE:
            missing = any(text in details.lower() for text in _NO_CONNECTION)
            raise (unreachable if missing else busy)(self._address, details) from error
        raise nonsense(self._address, f"{code.name}: {details}") from error
