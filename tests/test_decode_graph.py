"""Decoding inside a graph."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import numpy as np
import tensorflow as tf
from decode_case import RATE, DecodeTestCase, encode, sound, write_wav
from shared_data import esc10_clips, needs_esc10

from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.graph_decode import decode_audio, decode_wav
from a2i_tf.errors import A2IError


class GraphDecodeTest(DecodeTestCase):
    def test_decode_wav_gives_mono_and_the_rate(self):
        samples = np.random.default_rng(0).integers(-32_768, 32_768, (1_000, 2))
        path = write_wav(self.folder / "a.wav", samples, rate=44_100)
        waveform, sample_rate = tf.function(decode_wav)(tf.constant(path.read_bytes()))
        self.assertAllClose(waveform, samples.mean(axis=1) / 32_768, atol=1e-6)
        self.assertEqual((waveform.dtype, sample_rate.dtype), (tf.float32, tf.int32))
        self.assertAllEqual(sample_rate, 44_100)

    def test_decode_wav_uses_core_operations_only(self):
        graph = tf.function(decode_wav, input_signature=[tf.TensorSpec([], tf.string)])
        operations = {op.type for op in graph.get_concrete_function().graph.get_operations()}
        self.assertIn("DecodeWav", operations)
        self.assertEmpty([name for name in operations if name.startswith("IO>")])

    def test_decode_audio_in_tf_data_equals_load_waveform(self):
        expected = sound()
        paths = [
            encode(self.folder / "a.wav", expected, "pcm_s16le"),
            encode(self.folder / "a.flac", expected, "flac", sample_format="s16"),
            encode(self.folder / "a.mp3", expected, "libmp3lame"),
        ]
        for path in paths:
            with self.subTest(path.name):
                self.check_graph(path, RATE)

    @needs_esc10
    def test_decode_audio_reads_ogg(self):
        self.check_graph(esc10_clips(1)[0], 44_100)

    def check_graph(self, path: Path, rate: int) -> None:
        dataset = tf.data.Dataset.from_tensors(path.read_bytes())
        decoded = dataset.map(lambda contents: decode_audio(contents, path.suffix[1:]))
        self.assertEqual(decoded.element_spec.dtype, tf.float32)
        waveform = next(iter(decoded))
        expected = load_waveform(path, rate, use_tensorflow=False)
        self.assertAllClose(waveform, expected, atol=1e-5)

    def test_without_tensorflow_io_only_wav_is_left(self):
        path = write_wav(self.folder / "a.wav", np.full((10, 2), 16_384))
        with mock.patch("a2i_tf.audio.graph_decode.tfio_works", return_value=False):
            self.assertAllEqual(decode_audio(path.read_bytes(), "wav"), np.full(10, 0.5))
            with self.assertRaisesRegex(A2IError, "'mp3' needs tensorflow-io.*; install"):
                decode_audio(tf.constant(b""), "mp3")

    def test_another_format_is_refused_when_tracing(self):
        graph = tf.function(lambda contents: decode_audio(contents, "m4a"), autograph=False)
        with self.assertRaisesRegex(A2IError, "'m4a' cannot be decoded.*; convert"):
            graph.get_concrete_function(tf.TensorSpec([], tf.string))
