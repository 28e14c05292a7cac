from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
import unittest
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import av
import numpy as np
import tensorflow as tf
from shared_data import esc10_clips, needs_esc10

from a2i_tf.audio import av_decoder, tfio_decoder
from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.graph_decode import decode_audio, decode_wav
from a2i_tf.audio.probe import probe_audio
from a2i_tf.audio.resample import resample
from a2i_tf.errors import A2IError

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


class ErrorTest(DecodeTestCase):
    def check_error(self, path: Path, pattern: str) -> None:
        for use_tensorflow in (True, False):
            with self.assertRaises(A2IError) as caught:
                load_waveform(path, 16_000, use_tensorflow=use_tensorflow)
            message = str(caught.exception)
            self.assertStartsWith(message, f"{path}: ")
            self.assertRegex(message, pattern)
            self.assertNotIn("\n", message)

    def test_missing(self):
        self.check_error(self.folder / "none.wav", "no such file; check")

    def test_below_a_file(self):
        path = write_wav(self.folder / "a.wav", np.zeros((10, 1)))
        self.check_error(path / "b.wav", "no such file; check")

    def test_folder(self):
        self.check_error(self.folder, "is a folder; give")

    def test_pipe(self):
        os.mkfifo(self.folder / "pipe")
        self.check_error(self.folder / "pipe", "not a regular file; save")

    def test_empty(self):
        path = self.folder / "a.wav"
        path.touch()
        self.check_error(path, "is empty .*; record")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable(self):
        path = write_wav(self.folder / "a.wav", np.zeros((10, 1)))
        path.chmod(0)
        self.check_error(path, "permission denied; make")

    def test_permission_error_of_the_system(self):
        path = write_wav(self.folder / "a.wav", np.zeros((10, 1)))
        with mock.patch.object(Path, "open", side_effect=PermissionError(13, "denied")):
            self.check_error(path, "permission denied; make")

    def test_text(self):
        for name in ("a.wav", "a.mp3", "a.ogg", "a.flac", "a.m4a", "a"):
            path = self.folder / name
            path.write_text("dear diary, today I recorded nothing\n" * 50)
            self.check_error(path, "in no known audio or video format; give")

    def test_a_playlist_opens_no_other_file(self):
        other = encode(self.folder / "a.mp3", sound(), "libmp3lame")
        path = self.folder / "a.m3u8"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{other}\n#EXT-X-ENDLIST\n")
        self.check_error(path, "in no known audio or video format; give")

    def test_video_without_sound(self):
        path = encode_silent_video(self.folder / "a.mp4")
        self.check_error(path, "has no audio track; give")

    def test_no_samples(self):
        path = write_wav(self.folder / "a.wav", np.zeros((0, 1)))
        self.check_error(path, "without samples; record")

    def test_not_finite(self):
        for value in (float("nan"), float("inf"), float("-inf")):
            path = write_float_wav(self.folder / "a.wav", [0.0, value, 0.0])
            self.check_error(path, "not finite.*; export")

    def test_cut_short(self):
        expected = sound()
        for name, codec, sample_format in (
            ("s16.wav", "pcm_s16le", None),
            ("s24.wav", "pcm_s24le", None),
            ("f32.wav", "pcm_f32le", None),
            ("s32.wav", "pcm_s32le", None),
            ("a.flac", "flac", "s16"),
            ("a.mp3", "libmp3lame", None),
        ):
            with self.subTest(name):
                path = self.folder / name
                encode(path, expected, codec, sample_format=sample_format)
                whole = path.read_bytes()
                path.write_bytes(whole[: len(whole) * 6 // 10])
                self.check_error(path, r"only 0\.[5-9]. of 1\.36 seconds can be read: .*; copy")

    def test_cut_short_m4a(self):
        path = self.folder / "a.m4a"
        encode(path, sound(num_samples=60_000), "aac", movflags="faststart")
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) * 6 // 10])
        self.check_error(path, r"only 1\.\d\d of 2\.\d\d seconds can be read: .*; copy")

    def test_damaged_in_the_middle(self):
        path = encode(self.folder / "a.flac", sound(), "flac", sample_format="s16")
        whole = bytearray(path.read_bytes())
        middle = len(whole) // 2
        whole[middle : middle + 2_000] = bytes(2_000)
        path.write_bytes(whole)
        self.check_error(path, r"only .* of 1\.36 seconds can be read: .*; copy")


class QuietTest(DecodeTestCase):
    def test_without_tensorflow_nothing_of_it_is_imported_and_nothing_printed(self):
        good = [
            write_wav(self.folder / "a.wav", np.full((10, 1), 16_384)),
            encode(self.folder / "a.mp3", sound(), "libmp3lame"),
        ]
        text = self.folder / "text.wav"
        text.write_text("hello\n" * 100)
        cut = self.folder / "cut.mp3"
        cut.write_bytes(good[1].read_bytes()[:-6_000])
        code = (
            "import sys\n"
            "from a2i_tf.audio.decode import load_waveform\n"
            "from a2i_tf.errors import A2IError\n"
            "for path in sys.argv[1:]:\n"
            "    try:\n"
            "        print(len(load_waveform(path, 22050, use_tensorflow=False)))\n"
            "    except A2IError:\n"
            "        print('error')\n"
            "print([name for name in sys.modules if name.startswith(('tensorflow', 'keras'))])\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, [*good, text, cut])],
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.stdout.split("\n"), ["10", "30000", "error", "error", "[]", ""])
        self.assertEqual(done.stderr, "")

    def test_tensorflow_io_is_spared_bad_input(self):
        flac = encode(self.folder / "a.flac", sound(), "flac", sample_format="s16")
        whole = bytearray(flac.read_bytes())
        whole[len(whole) // 2 : len(whole) // 2 + 2_000] = bytes(2_000)
        flac.write_bytes(whole)
        cut = write_wav(self.folder / "cut.wav", np.zeros((9_000, 1)))
        cut.write_bytes(cut.read_bytes()[:9_000])
        text = self.folder / "text.flac"
        text.write_text("hello\n" * 100)
        with mock.patch.object(tfio_decoder, "decode", side_effect=AssertionError):
            for path in (flac, cut, text):
                with self.assertRaises(A2IError):
                    load_waveform(path, 16_000)


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
