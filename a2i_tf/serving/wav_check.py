"""Refusing WAV files whose headers would make the graph resample them to gigabytes.

The walk over the chunks is that of TensorFlow 2.17's `wav_io.cc`, so that both find the same
format: https://github.com/tensorflow/tensorflow/blob/v2.17.1/tensorflow/core/lib/wav/wav_io.cc.
What else is wrong with a file is left to the graph to tell.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from a2i_tf.serving.errors import invalid
from a2i_tf.serving.limits import Limits

_FIRST_CHUNK = 12
_CHUNK_HEADER = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHI")
_BYTES_PER_SAMPLE = 2
# Recorders write a handful; a walk over millions of empty ones would keep everybody waiting.
_MOST_CHUNKS = 64


def check_wavs(clips: Iterable[bytes], limits: Limits) -> None:
    """Checks all the clips of one request.

    Args:
        clips: 16-bit PCM WAV files, or what claims to be.
        limits: Bounds on the sample rate, the channels, and the sound of all clips together.

    Raises:
        ServingError: `INVALID_ARGUMENT` where a clip is no WAV file or a bound is exceeded.
    """
    seconds = sum(_wav_seconds(contents, limits) for contents in clips)
    if seconds > limits.max_clip_seconds:
        raise invalid(
            f"The request holds {seconds:.0f} seconds of sound; "
            f"send at most {limits.max_clip_seconds:g}"
        )


def _wav_seconds(contents: bytes, limits: Limits) -> float:
    """Returns the most seconds that the file can hold; a header may declare anything."""
    start = _format_start(contents)
    if len(contents) < start + _FORMAT.size:
        raise invalid("A WAV file breaks off in its header")
    _, channels, sample_rate = _FORMAT.unpack_from(contents, start)
    if not limits.min_sample_rate <= sample_rate <= limits.max_sample_rate:
        raise invalid(
            f"A WAV file has a sample rate of {sample_rate} Hz; send one between "
            f"{limits.min_sample_rate} and {limits.max_sample_rate}"
        )
    if not 1 <= channels <= limits.max_channels:
        raise invalid(
            f"A WAV file has {channels} channels; send one with 1 to {limits.max_channels}"
        )
    return (len(contents) - start) / (_BYTES_PER_SAMPLE * channels) / sample_rate


def _format_start(contents: bytes) -> int:
    """Returns where the fields of the format chunk begin."""
    if contents[:4] != b"RIFF" or contents[8:_FIRST_CHUNK] != b"WAVE":
        raise invalid("The input is no WAV file; send 16-bit PCM WAV")
    position = _FIRST_CHUNK
    for _ in range(_MOST_CHUNKS):
        if position + _CHUNK_HEADER.size > len(contents):
            raise invalid("A WAV file breaks off before it tells its format")
        name, size = _CHUNK_HEADER.unpack_from(contents, position)
        position += _CHUNK_HEADER.size
        if name == b"fmt ":
            return position
        position += size
    raise invalid(f"A WAV file doesn't tell its format in its first {_MOST_CHUNKS} chunks")
