"""What a request is refused with."""

from __future__ import annotations

from collections.abc import Iterable

import grpc


class ServingError(Exception):
    """A refusal that both protocols can tell: gRPC by its code, REST by the HTTP status for it.

    Attributes:
        code: As in gRPC, such as `NOT_FOUND` or `INVALID_ARGUMENT`.
        message: In TF Serving's words where it has some; it never tells a path of the server.
    """

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> ServingError:
    """Returns an `INVALID_ARGUMENT`."""
    return ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)


def too_many_rows(num_rows: int, most: int) -> ServingError:
    """Returns the `INVALID_ARGUMENT` for a request with more rows than a batch may have."""
    return invalid(f"Task size {num_rows} is larger than maximum input batch size {most}")


def listed(names: Iterable[str]) -> str:
    """Returns names as errors list them."""
    return ",".join(sorted(names))
