"""What a server lets one stranger take, so that the others still get theirs."""

from __future__ import annotations

import dataclasses
import math

_MEBIBYTE = 2**20

MOST_DIMENSIONS = 31
"""Of an input: NumPy has 32, and a batch is one more than its rows."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """Bounds on requests; whatever is over is refused with a 4xx or a 503.

    Attributes:
        max_body_bytes: Of one request. Ten minutes of 16-bit mono at 16 kHz fit in as base64.
        body_seconds: From a request's headers to the end of its body.
        max_waiting_bytes: Of all bodies that the server holds at a time; beyond it, 503.
        max_json_values: Numbers, strings, lists and objects in one body. Python takes hundreds of
            bytes for the eight characters of an object, so bytes alone don't bound the memory.
            The most that a model can take are 64 rows with a second of samples each, 16,000.
        json_parsers: Large bodies of JSON that are objects in memory at a time.
        max_clip_seconds: Of sound in one request, all of its clips together.
        min_sample_rate: Of a WAV file, in Hz. At 1 Hz, a kilobyte of samples is eight minutes.
        max_sample_rate: Of a WAV file, in Hz. The resampling filter's length grows with it.
        max_channels: Of a WAV file.
        max_batch_size: Rows in one request, and rows drawn in one call.
        max_queue_length: Rows that may wait for their turn; beyond it, 503.
        max_connections: Open connections; beyond it, 503.
        decode_workers: Processes that decode compressed audio.
        decode_seconds: Of wall clock and of processor for decoding one file.
        decode_memory_bytes: Of address space for one of those processes. The libraries alone map
            a third of a gibibyte.

    Raises:
        ValueError: from the constructor, if a bound isn't a finite number above 0.
    """

    max_body_bytes: int = 32 * _MEBIBYTE
    body_seconds: float = 60.0
    max_waiting_bytes: int = 256 * _MEBIBYTE
    max_json_values: int = 1_100_000
    json_parsers: int = 2
    max_clip_seconds: float = 600.0
    min_sample_rate: int = 1_000
    max_sample_rate: int = 384_000
    max_channels: int = 64
    max_batch_size: int = 64
    max_queue_length: int = 512
    max_connections: int = 1_024
    decode_workers: int = 2
    decode_seconds: float = 20.0
    decode_memory_bytes: int = 1_024 * _MEBIBYTE

    def __post_init__(self) -> None:
        """Checks every bound."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{field.name} must be a finite number above 0, not {value}")
