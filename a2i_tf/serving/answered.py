"""A request that has been answered, for the metrics and the access log."""

from __future__ import annotations

from dataclasses import dataclass

from a2i_tf.serving.request_notes import RequestNotes


@dataclass(frozen=True)
class Answered:
    """A request and how it was answered.

    Attributes:
        protocol: "rest" or "grpc".
        known_method: Which of the known methods; never a text of the client's.
        client: Address without the port.
        method: Of HTTP, or "GRPC".
        path: The path asked, or the full name of the gRPC method.
        status: Of HTTP, or the name of the gRPC code.
        num_bytes: Of the answer's body.
        seconds: From the request's first byte to the answer's last.
        notes: What was learnt of it meanwhile.
    """

    protocol: str
    known_method: str
    client: str
    method: str
    path: str
    status: int | str
    num_bytes: int
    seconds: float
    notes: RequestNotes
