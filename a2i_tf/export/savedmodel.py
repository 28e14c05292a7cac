"""A trained model as a TF Serving version folder.

saved_model.pb, variables/    the six signatures; see `Signatures`
config.json                   ModelConfig, and the version of a2i
assets.extra/                 warm-up requests
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.saved_model.fingerprinting_utils import write_fingerprint

from a2i_tf.atomic import explain_os_errors, write_json
from a2i_tf.errors import A2IError
from a2i_tf.export.quiet import quiet_logs
from a2i_tf.export.signatures import Signatures
from a2i_tf.export.warmup import write_warmup_requests
from a2i_tf.inference.contract import contract_to_dict
from a2i_tf.models.config import CONFIG_FILE
from a2i_tf.models.drawing import DrawingModel

_MODEL_NAME = "a2i"
_CUSTOM_GRADIENT = "_gradient_op_type"


def write_savedmodel(folder: Path, model: DrawingModel) -> None:
    """Writes a version folder's files into an existing folder.

    The SavedModel holds core operations only: it answers in any process that has TensorFlow, and
    in stock TF Serving. Callers make the folder appear as a whole.

    Raises:
        A2IError: if it can't be written.
    """
    signatures = Signatures(model)
    functions = {
        "serving_default": signatures.serving_function(),
        "serving_seeds": signatures.serving_seeds_function(),
        "standard_scores": signatures.standard_scores_function(),
        "encode": signatures.encode_function(),
        "encode_mfcc": signatures.encode_mfcc_function(),
        "draw": signatures.draw_function(),
    }
    save_functions(folder, signatures, functions)
    with explain_os_errors(folder), _explain_tensorflow_errors(folder):
        write_warmup_requests(folder, _MODEL_NAME)
    write_json(folder / CONFIG_FILE, contract_to_dict(model.config))


def save_functions(
    folder: Path,
    signatures: Signatures,
    functions: dict[str, tf.types.experimental.PolymorphicFunction],
) -> None:
    """Saves some functions of `signatures` as a SavedModel, under the names given.

    Raises:
        A2IError: if it can't be written.
    """
    with explain_os_errors(folder), _explain_tensorflow_errors(folder), quiet_logs():
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        tf.saved_model.save(signatures.module(), str(folder), functions, options)
        _forget_gradients(folder)


def _forget_gradients(folder: Path) -> None:
    """Takes the names of the gradients that weren't saved out of a SavedModel.

    Nobody learns from an export. TensorFlow would keep the gradients of each one that a process
    has loaded until it ends (145 MiB of the default model), and warn where only the names are left.
    """
    path = folder / "saved_model.pb"
    saved = SavedModel.FromString(path.read_bytes())
    for graph in saved.meta_graphs:
        for function in graph.graph_def.library.function:
            for node in function.node_def:
                if _CUSTOM_GRADIENT in node.attr:
                    del node.attr[_CUSTOM_GRADIENT]
    path.write_bytes(saved.SerializeToString(deterministic=True))
    # It holds a checksum. Where it's missing, loading makes Python's logging print what others log.
    write_fingerprint(str(folder))


@contextlib.contextmanager
def _explain_tensorflow_errors(folder: Path) -> Iterator[None]:
    """TensorFlow writes past Python, and has errors of its own for a full disk."""
    try:
        yield
    except tf.errors.OpError as error:
        raise A2IError(f"{folder}: cannot be written: {error.message}") from error
