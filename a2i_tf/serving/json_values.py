"""One JSON value as an array.

Source of what is refused, and of the words: `FillTensorProto` and `AddValueToTensor` of
https://github.com/tensorflow/serving/blob/2.17.1/tensorflow_serving/util/json_tensor.cc
"""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray
from tensorflow.core.framework import types_pb2

from a2i_tf.serving.errors import ServingError, invalid
from a2i_tf.serving.json_document import echo, type_name
from a2i_tf.serving.limits import MOST_DIMENSIONS

_BASE64_KEY = "b64"
_WHITESPACE = b" \t\n\v\f\r"


@dataclass(frozen=True)
class _Kind:
    """What a data type takes.

    Attributes:
        name: As TensorFlow calls it.
        dtype: Of the array.
        types: Of the JSON values.
        least: Lower bound of whole numbers.
        most: Upper bound of whole numbers.
        largest: Bound on the size of other finite numbers.
    """

    name: str
    dtype: Any
    types: frozenset[type]
    least: int = 0
    most: int = 0
    largest: float = 0.0


def _integers(name: str, dtype: Any, limits: type[np.integer[Any]]) -> _Kind:
    bounds = np.iinfo(limits)
    return _Kind(name, dtype, frozenset({int}), int(bounds.min), int(bounds.max))


def _floats(name: str, dtype: type[np.floating[Any]]) -> _Kind:
    whole = 2 ** (np.finfo(dtype).nmant + 1) - 1
    return _Kind(name, dtype, frozenset({int, float}), -whole, whole, float(np.finfo(dtype).max))


# Small integers are read as int32 and then cut off, as there.
_KINDS = {
    types_pb2.DT_FLOAT: _floats("float", np.float32),
    types_pb2.DT_DOUBLE: _floats("double", np.float64),
    types_pb2.DT_INT32: _integers("int32", np.int32, np.int32),
    types_pb2.DT_INT16: _integers("int16", np.int16, np.int32),
    types_pb2.DT_INT8: _integers("int8", np.int8, np.int32),
    types_pb2.DT_UINT8: _integers("uint8", np.uint8, np.int32),
    types_pb2.DT_INT64: _integers("int64", np.int64, np.int64),
    types_pb2.DT_UINT32: _integers("uint32", np.uint32, np.uint32),
    types_pb2.DT_UINT64: _integers("uint64", np.uint64, np.uint64),
    types_pb2.DT_STRING: _Kind("string", object, frozenset({str})),
    types_pb2.DT_BOOL: _Kind("bool", np.bool_, frozenset({bool})),
}


def array_from_json(value: Any, dtype: int) -> NDArray[Any]:
    """Returns a value, or lists of values, as an array; strings as an object array of bytes.

    Args:
        value: What `parse_object` returned, or a part of it.
        dtype: A `DataType` of TensorFlow.

    Raises:
        ServingError: `INVALID_ARGUMENT` where lists are ragged, or a value isn't of the type or
            doesn't fit into it; `UNIMPLEMENTED` for a type that JSON can't tell.
    """
    shape = _shape(value)
    leaves: list[Any] = []
    kind = _KINDS.get(dtype)
    if kind is None:
        name = types_pb2.DataType.Name(dtype).removeprefix("DT_").lower()
        raise ServingError(
            grpc.StatusCode.UNIMPLEMENTED,
            f"Conversion of JSON Value: {echo(value)} to type: {name}",
        )
    _fill(value, 0, shape, kind, leaves)
    if kind.types == {int}:
        return (
            np.array(leaves, np.uint64 if kind.least == 0 else np.int64)
            .astype(kind.dtype)
            .reshape(shape)
        )
    return np.array(leaves, kind.dtype).reshape(shape)


def is_base64(value: Any) -> bool:
    """Returns whether a value is `{"b64": "…"}`."""
    return isinstance(value, dict) and len(value) == 1 and type(value.get(_BASE64_KEY)) is str


def _shape(value: Any) -> list[int]:
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    if len(shape) > MOST_DIMENSIONS:
        raise invalid(f"Encountered a list of {len(shape)} levels")
    return shape


def _fill(value: Any, level: int, shape: list[int], kind: _Kind, leaves: list[Any]) -> None:
    rank = len(shape)
    if not isinstance(value, list):
        if level != rank:
            raise invalid(
                f"JSON Value: {echo(value)} found at incorrect level: {level + 1} "
                f"in the JSON DOM. Expected at level: {rank}"
            )
        leaves.append(_leaf(value, kind))
        return
    if level >= rank:
        raise invalid(f"Encountered list at unexpected level: {level} expected < {rank}")
    if len(value) != shape[level]:
        raise invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}"
        )
    if level == rank - 1 and _all_fit(value, kind):
        leaves.extend(value)
        return
    for item in value:
        _fill(item, level + 1, shape, kind, leaves)


def _all_fit(values: list[Any], kind: _Kind) -> bool:
    """Returns whether every value can be taken as it is; it needn't find all of those."""
    if not values or kind.name == "string" or not kind.types.issuperset(map(type, values)):
        return False
    if kind.name == "bool":
        return True
    if kind.types == {int}:
        return bool(kind.least <= min(values) and max(values) <= kind.most)
    sizes = np.abs(np.array(values, np.float64))
    return bool(np.all(sizes <= kind.most))


def _leaf(value: Any, kind: _Kind) -> Any:
    if kind.name == "string" and isinstance(value, dict):
        return _decode_base64(value)
    if type(value) not in kind.types:
        raise _type_error(value, kind)
    if kind.name == "string":
        return value.encode()
    if type(value) is int and not kind.least <= value <= kind.most:
        raise _type_error(value, kind) if kind.types == {int} else _lossy(value, kind)
    if type(value) is float and math.isfinite(value) and abs(value) > kind.largest:
        raise _lossy(value, kind)
    return value


def _decode_base64(value: dict[str, Any]) -> bytes:
    """Takes what Abseil's `Base64Unescape` takes: also white space, also no padding."""
    if not is_base64(value):
        raise invalid(f"JSON Value: {echo(value)} not formatted correctly for base64 data")
    encoded = value[_BASE64_KEY].encode().translate(None, _WHITESPACE)
    digits = encoded.rstrip(b"=")
    padding = b"=" * (-len(digits) % 4)
    if len(encoded) not in (len(digits), len(digits) + len(padding)):
        raise invalid("Unable to base64 decode")
    try:
        return base64.b64decode(digits + padding, validate=True)
    except binascii.Error as error:
        raise invalid("Unable to base64 decode") from error


def _type_error(value: Any, kind: _Kind) -> ServingError:
    return invalid(
        f"JSON Value: {echo(value)} Type: {type_name(value)} is not of expected type: {kind.name}"
    )


def _lossy(value: float, kind: _Kind) -> ServingError:
    return invalid(
        f"Cannot convert JSON value: {echo(value)} to {kind.name} without loss of precision."
    )
