"""Warm-up requests: TF Serving answers them before it says that a model is ready.

Each is a `PredictionLog` of the package tensorflow-serving-api. All of its fields that are needed
are of protobuf's length-delimited kind, so they are encoded here, and a2i doesn't depend on a
package with a gRPC server in it.

Sources: field numbers from `prediction_log.proto`, `predict.proto` and `model.proto` of
https://github.com/tensorflow/serving/tree/2.17.1/tensorflow_serving/apis; the encoding from
https://protobuf.dev/programming-guides/encoding; the place and form of the file from
https://www.tensorflow.org/tfx/serving/saved_model_warmup.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

WARMUP_FILE = Path("assets.extra", "tf_serving_warmup_requests")

_PREDICTION_LOG_PREDICT_LOG = 6
_PREDICT_LOG_REQUEST = 1
_PREDICT_REQUEST_MODEL_SPEC = 1
_PREDICT_REQUEST_INPUTS = 2
_MODEL_SPEC_NAME = 1
_MODEL_SPEC_SIGNATURE_NAME = 3
_MAP_KEY = 1
_MAP_VALUE = 2

_LENGTH_DELIMITED = 2
_SILENCE_SECONDS = 1
_RATES = (16_000, 44_100)


def write_warmup_requests(folder: Path, model_name: str) -> None:
    """Writes `WARMUP_FILE` into a SavedModel's version folder.

    Each request is one second of silence at another rate, so that the resampler warms up too.
    """
    path = folder / WARMUP_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for rate in _RATES:
            wav = tf.audio.encode_wav(tf.zeros([_SILENCE_SECONDS * rate, 1]), rate).numpy()
            writer.write(prediction_log(model_name, "serving_default", {"audio_bytes": [wav]}))


def prediction_log(
    model_name: str, signature_name: str, inputs: dict[str, Sequence[bytes]]
) -> bytes:
    """Returns a serialized `PredictionLog` that holds one request.

    Args:
        model_name: Name that the server knows the model by.
        signature_name: The signature asked.
        inputs: Rows of bytes by the name of the input.
    """
    spec = _field(_MODEL_SPEC_NAME, model_name.encode()) + _field(
        _MODEL_SPEC_SIGNATURE_NAME, signature_name.encode()
    )
    request = _field(_PREDICT_REQUEST_MODEL_SPEC, spec)
    for name, rows in inputs.items():
        tensor = tf.make_tensor_proto(list(rows), tf.string).SerializeToString()
        # A map travels as one message of key and value for every entry.
        entry = _field(_MAP_KEY, name.encode()) + _field(_MAP_VALUE, tensor)
        request += _field(_PREDICT_REQUEST_INPUTS, entry)
    return _field(_PREDICTION_LOG_PREDICT_LOG, _field(_PREDICT_LOG_REQUEST, request))


def _field(number: int, contents: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(contents)) + contents


def _varint(value: int) -> bytes:
    """Encodes seven bits a byte, the lowest first; the top bit says that more follow."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
