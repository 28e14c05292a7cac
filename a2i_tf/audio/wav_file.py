"""Waveforms as WAV files."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray


def wav_bytes(waveform: NDArray[np.float32], sample_rate: int) -> bytes:
    """Encodes a mono waveform, float32 [num_samples] in [-1, 1], as a 16-bit PCM WAV file."""
    contents = io.BytesIO()
    with wave.open(contents, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes((np.clip(waveform, -1, 1) * 32767).round().astype("<i2").tobytes())
    return contents.getvalue()
