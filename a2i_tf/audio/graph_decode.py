"""Decoding inside TensorFlow graphs: in `tf.data` and in serving signatures."""

from __future__ import annotations

import tensorflow as tf

from a2i_tf.audio.tfio_decoder import tfio_works
from a2i_tf.errors import A2IError


def decode_wav(contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes a 16-bit PCM WAV with core operations, which stock TF Serving has.

    Args:
        contents: string scalar, the bytes of the file.

    Returns:
        The mean of the channels, float32 [num_samples] in [-1, 1], and the sample rate in Hz, an
        int32 scalar.

    Raises:
        tf.errors.InvalidArgumentError: when run on anything but a 16-bit PCM WAV.
    """
    samples, sample_rate = tf.audio.decode_wav(contents)
    return tf.reduce_mean(samples, axis=1), sample_rate


def decode_audio(contents: tf.Tensor, audio_format: str) -> tf.Tensor:
    """Decodes a file of 16-bit WAV, 16-bit FLAC, MP3 or Ogg Vorbis, for `tf.data`.

    All but WAV need tensorflow-io.

    Args:
        contents: string scalar, the bytes of the file.
        audio_format: "wav", "flac", "mp3" or "ogg".

    Returns:
        The mean of the channels, float32 [num_samples], full scale at -1 and 1, at the file's own
        sample rate.

    Raises:
        A2IError: when traced with another format, or with one that needs tensorflow-io where that
            doesn't work.
        tf.errors.OpError: when run on bytes in another format or sample width.
    """
    if audio_format not in ("wav", "flac", "mp3", "ogg"):
        raise A2IError(
            f"audio format {audio_format!r} cannot be decoded in a TensorFlow graph; "
            "convert the files to wav, flac, mp3 or ogg"
        )
    if not tfio_works():
        if audio_format == "wav":
            return decode_wav(contents)[0]
        raise A2IError(
            f"audio format {audio_format!r} needs tensorflow-io, which does not work here; "
            "install TensorFlow 2.17.1 with tensorflow-io 0.37.1, or convert the files to wav"
        )
    return tf.reduce_mean(_decode_with_tfio(contents, audio_format), axis=1)


def _decode_with_tfio(contents: tf.Tensor, audio_format: str) -> tf.Tensor:
    import tensorflow_io as tfio

    if audio_format == "mp3":
        return tfio.audio.decode_mp3(contents)
    if audio_format == "ogg":
        return tfio.audio.decode_vorbis(contents)
    decode = tfio.audio.decode_wav if audio_format == "wav" else tfio.audio.decode_flac
    return tf.cast(decode(contents, dtype=tf.int16), tf.float32) / 32_768.0
