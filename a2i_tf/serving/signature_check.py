"""Whether a request's inputs and wishes fit a signature, said as TF Serving says it.

Sources of the words: `predict_util.cc` and `batching_session.cc` of
https://github.com/tensorflow/serving/tree/2.17.1/tensorflow_serving, and TensorFlow's
`direct_session.cc` for data types. TF Serving doesn't check shapes: there, the first operation that
can't take one fails. The words for shapes are our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

from a2i_tf.serving.errors import ServingError


def check_request(
    signature: SignatureDef, inputs: Mapping[str, NDArray[Any]], output_filter: Sequence[str]
) -> None:
    """Refuses what the signature can't take or give.

    Raises:
        ServingError: `INVALID_ARGUMENT`.
    """
    _check_names(signature, inputs)
    for position, name in enumerate(sorted(inputs)):
        _check_dtype(position, name, signature.inputs[name], inputs[name])
        _check_shape(name, signature.inputs[name].tensor_shape, inputs[name].shape)
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


def _check_names(signature: SignatureDef, inputs: Mapping[str, NDArray[Any]]) -> None:
    sent, known = set(inputs), set(signature.inputs)
    if len(sent) != len(known):
        raise _invalid(
            f"input size does not match signature: {len(sent)}!={len(known)} "
            f"len({{{_join(sent)}}}) != len({{{_join(known)}}}). Sent extra: "
            f"{{{_join(sent - known)}}}. Missing but required: {{{_join(known - sent)}}}."
        )
    for name in sorted(sent - known):
        raise _invalid(
            f"input tensor alias not found in signature: {name}. "
            f"Inputs expected to be in the set {{{_join(known)}}}."
        )


def _check_dtype(position: int, name: str, expected: TensorInfo, array: NDArray[Any]) -> None:
    wanted = tf.as_dtype(expected.dtype)
    if array.dtype == np.object_ and not all(isinstance(item, bytes) for item in array.flat):
        raise _invalid(f"tensor parsing error: {name}")
    given = tf.string if array.dtype == np.object_ else tf.as_dtype(array.dtype)
    if given != wanted:
        raise _invalid(f"Expects arg[{position}] to be {wanted.name} but {given.name} is provided")


def _check_shape(name: str, expected: TensorShapeProto, shape: tuple[int, ...]) -> None:
    if expected.unknown_rank:
        return
    sizes = [dim.size for dim in expected.dim]
    fits = len(sizes) == len(shape) and all(
        wanted in (-1, given) for wanted, given in zip(sizes, shape, strict=True)
    )
    if not fits:
        wanted = ",".join("?" if size == -1 else str(size) for size in sizes)
        given = ",".join(map(str, shape))
        raise _invalid(f"Expects input {name} to have shape [{wanted}] but [{given}] is provided")


def _check_outputs(signature: SignatureDef, output_filter: Sequence[str]) -> None:
    for position, name in enumerate(output_filter):
        if name not in signature.outputs:
            raise _invalid(
                f"output tensor alias not found in signature: {name} "
                f"Outputs expected to be in the set {{{_join(signature.outputs)}}}."
            )
        if name in output_filter[:position]:
            raise _invalid(f"duplicate output tensor alias: {name}")


def _check_rows(inputs: Mapping[str, NDArray[Any]]) -> None:
    if len({len(array) for array in inputs.values()}) > 1:
        raise _invalid("Batching Run() input tensors must have equal 0th-dimension size")


def _join(names: Iterable[str]) -> str:
    return ",".join(sorted(names))


def _invalid(message: str) -> ServingError:
    return ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)
