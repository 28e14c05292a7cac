"""Whether a request's inputs and wishes fit a signature, said as TF Serving says it.

Sources of the words: `predict_util.cc` and `batching_session.cc` of
https://github.com/tensorflow/serving/tree/2.17.1/tensorflow_serving. TF Serving doesn't check
shapes: there, the first operation that can't take one fails. The words for shapes are our own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray
from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from a2i_tf.serving.errors import invalid, listed


def check_request(
    signature: SignatureDef, inputs: Mapping[str, NDArray[Any]], output_filter: Sequence[str]
) -> None:
    """Refuses what the signature can't take or give.

    Args:
        signature: The one asked.
        inputs: Arrays for all of its inputs and of their types, which reading them has settled.
        output_filter: The outputs wanted; none means all.

    Raises:
        ServingError: `INVALID_ARGUMENT`.
    """
    for name in sorted(inputs):
        check_shape(name, signature.inputs[name].tensor_shape, inputs[name].shape)
    _check_outputs(signature, output_filter)
    if is_batched(signature):
        _check_rows(inputs)


def is_batched(signature: SignatureDef) -> bool:
    """Returns whether dimension 0 of all inputs and outputs is a batch of any size."""
    tensors = [*signature.inputs.values(), *signature.outputs.values()]
    return bool(signature.inputs) and all(
        len(tensor.tensor_shape.dim) > 0 and tensor.tensor_shape.dim[0].size == -1
        for tensor in tensors
    )


def check_shape(name: str, expected: TensorShapeProto, shape: tuple[int, ...]) -> None:
    """Refuses an input's shape that doesn't fit the signature's.

    Raises:
        ServingError: `INVALID_ARGUMENT`.
    """
    if expected.unknown_rank:
        return
    sizes = [dim.size for dim in expected.dim]
    fits = len(sizes) == len(shape) and all(
        wanted in (-1, given) for wanted, given in zip(sizes, shape, strict=True)
    )
    if not fits:
        wanted = ",".join("?" if size == -1 else str(size) for size in sizes)
        given = ",".join(map(str, shape))
        raise invalid(f"Expects input {name} to have shape [{wanted}] but [{given}] is provided")


def _check_outputs(signature: SignatureDef, output_filter: Sequence[str]) -> None:
    for position, name in enumerate(output_filter):
        if name not in signature.outputs:
            raise invalid(
                f"output tensor alias not found in signature: {name} "
                f"Outputs expected to be in the set {{{listed(signature.outputs)}}}."
            )
        if name in output_filter[:position]:
            raise invalid(f"duplicate output tensor alias: {name}")


def _check_rows(inputs: Mapping[str, NDArray[Any]]) -> None:
    if len({len(array) for array in inputs.values()}) > 1:
        raise invalid("Batching Run() input tensors must have equal 0th-dimension size")
