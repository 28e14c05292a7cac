"""JSON as TF Serving reads it: RapidJSON, with NaN and Infinity.

Source of what is refused, and of the words: `ParseJson` and `JsonValueToString` of
https://github.com/tensorflow/serving/blob/2.17.1/tensorflow_serving/util/json_tensor.cc
"""

from __future__ import annotations

import json
from typing import IO, Any, cast

import rapidjson

from a2i_tf.serving.errors import invalid
from a2i_tf.serving.json_numbers import decimal

_CHUNK = 65_536
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# TF Serving repeats a whole request in an error. What comes back here stays short.
_LONGEST_ECHO = 1_000
# Writes bit by bit, so that the rest of a long value is never written.
_ENCODER = json.JSONEncoder(indent=4, ensure_ascii=False)
_TYPES = {type(None): "Null", dict: "Object", list: "Array", str: "String"}


class _FirstWins(rapidjson.Decoder):
    """Of members with the same name keeps the first, which RapidJSON's `FindMember` finds."""

    def start_object(self) -> list[tuple[str, Any]]:
        return []

    def end_object(self, members: list[tuple[str, Any]]) -> dict[str, Any]:
        kept = dict(members)
        if len(kept) < len(members):
            kept = dict(reversed(members))
        return kept


class _Chunks:
    """Hands out a body bit by bit.

    The parser calls this method for every bit, and there other threads get their turn: while one
    large body is parsed in a thread, the event loop goes on.
    """

    def __init__(self, body: bytes) -> None:
        self._body = memoryview(body)
        self._position = 0

    def read(self, size: int) -> bytes:
        chunk = self._body[self._position : self._position + size]
        self._position += size
        return bytes(chunk)


def parse_object(body: bytes, max_values: int) -> dict[str, Any]:
    """Parses a request's body.

    Args:
        body: UTF-8, with or without a byte order mark.
        max_values: The most values that are parsed.

    Returns:
        Dictionaries, lists, strings, numbers, booleans and None. Whole numbers have 64 bits at
        most; those beyond are floats.

    Raises:
        ServingError: `INVALID_ARGUMENT` if it isn't JSON, isn't an object, has too many values or
            is nested more than 1,000 deep.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    if sum(map(body.count, (b",", b"[", b"{"))) > max_values:
        raise invalid(f"JSON Parse error: The document has more than {max_values} values")
    document = _parse(body.removeprefix(_BYTE_ORDER_MARK))
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {echo(document)} Is not object")
    return document


def _parse(body: bytes) -> Any:
    decoder = _FirstWins(number_mode=rapidjson.NM_NATIVE | rapidjson.NM_NAN)
    try:
        return decoder(cast(IO[bytes], _Chunks(body)), chunk_size=_CHUNK)
    except (rapidjson.JSONDecodeError, RecursionError) as error:
        # Such as "Parse error at offset 5: Missing a comma or ']' after an array element."
        place, _, words = str(error).partition(": ")
        offset = place.rpartition(" ")[2]
        words = words.replace("'", "")
        raise invalid(f"JSON Parse error: {words} at offset: {offset}") from error
    except UnicodeDecodeError as error:
        raise invalid("JSON Parse error: Invalid encoding in string.") from error


def echo(value: Any) -> str:
    """Returns a value as an error repeats it: JSON, broken off where it is long."""
    if isinstance(value, float):
        return decimal(value)
    text = ""
    try:
        for piece in _ENCODER.iterencode(value):
            text += piece
            if len(text) > _LONGEST_ECHO:
                return f"{text[:_LONGEST_ECHO]}..."
    except RecursionError:
        return f"{text}..."
    return text


def type_name(value: Any) -> str:
    """Returns what RapidJSON calls a value's type."""
    return str(value) if isinstance(value, bool) else _TYPES.get(type(value), "Number")
