"""What a request is refused with."""

from __future__ import annotations

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
