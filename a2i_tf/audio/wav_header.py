"""The length that a PCM WAV file's header declares, which FFmpeg hides when data is missing."""

from __future__ import annotations

import struct
from pathlib import Path

# Programs that write to a pipe leave the length open; RF64 holds it elsewhere.
_LENGTH_OPEN = (0, 0xFFFFFFFF)


def declared_pcm_seconds(path: Path) -> float | None:
    """Returns the seconds of audio that the header of a PCM WAV file declares.

    Source: Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0.

    Returns:
        None if the file isn't RIFF WAVE, its header breaks off, or it leaves the length open.
    """
    bytes_per_second = 0
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        while len(chunk := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", chunk)
            if name == b"data":
                is_known = size not in _LENGTH_OPEN and bytes_per_second > 0
                return size / bytes_per_second if is_known else None
            start = file.tell()
            if name == b"fmt " and len(fields := file.read(14)) == 14:
                _, _, sample_rate, _, block_align = struct.unpack("<HHIIH", fields)
                bytes_per_second = sample_rate * block_align
            file.seek(start + size + size % 2)
    return None
