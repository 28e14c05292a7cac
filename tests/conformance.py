"""What TF Serving answers, asked of any server: `a2i serve`, or TF Serving with the same export.

Collected by test_serving_conformance.py, which says how to name a server. Every expectation is TF
Serving 2.17's, from https://github.com/tensorflow/serving/tree/2.17.1/tensorflow_serving:

g3doc/api_rest.md                           formats of REST's requests, answers and errors
model_servers/http_rest_api_handler.cc      which request is answered by what, in which order
model_servers/http_rest_api_util.cc         paths; status and metadata as JSON
model_servers/http_server.cc                HTTP status by error code; CORS is off by default
model_servers/get_model_status_impl.cc      status, and its errors
model_servers/server_core.cc                versions and labels
core/basic_manager.cc                       "Servable not found for request"
util/json_tensor.cc                         JSON to tensors and back; all errors about JSON
servables/tensorflow/predict_util.cc        gRPC's Predict: signatures, inputs, outputs
servables/tensorflow/get_model_metadata_impl.cc, classifier.cc, regressor.cc, multi_inference.cc

Errors of parsing are RapidJSON 1.1's (include/rapidjson/error/en.h). "tensor parsing error" and
"Signature input alias" are in tensorflow/cc/saved_model/util.cc, "Expects arg[0] to be" in
tensorflow/core/common_runtime of TensorFlow 2.17.
"""

import base64
import dataclasses
import io
import json
import re
import wave

import grpc
import httpx
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

TIMEOUT_SECONDS = 120
PNG = b"\x89PNG\r\n\x1a\n"
NO_VERSION = 987654321


@dataclasses.dataclass(frozen=True)
class Server:
    """A server, and what its model is called.

    Attributes:
        model: Its name.
        labels: Some that the server knows.
        rest: Client of the REST API, or None.
        channel: To gRPC, or None.
    """

    model: str
    labels: tuple[str, ...]
    rest: httpx.Client | None
    channel: grpc.Channel | None

    @property
    def path(self):
        return f"/v1/models/{self.model}"

    @property
    def prediction(self):
        return prediction_service_pb2_grpc.PredictionServiceStub(self.channel)

    @property
    def models(self):
        return model_service_pb2_grpc.ModelServiceStub(self.channel)

    def post(self, body, path=None):
        """Posts a body, as it is or as JSON, to `:predict` or to another path."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.rest.post(path or f"{self.path}:predict", content=content)

    def answer(self, body, path=None):
        response = self.post(body, path)
        assert response.status_code == 200, response.text
        return response.json()

    def signatures(self):
        """Returns the signatures that REST tells, as messages."""
        told = self.rest.get(f"{self.path}/metadata").json()
        packed = get_model_metadata_pb2.SignatureDefMap()
        json_format.ParseDict(told["metadata"]["signature_def"], packed)
        return dict(packed.signature_def)

    def version(self):
        """Returns the version that answers."""
        return int(self.rest.get(f"{self.path}/metadata").json()["model_spec"]["version"])


def make_wav(seconds, rate=16_000, seed=0):
    """Returns a chord in noise as a 16-bit WAV file."""
    rng = np.random.default_rng(seed)
    times = np.arange(max(1, round(seconds * rate))) / rate
    chord = sum(np.sin(2 * np.pi * hz * times) for hz in rng.uniform(100, 2_000, 3))
    samples = np.clip(0.2 * chord + 0.05 * rng.standard_normal(len(times)), -1, 1) * 32_767
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def b64(contents):
    return {"b64": base64.b64encode(contents).decode()}


def from_b64(value):
    assert list(value) == ["b64"]
    return base64.b64decode(value["b64"], validate=True)


def drawing_inputs(server, rows):
    """Returns what `draw` takes: embedding and noise by name."""
    inputs = server.signatures()["draw"].inputs
    rng = np.random.default_rng(0)
    return {
        name: rng.standard_normal((rows, info.tensor_shape.dim[1].size)).astype(np.float32)
        for name, info in inputs.items()
    }


def check_error(response, status, message):
    """Checks an error: its code, its type, and its words, a text or a pattern."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    told = response.json()
    assert list(told) == ["error"]
    if isinstance(message, re.Pattern):
        assert message.search(told["error"]), told
    else:
        assert told["error"] == message


def check_refused(call, code, message):
    """Checks an error: its code and its words, a text or a pattern."""
    with pytest.raises(grpc.RpcError) as refused:
        call()
    assert refused.value.code() is code, refused.value
    details = refused.value.details()
    if isinstance(message, re.Pattern):
        assert message.search(details), details
    else:
        assert details == message


def predict(server, inputs, signature="", spec=None, output_filter=()):
    """Asks by gRPC; inputs are messages, or made into some."""
    request = predict_pb2.PredictRequest(output_filter=output_filter)
    request.model_spec.name = server.model
    request.model_spec.signature_name = signature
    for field, value in (spec or {}).items():
        if field == "version":
            request.model_spec.version.value = value
        else:
            setattr(request.model_spec, field, value)
    for name, value in inputs.items():
        is_message = isinstance(value, TensorProto)
        request.inputs[name].CopyFrom(value if is_message else tf.make_tensor_proto(value))
    return server.prediction.Predict(request, TIMEOUT_SECONDS)


def floats(shape, **values):
    """Returns a float tensor as a message, with its values where the caller wants them."""
    sizes = tf.TensorShape(shape).as_proto()
    return TensorProto(dtype=tf.float32.as_datatype_enum, tensor_shape=sizes, **values)
