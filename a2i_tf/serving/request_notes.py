"""What is learnt of a request while it is answered, for its line in the access log."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class RequestNotes:
    """Notes on one request.

    Attributes:
        batch: Rows in the call of the model that answered it; None if none did.
    """

    batch: int | None = None


_current: ContextVar[RequestNotes | None] = ContextVar("request_notes", default=None)


def take_notes() -> RequestNotes:
    """Begins the notes on the request that the current task answers."""
    notes = RequestNotes()
    _current.set(notes)
    return notes


def note_batch(num_rows: int) -> None:
    """Notes how many rows were drawn together."""
    if notes := _current.get():
        notes.batch = num_rows
