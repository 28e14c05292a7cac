"""Decoding files of any format: what they hold is heard."""

from __future__ import annotations

from unittest import mock

import numpy as np
from decode_case import RATE, DecodeTestCase, encode, sound, write_float_wav, write_wav
from shared_data import esc10_clips, needs_esc10

from a2i_tf.audio import tfio_decoder
from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.probe import probe_audio
from a2i_tf.audio.resample import resample


class FormatTest(DecodeTestCase):
    def test_tensorflow_io_works_here(self):
        self.assertTrue(tfio_decoder.tfio_works())

    def test_wav_of_every_sample_format(self):
        expected = sound()
        for codec, step in (
            ("pcm_u8", 2**-7),
            ("pcm_s16le", 2**-15),
            ("pcm_s24le", 2**-23),
            ("pcm_f32le", 2**-24),
        ):
            with self.subTest(codec):
                path = encode(self.folder / f"{codec}.wav", expected, codec)
                self.assertAllClose(self.check_both_decoders(path), expected, atol=step, rtol=0)
        for codec in ("pcm_s32le", "pcm_f64le"):
            with self.subTest(codec):
                path = encode(self.folder / f"{codec}.wav", expected, codec)
                self.assertAllClose(self.check_av_alone(path), expected, atol=2**-23, rtol=0)

    def test_extensible_wav(self):
        expected = sound(channels=4)
        for codec in ("pcm_s16le", "pcm_s24le", "pcm_f32le"):
            path = encode(self.folder / f"{codec}.wav", expected, codec)
            self.assertEqual(path.read_bytes()[20:22], b"\xfe\xff")
            self.assertAllClose(self.check_both_decoders(path), expected, atol=2**-15, rtol=0)

    def test_ten_channels(self):
        samples = np.random.default_rng(0).integers(-30_000, 30_000, (2_000, 10))
        path = write_wav(self.folder / "ten.wav", samples)
        self.assertAllEqual(self.check_both_decoders(path), samples / 32_768)

    def test_flac(self):
        expected = sound()
        for sample_format, step in (("s16", 2**-15), ("s32", 2**-23)):
            path = self.folder / f"{sample_format}.flac"
            encode(path, expected, "flac", sample_format=sample_format)
            self.assertAllClose(self.check_both_decoders(path), expected, atol=step, rtol=0)

    def test_mp3_starts_and_ends_where_the_original_does(self):
        for rate, channels in ((16_000, 1), (22_050, 2), (44_100, 1), (48_000, 2)):
            with self.subTest(rate=rate, channels=channels):
                expected = sound(channels, rate=rate)
                path = encode(self.folder / f"{rate}.mp3", expected, "libmp3lame", rate=rate)
                samples = self.check_both_decoders(path)
                self.assertEqual(samples.shape, expected.shape)
                self.assertAllClose(np.argmax(samples[:, 0]), rate // 2 + 4, atol=8)

    def test_mp3_that_does_not_say_how_long_it_is(self):
        path = encode(self.folder / "a.mp3", sound(), "libmp3lame", write_xing="0")
        self.assertIsNone(probe_audio(path).declared_seconds)
        self.assertAllInRange(len(self.check_av_alone(path)), 30_000, 33_000)

    def test_mp3_with_a_large_picture_in_its_tag(self):
        path = encode(self.folder / "a.mp3", sound(), "libmp3lame")
        plain = path.read_bytes()
        start = plain.index(b"\xff\xf3")
        size = 300_000
        digits = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
        path.write_bytes(b"ID3\x04\x00\x00" + digits + bytes(size) + plain[start:])
        self.assertAllClose(probe_audio(path).declared_seconds, 30_000 / RATE)
        self.assertEqual(len(load_waveform(path, RATE)), 30_000)

    @needs_esc10
    def test_ogg_vorbis_recordings(self):
        for clip in esc10_clips(10):
            with self.subTest(str(clip)):
                samples = self.check_both_decoders(clip)
                self.assertAllClose(len(samples) / 44_100, 5.0, atol=0.1)

    def test_formats_that_only_pyav_reads(self):
        for name, codec, rate, delay in (
            ("a.m4a", "aac", RATE, 0),
            ("a.opus", "libopus", 48_000, 0),
            ("a.mp4", "aac", RATE, 0),
            ("a.mkv", "aac", RATE, 1_024),
        ):
            with self.subTest(name):
                expected = sound(rate=rate)
                pictures = name.endswith(("mp4", "mkv"))
                path = encode(self.folder / name, expected, codec, rate=rate, pictures=pictures)
                samples = self.check_av_alone(path)
                self.assertAllClose(len(samples), len(expected) + delay, atol=1_024)
                at = rate // 2 + 4
                self.assertAllClose(
                    np.argmax(samples[at - 2_000 : at + 2_000, 0]), 2_000, atol=delay + 8
                )

    def test_everything_goes_through_pyav_where_tensorflow_io_does_not_work(self):
        path = encode(self.folder / "a.flac", sound(), "flac", sample_format="s16")
        expected = load_waveform(path, 16_000)
        with (
            mock.patch.object(tfio_decoder, "tfio_works", return_value=False),
            mock.patch.object(tfio_decoder, "decode", side_effect=AssertionError),
        ):
            self.assertAllClose(load_waveform(path, 16_000), expected, atol=1e-5)

    def test_operations_that_raise_count_as_not_working(self):
        broken = mock.Mock()
        broken.audio.decode_wav.side_effect = NotImplementedError
        for fake in (mock.Mock(return_value=broken), mock.Mock(side_effect=ImportError)):
            with mock.patch.object(tfio_decoder, "_tensorflow_io", fake):
                self.assertFalse(tfio_decoder.tfio_works.__wrapped__())


class WaveformTest(DecodeTestCase):
    def test_channels_are_averaged_and_the_rate_changed(self):
        samples = np.random.default_rng(0).integers(-30_000, 30_000, (4_801, 3))
        path = write_wav(self.folder / "a.wav", samples, rate=48_000)
        mean = (samples / 32_768).mean(axis=1).astype(np.float32)
        waveform = load_waveform(path, 16_000)
        self.assertEqual(waveform.dtype, np.float32)
        self.assertAllClose(waveform, np.clip(resample(mean, 48_000, 16_000), -1, 1), atol=1e-5)

    def test_opposite_channels_cancel(self):
        samples = np.array([[8_000, -8_000]] * 100)
        path = write_wav(self.folder / "a.wav", samples)
        self.assertAllEqual(load_waveform(path, RATE), np.zeros(100))

    def test_one_sample_is_a_waveform(self):
        path = write_wav(self.folder / "a.wav", np.array([[16_384]]), rate=16_000)
        for use_tensorflow in (True, False):
            waveform = load_waveform(path, 16_000, use_tensorflow=use_tensorflow)
            self.assertAllEqual(waveform, [0.5])

    def test_float_samples_beyond_full_scale_are_clipped(self):
        path = write_float_wav(self.folder / "a.wav", [0.25, 1.5, -3.0])
        for use_tensorflow in (True, False):
            waveform = load_waveform(path, RATE, use_tensorflow=use_tensorflow)
            self.assertAllEqual(waveform, [0.25, 1.0, -1.0])

    def test_a_wav_from_a_pipe_that_leaves_its_length_open(self):
        path = write_wav(self.folder / "a.wav", np.full((5_000, 1), 16_384))
        whole = path.read_bytes()
        for size in (b"\xff\xff\xff\xff", b"\0\0\0\0"):
            path.write_bytes(whole[:40] + size + whole[44:])
            self.assertAllEqual(load_waveform(path, RATE), np.full(5_000, 0.5))

    def test_a_wav_that_lacks_its_last_few_samples_is_read(self):
        path = write_wav(self.folder / "a.wav", np.full((50_000, 1), 16_384))
        path.write_bytes(path.read_bytes()[:-1_000])
        for use_tensorflow in (True, False):
            self.assertLen(load_waveform(path, RATE, use_tensorflow=use_tensorflow), 49_500)

    def test_names_that_look_like_protocols_or_hold_spaces(self):
        for name in ("http:clip.wav", "two words é.wav", "%d.wav"):
            path = write_wav(self.folder / name, np.full((10, 1), 16_384))
            self.assertAllEqual(load_waveform(str(path), RATE), np.full(10, 0.5))
