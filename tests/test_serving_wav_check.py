"""How far the server follows what a WAV file says of itself."""

import struct

import numpy as np
import pytest
import tensorflow as tf

from a2i_tf.audio.wav_file import wav_bytes
from a2i_tf.serving.errors import ServingError
from a2i_tf.serving.limits import Limits
from a2i_tf.serving.wav_check import check_wavs

EMPTY = b"JUNK" + struct.pack("<I", 0)


def with_chunks(count):
    wav = wav_bytes(np.linspace(-0.5, 0.5, 1_600, dtype=np.float32), 16_000)
    return wav[:12] + EMPTY * count + wav[12:]


def test_chunks_before_the_format_are_followed_as_tensorflow_follows_them():
    wav = with_chunks(63)
    assert tf.audio.decode_wav(wav)[0].shape == (1_600, 1)
    check_wavs([wav], Limits())


@pytest.mark.parametrize("count", [64, 3_000_000])
def test_a_file_of_empty_chunks_is_given_up_soon(count):
    with pytest.raises(ServingError, match="in its first 64 chunks"):
        check_wavs([with_chunks(count)], Limits())
