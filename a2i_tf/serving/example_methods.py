"""Classify and Regress: TF Serving has them, no signature of ours can be asked that way.

They take `tf.Example` messages through an input called `inputs`. What is refused, and the words,
are those of `PreProcessClassification`, `PreProcessRegression` and `MultiInference` in
https://github.com/tensorflow/serving/tree/2.17.1/tensorflow_serving/servables/tensorflow, with
`--enable_signature_method_name_check=false`, the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.inference_pb2 import InferenceTask

from a2i_tf.serving.errors import ServingError, invalid
from a2i_tf.serving.json_document import echo
from a2i_tf.serving.servable import DEFAULT_SIGNATURE

CLASSIFY = "classify"
REGRESS = "regress"
_METHOD_NAMES = {
    "tensorflow/serving/classify": CLASSIFY,
    "tensorflow/serving/regress": REGRESS,
}


def check_examples(document: Mapping[str, Any]) -> None:
    """Refuses a REST request without examples.

    Raises:
        ServingError: `INVALID_ARGUMENT`.
    """
    if "examples" not in document:
        raise invalid(
            f"JSON Value: {echo(document)} When method is classify, key 'examples' is expected "
            "and was not found"
        )
    if not isinstance(document["examples"], list):
        raise invalid(
            f"JSON Value: {echo(document)} Expecting 'examples' value to be an list/array"
        )
    if not document["examples"]:
        raise invalid(f"JSON Value: {echo(document)} 'examples' value is an empty array")


def refusal(method: str, name: str, signatures: Mapping[str, SignatureDef]) -> ServingError:
    """Returns why a signature can't be asked to classify or to regress.

    Args:
        method: `CLASSIFY` or `REGRESS`.
        name: Of the signature; "" means `serving_default`.
        signatures: Those of the model.
    """
    name = name or DEFAULT_SIGNATURE
    if name not in signatures:
        return invalid(f"No signature was found with the name: {name}")
    signature = signatures[name]
    if len(signature.inputs) != 1:
        return invalid("Expected one input Tensor.")
    outputs = len(signature.outputs)
    if method == REGRESS and outputs != 1:
        return invalid("Expected one output Tensor.")
    if method == CLASSIFY and outputs not in (1, 2):
        return invalid(f"Expected one or two output Tensors, found {outputs}")
    kind = "classification" if method == CLASSIFY else "regression"
    return invalid(f"No {kind} inputs found in SignatureDef: {signature}")


def task_refusal(task: InferenceTask, signatures: Mapping[str, SignatureDef]) -> ServingError:
    """Returns why the first task of a `MultiInference` can't be done."""
    name = task.model_spec.signature_name or DEFAULT_SIGNATURE
    if name not in signatures:
        return invalid(f"Requested signature not found in model graph: {name}")
    if task.method_name not in _METHOD_NAMES:
        return ServingError(
            grpc.StatusCode.UNIMPLEMENTED,
            f"Unsupported signature method_name: {task.method_name}",
        )
    return refusal(_METHOD_NAMES[task.method_name], name, signatures)
