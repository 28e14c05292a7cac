"""Decoding what is no sound, and what is damaged: one line, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
from decode_case import (
    DecodeTestCase,
    encode,
    encode_silent_video,
    sound,
    write_float_wav,
    write_wav,
)

from a2i_tf.audio import tfio_decoder
from a2i_tf.audio.decode import load_waveform
from a2i_tf.errors import A2IError


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
