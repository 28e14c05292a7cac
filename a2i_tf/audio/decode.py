"""From any audio or video file to one waveform at one sample rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from a2i_tf.audio import av_decoder
from a2i_tf.audio.probe import Probe, probe_audio
from a2i_tf.audio.recording import Recording
from a2i_tf.audio.resample import resample
from a2i_tf.errors import A2IError

# A file may hold this much less than it declares before it counts as cut short.
_MISSING_SECONDS = 0.1
_MISSING_SHARE = 0.02


def load_waveform(
    path: Path | str, sample_rate: int, *, use_tensorflow: bool = True
) -> NDArray[np.float32]:
    """Decodes a file, averages its channels, and resamples it.

    WAV, FLAC, MP3 and Ogg Vorbis go through tensorflow-io where it works; all else, such as M4A,
    Opus and the sound of videos, through PyAV. Both give the same samples.

    Args:
        path: Any audio file, or a video with an audio track.
        sample_rate: The rate wanted, in Hz.
        use_tensorflow: False takes everything through PyAV and doesn't import TensorFlow.

    Returns:
        float32 [num_samples], at least one sample, clipped to [-1, 1] as in a 16-bit file.

    Raises:
        A2IError: if the file is missing, a folder, empty, unreadable, in no known format, cut
            short, without an audio track or samples, or has samples that aren't finite.
    """
    path = Path(path)
    probe = probe_audio(path)
    recording = _decode(path, probe, use_tensorflow)
    _check_length(path, recording, probe.declared_seconds)
    waveform = recording.samples.mean(axis=1, dtype=np.float32)
    rate = recording.sample_rate
    del recording
    if not np.isfinite(waveform).all():
        raise A2IError(
            f"{path}: has samples that are not finite numbers (NaN or infinity); "
            "export it again as 16-bit WAV"
        )
    waveform = resample(waveform, rate, sample_rate)
    return np.clip(waveform, -1.0, 1.0, out=waveform)


def _decode(path: Path, probe: Probe, use_tensorflow: bool) -> Recording:
    recording = _decode_with_tfio(path, probe) if use_tensorflow else None
    return recording or av_decoder.decode(path)


def _decode_with_tfio(path: Path, probe: Probe) -> Recording | None:
    """Decodes with tensorflow-io, or returns None where PyAV must."""
    import tensorflow as tf

    from a2i_tf.audio import tfio_decoder

    if not (tfio_decoder.tfio_works() and tfio_decoder.can_decode(path, probe)):
        return None
    try:
        recording = tfio_decoder.decode(path, probe)
    except tf.errors.OpError:
        return None
    return recording if len(recording.samples) else None


def _check_length(path: Path, recording: Recording, declared_seconds: float | None) -> None:
    have = recording.seconds
    declared = declared_seconds or 0.0
    if declared - have > max(_MISSING_SECONDS, _MISSING_SHARE * declared):
        raise A2IError(
            f"{path}: only {have:.2f} of {declared:.2f} seconds can be read: "
            "it is cut short or damaged; copy or download it again"
        )
    if not len(recording.samples):
        raise A2IError(f"{path}: has an audio track without samples; record or export it again")
