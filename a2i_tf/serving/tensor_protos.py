"""TensorProto messages as arrays, and the other way.

Sources: `Tensor::FromProto` of TensorFlow, which is what reads them here too; `GetInputValues` of
https://github.com/tensorflow/tensorflow/blob/v2.17.1/tensorflow/cc/saved_model/util.cc and
`VerifyRequestInputsSize` and `PostProcessPredictionResult` of
https://github.com/tensorflow/serving/blob/2.17.1/tensorflow_serving/servables/tensorflow/predict_util.cc
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from a2i_tf.serving.errors import invalid, listed, too_many_rows
from a2i_tf.serving.limits import MOST_DIMENSIONS
from a2i_tf.serving.signature_check import check_shape, is_batched

# A message may hold one value and declare a shape, which the value then fills. TensorFlow would
# allocate whatever is declared.
_MOST_FILLED = 1 << 20
_VALUES = {
    tf.float32: "float_val",
    tf.float64: "double_val",
    tf.int32: "int_val",
    tf.int64: "int64_val",
    tf.bool: "bool_val",
    tf.string: "string_val",
}


def arrays_from_protos(
    signature: SignatureDef, protos: Mapping[str, TensorProto], max_rows: int
) -> dict[str, NDArray[Any]]:
    """Reads the inputs of a request; strings become object arrays of bytes.

    Args:
        signature: The one asked.
        protos: By the name of the input.
        max_rows: The most rows where the signature takes a batch.

    Raises:
        ServingError: `INVALID_ARGUMENT` where inputs are missing or unknown, have another type
            than the signature's, don't hold what they declare, or have too many rows.
    """
    _check_names(signature, protos)
    for position, name in enumerate(sorted(signature.inputs)):
        wanted, given = signature.inputs[name].dtype, protos[name].dtype
        if not _is_dtype(given):
            raise invalid(f"tensor parsing error: {name}")
        if given != wanted:
            raise invalid(
                f"Expects arg[{position}] to be {_dtype_name(wanted)} "
                f"but {_dtype_name(given)} is provided"
            )
        if not _is_bounded(protos[name]):
            raise invalid(f"tensor parsing error: {name}")
    _check_sizes(signature, protos, max_rows)
    return {name: _array(name, protos[name]) for name in sorted(protos)}


def proto_from_array(array: NDArray[Any]) -> TensorProto:
    """Returns a tensor with its values in the field of its type, where TF Serving puts them.

    Args:
        array: Strings are object arrays of bytes.
    """
    dtype = tf.string if array.dtype == np.object_ else tf.as_dtype(array.dtype)
    if dtype not in _VALUES:
        return tf.make_tensor_proto(array)
    proto = TensorProto(
        dtype=dtype.as_datatype_enum, tensor_shape=tf.TensorShape(array.shape).as_proto()
    )
    getattr(proto, _VALUES[dtype]).extend(array.ravel().tolist())
    return proto


def _check_names(signature: SignatureDef, protos: Mapping[str, TensorProto]) -> None:
    sent, known = set(protos), set(signature.inputs)
    if len(sent) != len(known):
        raise invalid(
            f"input size does not match signature: {len(sent)}!={len(known)} "
            f"len({{{listed(sent)}}}) != len({{{listed(known)}}}). Sent extra: "
            f"{{{listed(sent - known)}}}. Missing but required: {{{listed(known - sent)}}}."
        )
    for name in sorted(known - sent):
        raise invalid(
            f"Signature input alias: {name}(feed name: {signature.inputs[name].name}) not found in "
            "request and no default value provided. Inputs expected to be in the request "
            f"{{{listed(sent)}}}, or default input alias set: "
        )


def _check_sizes(signature: SignatureDef, protos: Mapping[str, TensorProto], max_rows: int) -> None:
    """Refuses what would be refused once it's read: a string takes more in an array."""
    for name in sorted(protos):
        shape = tuple(dim.size for dim in protos[name].tensor_shape.dim)
        if is_batched(signature) and shape and shape[0] > max_rows:
            raise too_many_rows(shape[0], max_rows)
        if protos[name].string_val:
            check_shape(name, signature.inputs[name].tensor_shape, shape)


def _array(name: str, proto: TensorProto) -> NDArray[Any]:
    try:
        # It reads with `Tensor::FromProto`, as TF Serving does.
        tensor = tf.io.parse_tensor(proto.SerializeToString(), tf.as_dtype(proto.dtype))
        # NumPy refuses some shapes that TensorFlow takes: [0, 3, 2^62].
        return np.asarray(tensor.numpy())
    except (tf.errors.OpError, TypeError, ValueError) as error:
        raise invalid(f"tensor parsing error: {name}") from error


def _is_bounded(proto: TensorProto) -> bool:
    """Returns whether reading the tensor takes no more memory than its bytes justify."""
    shape = proto.tensor_shape
    sizes = [dim.size for dim in shape.dim]
    if shape.unknown_rank or len(sizes) > MOST_DIMENSIONS or min(sizes, default=0) < 0:
        return False
    if proto.string_val:
        # The last one is repeated, however long it is.
        repeated = math.prod(sizes) - len(proto.string_val) + 1
        return repeated * max(len(proto.string_val[-1]), 1) <= max(_MOST_FILLED, proto.ByteSize())
    held = max(
        [len(proto.tensor_content), *(len(getattr(proto, field)) for field in _VALUES.values())]
    )
    return math.prod(sizes) <= max(held, _MOST_FILLED)


def _is_dtype(number: int) -> bool:
    try:
        tf.as_dtype(number)
    except TypeError:
        return False
    return True


def _dtype_name(dtype: int) -> str:
    """Returns a type's name as TensorFlow's C++ calls it."""
    name = tf.as_dtype(dtype).name
    return {"float32": "float", "float64": "double", "float16": "half"}.get(name, name)
