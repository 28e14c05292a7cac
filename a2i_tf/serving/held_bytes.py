"""How much of what has arrived the server holds at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import grpc

from a2i_tf.serving.errors import ServingError
from a2i_tf.serving.heap import give_back_soon

_LARGE_BYTES = 2**20


class HeldBytes:
    """Counts the bytes of gRPC's messages; it belongs to the event loop.

    Args:
        most: How many may be held at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @contextlib.contextmanager
    def holding(self, num_bytes: int) -> Iterator[None]:
        """Counts a message for as long as the block runs.

        Raises:
            ServingError: `UNAVAILABLE` where there is no room for it now.
        """
        self._held += num_bytes
        try:
            if self._held > self._most:
                message = "the server holds as many requests as it can; try again in a second"
                raise ServingError(grpc.StatusCode.UNAVAILABLE, message)
            yield
        finally:
            self._held -= num_bytes
            if num_bytes > _LARGE_BYTES:
                give_back_soon()
