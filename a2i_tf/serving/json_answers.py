"""Arrays as the JSON of an answer, white space included.

Source: `MakeJsonFromTensors` and `MakeJsonFromStatus` of
https://github.com/tensorflow/serving/blob/2.17.1/tensorflow_serving/util/json_tensor.cc, and the
`PrettyWriter` of RapidJSON 1.1.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from a2i_tf.serving.errors import invalid
from a2i_tf.serving.json_numbers import decimals

_BYTES_SUFFIX = "_bytes"
_INDENT = "    "


def rows_answer(outputs: Mapping[str, NDArray[Any]]) -> bytes:
    """Returns `{"predictions": …}`: a value a row, or an object a row with several outputs.

    Args:
        outputs: Arrays by name, with one batch dimension of the same size; strings are object
            arrays of bytes, and go as base64 if the name ends in `_bytes`.

    Raises:
        ServingError: `INVALID_ARGUMENT` if the outputs can't be told by rows.
    """
    _check_batches(outputs)
    if len(outputs) == 1:
        [(name, array)] = outputs.items()
        rows = f"[{', '.join(_rows(name, array, 2))}\n{_INDENT}]" if len(array) else "[]"
        return _encode(_object({"predictions": rows}))
    columns = [_rows(name, array, 3) for name, array in outputs.items()]
    items = [_object(dict(zip(outputs, row, strict=True)), 2) for row in zip(*columns, strict=True)]
    return _encode(_object({"predictions": _list(items, 1)}))


def columns_answer(outputs: Mapping[str, NDArray[Any]]) -> bytes:
    """Returns `{"outputs": …}`: the only output, or an object of several.

    Args:
        outputs: As in `rows_answer`, of any shapes.

    Raises:
        ServingError: `INVALID_ARGUMENT` if there are none.
    """
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    level = 2 if len(outputs) > 1 else 1
    values = {
        name: _on_many_lines(iter(_leaves(name, array, level + array.ndim)), array.shape, level)
        for name, array in outputs.items()
    }
    only = next(iter(values.values()))
    return _encode(_object({"outputs": _object(values, 1) if len(values) > 1 else only}))


def error_answer(message: str) -> bytes:
    """Returns `{"error": message}`."""
    return _encode(_object({"error": _text(message)}))


def _check_batches(outputs: Mapping[str, NDArray[Any]]) -> None:
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")
    expected = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if expected not in (None, len(array)):
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} "
                f"expecting: {expected}"
            )
        expected = len(array)


def _rows(name: str, array: NDArray[Any], level: int) -> list[str]:
    """Returns the rows of an output, each on one line but for its objects."""
    leaves = iter(_leaves(name, array, level + array.ndim - 1))
    return [_on_one_line(leaves, array.shape[1:]) for _ in range(len(array))]


def _on_one_line(leaves: Iterator[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return next(leaves)
    if len(shape) == 1:
        return f"[{', '.join(itertools.islice(leaves, shape[0]))}]"
    return f"[{', '.join(_on_one_line(leaves, shape[1:]) for _ in range(shape[0]))}]"


def _on_many_lines(leaves: Iterator[str], shape: tuple[int, ...], level: int) -> str:
    if not shape:
        return next(leaves)
    items = [_on_many_lines(leaves, shape[1:], level + 1) for _ in range(shape[0])]
    return _list(items, level)


def _list(items: list[str], level: int) -> str:
    """Returns a list with an item a line; `level` counts the lists and objects around it."""
    if not items:
        return "[]"
    line = f"\n{_INDENT * (level + 1)}"
    return f"[{line}{f',{line}'.join(items)}\n{_INDENT * level}]"


def _object(members: Mapping[str, str], level: int = 0) -> str:
    line = f"\n{_INDENT * (level + 1)}"
    lines = [f"{_text(name)}: {value}" for name, value in members.items()]
    return f"{{{line}{f',{line}'.join(lines)}\n{_INDENT * level}}}"


def _leaves(name: str, array: NDArray[Any], level: int) -> list[str]:
    """Returns every value of an output as JSON."""
    values = array.ravel()
    if values.dtype == np.object_ and name.endswith(_BYTES_SUFFIX):
        encoded = (base64.b64encode(value).decode() for value in values)
        return [_object({"b64": f'"{value}"'}, level) for value in encoded]
    if values.dtype == np.object_:
        return [_text(value.decode(errors="surrogateescape")) for value in values]
    if values.dtype in (np.float32, np.float64):
        return decimals(values)
    return [json.dumps(value) for value in values.tolist()]


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _encode(text: str) -> bytes:
    """Strings of TensorFlow are bytes; those that aren't UTF-8 go as they are."""
    return text.encode(errors="surrogateescape")
