"""A JSON request as arrays, in rows (`instances`) or in columns (`inputs`).

Source of what is refused, and of the words: `FillPredictRequestFromJson` of
https://github.com/tensorflow/serving/blob/2.17.1/tensorflow_serving/util/json_tensor.cc
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from a2i_tf.serving.errors import ServingError, invalid, too_many_rows
from a2i_tf.serving.json_document import echo
from a2i_tf.serving.json_values import array_from_json, is_base64

Arrays = dict[str, NDArray[Any]]


def signature_name(document: Mapping[str, Any]) -> str:
    """Returns the signature that a request asks for, "" if it asks for none.

    Raises:
        ServingError: `INVALID_ARGUMENT` if that isn't a string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid(
            f"JSON Value: {echo(document)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    return name


def in_rows(document: Mapping[str, Any]) -> bool:
    """Returns whether a request is in rows, and so wants its answer in rows.

    Raises:
        ServingError: `INVALID_ARGUMENT` if it is neither in rows nor in columns, or both.
    """
    rows, columns = "instances" in document, "inputs" in document
    if rows and columns:
        raise invalid(
            f"JSON Value: {echo(document)} Not formatted correctly expecting only"
            " one of 'inputs' or 'instances' keys to exist "
        )
    if not rows and not columns:
        raise invalid("Missing 'inputs' or 'instances' key")
    return rows


def check_row_count(document: Mapping[str, Any], most: int) -> None:
    """Refuses more rows than a batch may have, before they are made into arrays one by one.

    Raises:
        ServingError: `INVALID_ARGUMENT`, in the words of TF Serving's `batching_session.cc`.
    """
    columns = document["instances"] if in_rows(document) else document["inputs"]
    for column in columns.values() if isinstance(columns, dict) else [columns]:
        if isinstance(column, list) and len(column) > most:
            raise too_many_rows(len(column), most)


def arrays_from_rows(document: Mapping[str, Any], inputs: Mapping[str, TensorInfo]) -> Arrays:
    """Returns the `instances` of a request, by the names of a signature's inputs.

    Raises:
        ServingError: `INVALID_ARGUMENT`.
    """
    instances = document["instances"]
    if not isinstance(instances, list):
        raise invalid(f"JSON Value: {echo(document)} Excepting 'instances' to be an list/array")
    if not instances:
        raise invalid(f"JSON Value: {echo(document)} No values in 'instances' array")
    if not isinstance(instances[0], dict) and len(inputs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple "
            "input tensors required as per tensorinfo_map"
        )
    named = _is_named(instances[0])
    columns: dict[str, list[NDArray[Any]]] = {}
    for position, instance in enumerate(instances):
        if named:
            _add_named(position, instance, inputs, columns)
        else:
            _add_plain(position, instance, inputs, columns)
    return {name: np.stack(rows) for name, rows in columns.items()}


def arrays_from_columns(document: Mapping[str, Any], inputs: Mapping[str, TensorInfo]) -> Arrays:
    """Returns the `inputs` of a request, by the names of a signature's inputs.

    Raises:
        ServingError: `INVALID_ARGUMENT`, or `UNIMPLEMENTED` for a type that JSON can't tell.
    """
    columns = document["inputs"]
    if not _is_named(columns):
        if len(inputs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple "
                "input tensors required as per tensorinfo_map"
            )
        columns = dict.fromkeys(inputs, columns)
    for name in inputs:
        if name not in columns:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
    return {name: array_from_json(columns[name], info.dtype) for name, info in inputs.items()}


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _add_named(
    position: int,
    instance: Any,
    inputs: Mapping[str, TensorInfo],
    columns: dict[str, list[NDArray[Any]]],
) -> None:
    if not _is_named(instance):
        raise invalid(f"Expecting object but got list at item {position} of input list")
    for name, value in instance.items():
        try:
            if name not in inputs:
                raise invalid(f"JSON object: does not have named input: {name}")
            _add(value, inputs[name].dtype, columns.setdefault(name, []))
        except ServingError as error:
            raise _failed(f"{position} key: {name} of", error) from error
    if set(instance) != set(inputs):
        raise invalid(
            f"Failed to process element: {position} of 'instances' list. JSON object: "
            f"{echo(instance)} must only have keys: {','.join(sorted(inputs))}"
        )


def _add_plain(
    position: int,
    instance: Any,
    inputs: Mapping[str, TensorInfo],
    columns: dict[str, list[NDArray[Any]]],
) -> None:
    if _is_named(instance):
        raise invalid(f"Expecting value/list but got object at item {position} of input list")
    name = min(inputs)
    try:
        _add(instance, inputs[name].dtype, columns.setdefault(name, []))
    except ServingError as error:
        raise _failed(f"{position} of", error) from error


def _add(value: Any, dtype: int, rows: list[NDArray[Any]]) -> None:
    """Adds a row, if it is like the first."""
    row = array_from_json(value, dtype)
    if rows and row.size != rows[0].size:
        raise invalid(f"Expecting tensor size: {rows[0].size} but got: {row.size}")
    if rows and row.shape != rows[0].shape:
        raise invalid(f"Expecting shape {_shape_text(rows[0])} but got: {_shape_text(row)}")
    rows.append(row)


def _shape_text(array: NDArray[Any]) -> str:
    return f"[{','.join(map(str, array.shape))}]"


def _failed(place: str, error: ServingError) -> ServingError:
    return invalid(
        f"Failed to process element: {place} 'instances' list. "
        f"Error: {error.code.name}: {error.message}"
    )
