"""A version of a model, as requests name it and as they're told about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelTarget:
    """The model that a request names.

    Attributes:
        name: Its name.
        version: A number, or
        label: a label such as "stable"; with neither, the newest version that is served.
    """

    name: str
    version: int | None = None
    label: str | None = None


@dataclass(frozen=True)
class VersionStatus:
    """How far a version is.

    Attributes:
        version: Its number.
        state: START, LOADING, AVAILABLE, UNLOADING or END, as TF Serving names them.
        error_code: Name of a gRPC code: "OK", or why the version ended.
        error_message: "" where there is no error; it never tells a path of the server.
    """

    version: int
    state: str
    error_code: str = "OK"
    error_message: str = ""
