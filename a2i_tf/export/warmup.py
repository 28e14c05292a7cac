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

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

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
# Rates, channels and seconds of clips that take all ways through the decoder and the resampler.
_CLIPS = ((16_000, 1, 1.0), (44_100, 1, 1.0), (48_000, 2, 0.5), (8_000, 1, 2.5))

Rows = Sequence[bytes] | NDArray[np.int64]


def write_warmup_requests(folder: Path, model_name: str) -> None:
    """Writes `WARMUP_FILE` into a SavedModel's version folder.

    The requests hold silence, in clips alone and several together, for each signature that takes
    files: TensorFlow prepares a signature when it's first asked.
    """
    path = folder / WARMUP_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    files = [_silence(*clip) for clip in _CLIPS]
    seeds = np.arange(len(files), dtype=np.int64)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for rows in ([files[0]], [files[1]], files):
            for signature in ("serving_default", "standard_scores"):
                writer.write(prediction_log(model_name, signature, {"audio_bytes": rows}))
            seeded: dict[str, Rows] = {"audio_bytes": rows, "seed": seeds[: len(rows)]}
            writer.write(prediction_log(model_name, "serving_seeds", seeded))


def _silence(rate: int, channels: int, seconds: float) -> bytes:
    wav: bytes = tf.audio.encode_wav(tf.zeros([int(seconds * rate), channels]), rate).numpy()
    return wav


def prediction_log(model_name: str, signature_name: str, inputs: Mapping[str, Rows]) -> bytes:
    """Returns a serialized `PredictionLog` that holds one request.

    Args:
        model_name: Name that the server knows the model by.
        signature_name: The signature asked.
        inputs: Rows of bytes or of whole numbers by the name of the input.
    """
    spec = _field(_MODEL_SPEC_NAME, model_name.encode()) + _field(
        _MODEL_SPEC_SIGNATURE_NAME, signature_name.encode()
    )
    request = _field(_PREDICT_REQUEST_MODEL_SPEC, spec)
    for name, rows in inputs.items():
        tensor = tf.make_tensor_proto(rows).SerializeToString()
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
