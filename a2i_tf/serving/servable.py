"""One version of a model in memory."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from a2i_tf.export.warmup import WARMUP_FILE
from a2i_tf.serving.errors import ServingError

DEFAULT_SIGNATURE = "serving_default"
_SERVE_TAG = "serve"
# Where TensorFlow's own account of the graph ends and the operation's message begins.
_BEFORE_MESSAGE = re.compile(r"\A(?:.*\n)?(?:<stack traces unavailable>| {2,}.*)\n", re.DOTALL)
_AFTER_MESSAGE = re.compile(r"\s*\[\[.*", re.DOTALL)
_ROOT_ERROR = re.compile(r"\A\s*\(0\)\s+\w+:\s*")
# TensorFlow numbers its errors as gRPC does.
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_PATH = re.compile(r"(?<![\w/])/[\w.@+-]+(?:/[\w.@+-]+)+/?")


class Servable:
    """The signatures of a loaded SavedModel, over NumPy arrays.

    Attributes:
        version: Its number.
        signature_defs: All signatures as in `saved_model.pb`.
    """

    def __init__(
        self, version: int, loaded: tf.Module, signature_defs: dict[str, SignatureDef]
    ) -> None:
        self.version = version
        self.signature_defs = signature_defs
        # What was loaded owns the weights and must outlive its signatures.
        self._loaded = loaded

    def signature(self, name: str) -> SignatureDef:
        """Returns a signature that can be run.

        Raises:
            ServingError: `FAILED_PRECONDITION` if there is none of that name.
        """
        if name not in self._loaded.signatures:
            message = f'Serving signature key "{name}" not found.'
            raise ServingError(grpc.StatusCode.FAILED_PRECONDITION, message)
        return self.signature_defs[name]

    def run(
        self, signature_name: str, inputs: Mapping[str, NDArray[Any]]
    ) -> dict[str, NDArray[Any]]:
        """Runs a signature; it may be called from several threads.

        Args:
            signature_name: One that `signature` knows.
            inputs: Arrays that passed `check_request`.

        Returns:
            Arrays by name; strings are object arrays of bytes.

        Raises:
            ServingError: With the code of TensorFlow's own error: `INVALID_ARGUMENT` for what the
                graph can't take, such as a damaged WAV file; `RESOURCE_EXHAUSTED` where memory ran
                out; `INTERNAL` where it's nobody's fault but the server's.
        """
        signature = self.signature(signature_name)
        try:
            tensors = {
                name: tf.constant(array, tf.as_dtype(signature.inputs[name].dtype))
                for name, array in inputs.items()
            }
            outputs = self._loaded.signatures[signature_name](**tensors)
        except tf.errors.OpError as error:
            raise _explain(error) from error
        except UnicodeDecodeError as error:
            # The message repeats bytes of the request, which needn't be text.
            message = _own_words(error.object.decode(errors="replace"))
            raise ServingError(grpc.StatusCode.INVALID_ARGUMENT, message) from error
        return {name: np.asarray(tensor.numpy()) for name, tensor in outputs.items()}


def load_servable(version: int, folder: Path) -> Servable:
    """Loads and warms up a version folder.

    TensorFlow's own format holds operations and weights, and neither pickles nor Python classes.

    Raises:
        ServingError: `FAILED_PRECONDITION` if it is damaged, not all there, or refuses its own
            warm-up requests. The message tells no path.
    """
    # TensorFlow's errors then hold the path just as it is known here.
    folder = Path(os.path.realpath(folder))
    try:
        signature_defs = _read_signature_defs(folder)
        loaded = tf.saved_model.load(str(folder), tags=[_SERVE_TAG])
        servable = Servable(version, loaded, signature_defs)
        _warm_up(servable, folder)
    except ServingError as error:
        raise _cannot_load(error.message) from error
    except tf.errors.OpError as error:
        raise _cannot_load(_own_words(_without_folder(error.message, folder))) from error
    except Exception as error:
        # A damaged file fails anywhere in TensorFlow's loader; whatever it is, the others serve on.
        first_line = _without_folder(str(error), folder).partition("\n")[0]
        reason = f"damaged or not all there ({type(error).__name__}: {first_line})"
        raise _cannot_load(reason) from error
    return servable


def _read_signature_defs(folder: Path) -> dict[str, SignatureDef]:
    try:
        saved = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    except FileNotFoundError:
        raise _cannot_load("saved_model.pb is missing") from None
    except DecodeError:
        raise _cannot_load("saved_model.pb is damaged or not all there") from None
    for graph in saved.meta_graphs:
        if _SERVE_TAG in graph.meta_info_def.tags:
            return dict(graph.signature_def)
    raise _cannot_load(f"no graph is tagged {_SERVE_TAG}")


def _warm_up(servable: Servable, folder: Path) -> None:
    """Answers the export's own requests, so that no client waits for memory and kernels."""
    path = folder / WARMUP_FILE
    if not path.is_file():
        return
    # All at once: who deletes an iterator waits the longer, the longer it has lived
    # (datasets/autotuning.py).
    for record in list(tf.data.TFRecordDataset([str(path)]).as_numpy_iterator()):
        request = PredictionLog.FromString(record).predict_log.request
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        servable.run(name, inputs)


def _cannot_load(reason: str) -> ServingError:
    return ServingError(grpc.StatusCode.FAILED_PRECONDITION, without_paths(reason))


def _explain(error: tf.errors.OpError) -> ServingError:
    return ServingError(
        _CODES.get(error.error_code, grpc.StatusCode.UNKNOWN), _own_words(error.message)
    )


def _own_words(message: str) -> str:
    """Returns the operation's own message, without the graph around it."""
    message = _AFTER_MESSAGE.sub("", _BEFORE_MESSAGE.sub("", message))
    message = without_paths(_ROOT_ERROR.sub("", message).strip())
    return message or "the model can't take this input"


def _without_folder(message: str, folder: Path) -> str:
    """Returns a message with the last part only of paths at or below a version's folder.

    The folder's own path may hold what ends a path elsewhere, such as spaces.
    """
    paths = re.compile(re.escape(str(folder)) + r"(?:/[\w.@+-]+)*/?")
    return paths.sub(lambda path: Path(path[0]).name, message)


def without_paths(message: str) -> str:
    """Returns a message on one line, with the last part only of absolute paths."""
    return " ".join(_PATH.sub(lambda path: Path(path[0]).name, message).split())
