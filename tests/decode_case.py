"""Sounds in files of any format, for the tests of decoding."""

from __future__ import annotations

import struct
import tempfile
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import av
import numpy as np
import tensorflow as tf

from a2i_tf.audio import av_decoder, tfio_decoder
from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.probe import probe_audio

RATE = 22_050
LAYOUTS = {1: "mono", 2: "stereo", 4: "quad"}


def sound(channels: int = 2, num_samples: int = 30_000, rate: int = RATE) -> np.ndarray:
    """A few tones and a click at 0.5 s, float32 [num_samples, channels] within ±0.9."""
    time = np.arange(num_samples) / rate
    tones = [0.3 * np.sin(2 * np.pi * 220 * (k + 1) * time + k) for k in range(channels)]
    samples = np.stack(tones, axis=1)
    samples[rate // 2 : rate // 2 + 8] = 0.9
    return samples.astype(np.float32)


def encode(
    path: Path,
    samples: np.ndarray,
    codec: str,
    *,
    rate: int = RATE,
    sample_format: str | None = None,
    pictures: bool = False,
    **options: str,
) -> Path:
    """Writes samples [num_samples, channels] with FFmpeg; `pictures` adds a video track."""
    layout = LAYOUTS[samples.shape[1]]
    frame = av.AudioFrame.from_ndarray(samples.T.copy(), format="fltp", layout=layout)
    frame.sample_rate, frame.pts = rate, 0
    with av.open(str(path), "w", options=options) as container:
        video = _add_video(container) if pictures else None
        stream = container.add_stream(codec, rate=rate, layout=layout)
        if sample_format:
            stream.codec_context.format = sample_format
        if video is not None:
            _encode_pictures(container, video)
        for flush in (frame, None):
            container.mux(stream.encode(flush))
    return path


def encode_silent_video(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        _encode_pictures(container, _add_video(container))
    return path


def _add_video(container: Any) -> Any:
    video = container.add_stream("mpeg4", rate=10)
    video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
    video.time_base = Fraction(1, 10)
    return video


def _encode_pictures(container: Any, video: Any) -> None:
    for index in range(20):
        picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), index * 10, np.uint8))
        picture.pts = index
        container.mux(video.encode(picture))
    container.mux(video.encode(None))


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    """Writes int16 samples [num_samples, channels] without FFmpeg."""
    with wave.open(str(path), "wb") as file:
        file.setparams((samples.shape[1], 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def write_float_wav(path: Path, samples: list[float], rate: int = RATE) -> Path:
    data = np.array(samples, "<f4").tobytes()
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, rate, 4 * rate, 4, 32)
    body = b"WAVE" + fmt + struct.pack("<4sI", b"data", len(data)) + data
    path.write_bytes(struct.pack("<4sI", b"RIFF", len(body)) + body)
    return path


class DecodeTestCase(tf.test.TestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def check_both_decoders(self, path: Path) -> np.ndarray:
        """Checks that both decoders agree on a file that tensorflow-io must take."""
        probe = probe_audio(path)
        self.assertTrue(tfio_decoder.can_decode(path, probe), probe)
        by_tfio = tfio_decoder.decode(path, probe)
        by_av = av_decoder.decode(path)
        self.assertEqual(by_tfio.sample_rate, by_av.sample_rate)
        self.assertEqual(by_tfio.samples.dtype, np.float32)
        self.assertAllClose(by_tfio.samples, by_av.samples, atol=1e-5, rtol=0)
        with mock.patch.object(av_decoder, "decode", side_effect=AssertionError):
            with_tensorflow = load_waveform(path, 16_000)
        with mock.patch.object(tfio_decoder, "decode", side_effect=AssertionError):
            without = load_waveform(path, 16_000, use_tensorflow=False)
        self.assertAllClose(with_tensorflow, without, atol=1e-5, rtol=0)
        return by_av.samples

    def check_av_alone(self, path: Path) -> np.ndarray:
        """Checks that a file that tensorflow-io can't take goes through PyAV."""
        self.assertFalse(tfio_decoder.can_decode(path, probe_audio(path)))
        samples = av_decoder.decode(path).samples
        self.assertAllEqual(
            load_waveform(path, 16_000), load_waveform(path, 16_000, use_tensorflow=False)
        )
        return samples
