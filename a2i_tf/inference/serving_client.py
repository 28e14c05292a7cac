"""What both protocols of TF Serving have in common, and their errors in words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from a2i_tf.errors import A2IError
from a2i_tf.inference.server_address import ServerAddress

ANSWER_SECONDS = 60.0
"""How long a server may take for one answer."""

MAX_RETRIES = 3
FIRST_BACK_OFF_SECONDS = 0.5
LONGEST_BACK_OFF_SECONDS = 30.0

_LONGEST_QUOTE = 300


class ModelNotServedError(Exception):
    """The server is there, but doesn't answer for that model: it is unknown, or still loading."""


class ServingClient(Protocol):
    """A connection to one model on one server."""

    def predict(
        self, signature: str, inputs: Mapping[str, Sequence[bytes] | Sequence[int]], output: str
    ) -> list[Any]:
        """Asks once; connection errors and busy servers are tried again with growing pauses.

        Args:
            signature: Name of the signature.
            inputs: Rows by the name of the input.
            output: Name of the output wanted; the signature's only one.

        Returns:
            A row for each row asked, of bytes or numbers.

        Raises:
            ModelNotServedError: if the server doesn't serve that model now.
            A2IError: if it can't be reached, refuses, or answers something else.
        """

    def is_loading(self) -> bool:
        """Asks whether the model is known and on its way."""


def unreachable(address: ServerAddress, reason: str) -> A2IError:
    """Returns the error for a server that isn't there."""
    return A2IError(
        f"{address.shown}: no server answers there ({_quote(reason)}); start one with "
        "`a2i serve`, or check host and port"
    )


def too_slow(address: ServerAddress) -> A2IError:
    """Returns the error for a server that doesn't come to an end."""
    return A2IError(
        f"{address.shown}: gave no answer in time (the client waits {ANSWER_SECONDS:.0f} seconds); "
        "try a shorter clip, or again when the server has less to do"
    )


def busy(address: ServerAddress, reason: str) -> A2IError:
    """Returns the error for a server that has too much to do, or is going down."""
    return A2IError(f"{address.shown}: the server is busy ({_quote(reason)}); try again later")


def refused(address: ServerAddress, signature: str, reason: str) -> A2IError:
    """Returns the error for a request that the server doesn't accept."""
    if signature in reason and "not found" in reason:
        return A2IError(
            f"{address.shown}: the served model has no signature {signature}: an older a2i "
            "exported it; run `a2i export` again and serve that"
        )
    return A2IError(f"{address.shown}: the server refused ({_quote(reason)})")


def nonsense(address: ServerAddress, reason: str) -> A2IError:
    """Returns the error for an answer that isn't TF Serving's, or isn't an a2i model's."""
    return A2IError(
        f"{address.shown}: answers, but not as an a2i model in TF Serving does "
        f"({_quote(reason)}); check the address: usually REST is at http://HOST:8501 and gRPC "
        "at grpc://HOST:8500"
    )


def _quote(text: str) -> str:
    """Returns a server's words as one line of bounded length, without control characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}..."
