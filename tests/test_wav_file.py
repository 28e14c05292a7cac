import io
import wave

import numpy as np

from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.wav_file import wav_bytes


def test_samples_are_rounded_and_clipped_to_16_bits():
    waveform = np.array([0, 0.5, -1, 2, -2, 1e-5], np.float32)
    with wave.open(io.BytesIO(wav_bytes(waveform, 8_000))) as file:
        assert file.getparams()[:4] == (1, 2, 8_000, 6)
        samples = np.frombuffer(file.readframes(6), "<i2")
    assert samples.tolist() == [0, 16384, -32767, 32767, -32767, 0]


def test_what_is_written_is_read_again(tmp_path):
    waveform = np.random.default_rng(0).uniform(-1, 1, 16_000).astype(np.float32)
    path = tmp_path / "x.wav"
    path.write_bytes(wav_bytes(waveform, 16_000))
    read = load_waveform(path, 16_000, use_tensorflow=False)
    np.testing.assert_allclose(read, waveform, atol=1e-4)
