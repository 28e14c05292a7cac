"""Frozen dataclasses as configuration, and their JSON form."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

from a2i_tf.errors import A2IError

ConfigT = TypeVar("ConfigT", bound="Config")


@dataclasses.dataclass(frozen=True)
class Config:
    """Base of every configuration: immutable, validated when built, saved as JSON.

    Subclasses are frozen dataclasses in physical units whose fields are numbers, strings,
    booleans, tuples, or other `Config` classes. They validate themselves in `__post_init__`
    and raise `ValueError` there.
    """

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as plain JSON types."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls: type[ConfigT], values: dict[str, Any]) -> ConfigT:
        """Rebuilds a configuration that `to_dict` wrote.

        Raises:
            A2IError: if a field is unknown, missing, or out of range, as happens with a file
                from another version of a2i.
        """
        hints = typing.get_type_hints(cls)
        names = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - names)
        if unknown:
            raise A2IError(
                f"{cls.__name__} has no field {', '.join(unknown)}: "
                "it was written by another version of a2i; train or export it again"
            )
        try:
            return cls(**{name: _restore(hints[name], value) for name, value in values.items()})
        except (TypeError, ValueError) as error:
            raise A2IError(f"{cls.__name__} cannot be read: {error}") from error


def _restore(hint: Any, value: Any) -> Any:
    """Turns a JSON value back into what the field's type says."""
    if isinstance(hint, type) and issubclass(hint, Config):
        return hint.from_dict(value)
    origin = typing.get_origin(hint)
    if origin is tuple and value is not None:
        return tuple(value)
    if origin in (typing.Union, types.UnionType) and value is not None:
        inner = [arm for arm in typing.get_args(hint) if arm is not type(None)]
        return _restore(inner[0], value)
    return value


def read_json(path: Path) -> dict[str, Any]:
    """Reads a JSON object from `path`.

    Raises:
        A2IError: if the file is missing, unreadable, or not a JSON object.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise A2IError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        raise A2IError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(values, dict):
        raise A2IError(f"{path}: holds {type(values).__name__}, not a JSON object")
    return values
