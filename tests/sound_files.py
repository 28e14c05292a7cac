"""Small sound files for tests."""

import wave
from pathlib import Path

import av
import numpy as np

RATE = 16_000


def write_wav(path: Path, waveform, rate=RATE, width=2):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes((np.asarray(waveform) * 32767).astype("<i2").tobytes())
    return path


def tone(seconds=1.5, rate=RATE):
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)


def encode(path: Path, codec: str, waveform, rate=RATE):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        samples = (np.asarray(waveform) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path
