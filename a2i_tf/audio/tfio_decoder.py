"""Decoding WAV, FLAC, MP3 and Ogg Vorbis with tensorflow-io."""

from __future__ import annotations

import functools
import io
import os
import warnings
import wave
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.audio.probe import Probe, count_seconds
from a2i_tf.audio.recording import Recording

# tensorflow-io must be told the type that it finds: 24 bits come in the upper part of int32.
_WAV_TYPES = {
    "pcm_u8": tf.uint8,
    "pcm_s16le": tf.int16,
    "pcm_s24le": tf.int32,
    "pcm_f32le": tf.float32,
}
_FLAC_TYPES = {16: tf.int16, 24: tf.int32}


@functools.cache
def tfio_works() -> bool:
    """Whether tensorflow-io's compiled operations run here.

    Importing it proves nothing: beside TensorFlow 2.18 and later the import only warns, and every
    operation raises `NotImplementedError`. So a real WAV is decoded.
    """
    contents = io.BytesIO()
    with wave.open(contents, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.array([0, 16_384], "<i2").tobytes())
    try:
        # A graph may be under construction where this is asked first.
        with warnings.catch_warnings(), tf.init_scope():
            warnings.simplefilter("ignore")
            samples = _tensorflow_io().audio.decode_wav(contents.getvalue(), dtype=tf.int16)
            return samples.numpy().tolist() == [[0], [16_384]]
    except (ImportError, NotImplementedError, OSError, RuntimeError, tf.errors.OpError):
        return False


def can_decode(path: Path, probe: Probe) -> bool:
    """Whether tensorflow-io reads this file in full.

    It is spared damaged or cut files, and those that don't say how long they are: it would print
    lines of C++ on stderr, or return less than there is.

    Args:
        path: The file.
        probe: What `probe.probe_audio` says about it.
    """
    if probe.num_tracks != 1 or probe.declared_seconds is None:
        return False
    formats = {
        "wav": probe.codec in _WAV_TYPES,
        "flac": probe.codec == "flac" and _flac_sample_bits(path) in _FLAC_TYPES,
        "mp3": probe.codec in ("mp3", "mp3float"),
        "ogg": probe.codec == "vorbis",
    }
    if not formats.get(probe.container, False):
        return False
    if probe.container == "ogg":
        # Vorbis packets don't know their exact length, and the decoder raises without a word.
        return True
    half_sample = 0.5 / probe.sample_rate
    return count_seconds(path) > probe.declared_seconds - half_sample


def decode(path: Path, probe: Probe) -> Recording:
    """Decodes a file that `can_decode` accepts.

    Raises:
        tf.errors.OpError: if the file is damaged in a way that its packets don't show.
    """
    contents = tf.io.read_file(os.fsencode(path))
    audio = _tensorflow_io().audio
    if probe.container == "wav":
        samples = audio.decode_wav(contents, dtype=_WAV_TYPES[probe.codec])
    elif probe.container == "flac":
        samples = audio.decode_flac(contents, dtype=_FLAC_TYPES[_flac_sample_bits(path)])
    elif probe.container == "mp3":
        samples = audio.decode_mp3(contents)
    else:
        samples = audio.decode_vorbis(contents)
    return Recording(_to_float(samples.numpy()), probe.sample_rate)


def _to_float(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Maps each integer type's range to [-1, 1), as FFmpeg does."""
    scaled = samples.astype(np.float32, copy=False)
    if samples.dtype == np.uint8:
        scaled -= 128.0
        scaled /= 128.0
    elif np.issubdtype(samples.dtype, np.integer):
        scaled /= -float(np.iinfo(samples.dtype).min)
    return scaled


def _flac_sample_bits(path: Path) -> int:
    """Reads the bits a sample from the STREAMINFO block (RFC 9639, section 8.2); 0 if absent."""
    with path.open("rb") as file:
        head = file.read(22)
    if head[:4] != b"fLaC" or len(head) < 22:
        return 0
    return ((head[20] & 1) << 4 | head[21] >> 4) + 1


def _tensorflow_io() -> Any:
    # Loading its libraries takes a second, and fails where they weren't built for this TensorFlow.
    import tensorflow_io

    return tensorflow_io
