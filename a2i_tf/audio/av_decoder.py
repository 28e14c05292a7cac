"""Decoding any audio or video file with PyAV, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from a2i_tf.audio.container import open_container
from a2i_tf.audio.recording import Recording
from a2i_tf.errors import A2IError


def decode(path: Path) -> Recording:
    """Decodes the first audio track of a file.

    A packet that can't be decoded is left out, as players do; the recording is shorter then.

    Raises:
        A2IError: if the file can't be opened, or its format changes midway.
    """
    with open_container(path) as container:
        stream = container.streams.audio[0]
        context = stream.codec_context
        channels, sample_rate = context.channels, context.sample_rate
        # Packed samples: PyAV crashes on planar ones of more than eight channels.
        converter = av.AudioResampler(format="flt")
        chunks: list[NDArray[np.float32]] = []
        for frame in _frames(container, stream):
            if (frame.layout.nb_channels, frame.sample_rate) != (channels, sample_rate):
                if chunks:
                    raise A2IError(
                        f"{path}: changes its channels or sample rate midway; "
                        "convert it to WAV first"
                    )
                channels, sample_rate = frame.layout.nb_channels, frame.sample_rate
            chunks += [packed.to_ndarray()[0] for packed in converter.resample(frame)]
    samples = np.concatenate(chunks) if chunks else np.zeros(0, np.float32)
    return Recording(samples.reshape(-1, channels), sample_rate)


def _frames(
    container: av.container.InputContainer, stream: av.AudioStream
) -> Iterator[av.AudioFrame]:
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue
