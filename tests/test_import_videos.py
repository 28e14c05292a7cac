"""Videos imported: the right frame beside the right sound, whatever the file is like."""

from __future__ import annotations

import json
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from video_fixture import colour_at, pitch_of, tone_at, write_video

from a2i_tf.datasets.importing.frames import frames_at, pixel_aspect
from a2i_tf.datasets.importing.jobs import BLACK, NO_FRAME, REPEATED, SILENT, VideoJob
from a2i_tf.datasets.importing.options import SAMPLE_RATE, ImportOptions
from a2i_tf.datasets.importing.picture import fit_frame, fit_picture
from a2i_tf.datasets.importing.soundtrack import write_soundtrack
from a2i_tf.errors import A2IError

# Brightness and pitch that tell the time to a few hundredths of a second.
_LEVELS_PER_SECOND = 30
_HZ_PER_SECOND = 400.0


def _import(video: Path, folder: Path, **options):
    """Returns the record, the waveform and the pictures."""
    record = VideoJob("v", video).run(folder, ImportOptions(**options), 1, _ignore)
    with wave.open(str(folder / "audio" / "v.wav")) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert sound.getframerate() == SAMPLE_RATE
        waveform = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768
    return record, waveform, [Image.open(folder / name) for name in record.images]


def _ignore(share: float) -> None:
    del share


def _clock_picture(time: float):
    return np.full((48, 64, 3), 40 + round(_LEVELS_PER_SECOND * time), np.uint8)


def _clock_sound(times):
    # The phase is the integral of the frequency 400 t.
    return 0.4 * np.sin(np.pi * _HZ_PER_SECOND * times**2)


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv", "v.mov", "v.ts"])
@pytest.mark.parametrize("sound_from", [0.0, 0.77])
def test_sound_and_picture_tell_the_same_time(tmp_path, name, sound_from):
    video = write_video(
        tmp_path / name, 6.0, picture=_clock_picture, sound=_clock_sound, sound_from=sound_from
    )

    record, waveform, pictures = _import(video, tmp_path / "out", skip_silent=False)

    assert len(pictures) == len(record.starts) >= 4
    for start, picture in zip(record.starts, pictures, strict=True):
        seen = (np.asarray(picture).mean() - 40) / _LEVELS_PER_SECOND
        begin = round(start * SAMPLE_RATE)
        heard = pitch_of(waveform[begin:][:SAMPLE_RATE], SAMPLE_RATE) / _HZ_PER_SECOND
        # A frame is shown for 0.1 s, its middle being 0.05 s after its time.
        assert seen + 0.05 == pytest.approx(heard, abs=0.1)
        assert heard == pytest.approx(sound_from + start + 0.5, abs=0.06)


def test_a_gap_in_the_sound_becomes_silence(tmp_path):
    whole = write_video(tmp_path / "whole.mov", 6.0, sound_codec="pcm_s16le")
    with av.open(str(whole)) as source, av.open(str(tmp_path / "gap.mkv"), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            is_sound = packet.stream.type == "audio"
            if packet.dts is None or (is_sound and 1.9 <= packet.pts * packet.time_base < 4):
                continue
            packet.stream = streams[packet.stream.index]
            target.mux(packet)

    record, waveform, _ = _import(tmp_path / "gap.mkv", tmp_path / "out")

    assert len(waveform) / SAMPLE_RATE == pytest.approx(6.0, abs=0.05)
    assert record.starts == (0.0, 1.0, 4.0, 5.0)
    assert record.left_out == {SILENT: 2}
    assert pitch_of(waveform[5 * SAMPLE_RATE :], SAMPLE_RATE) == pytest.approx(300, abs=2)


def test_the_soundtrack_is_what_the_decoder_for_clips_gives(tmp_path):
    from a2i_tf.audio.decode import load_waveform

    video = write_video(tmp_path / "v.mkv", 3.0, sound_codec="pcm_s16le")
    write_soundtrack(video, tmp_path / "v.wav", SAMPLE_RATE, 1.0, _ignore)

    ours = load_waveform(tmp_path / "v.wav", SAMPLE_RATE, use_tensorflow=False)
    reference = load_waveform(video, SAMPLE_RATE, use_tensorflow=False)

    assert len(ours) == pytest.approx(len(reference), abs=2)
    inside = slice(100, len(reference) - 100)
    assert np.abs(ours[inside] - reference[inside]).max() < 0.02


def test_uneven_frame_times(tmp_path):
    times = [0.0, 0.2, 0.9, 1.05, 1.1, 3.4, 3.45, 4.9]
    video = write_video(tmp_path / "v.mkv", 5.0, picture=_clock_picture, frame_times=times)

    frames = dict(frames_at(video, [0.1, 0.5, 1.07, 2.5, 3.42, 4.0]))

    assert {place: round(frame.time, 2) for place, frame in frames.items()} == {
        0: 0.0,
        1: 0.2,
        2: 1.05,
        3: 1.1,
        4: 3.4,
        5: 3.45,
    }


def test_frames_that_are_skipped_change_none_that_is_wanted(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (48, 64, 3), np.uint8)
    video = write_video(
        tmp_path / "v.mp4", 12.0, picture=lambda t: np.roll(noise, round(10 * t), axis=1)
    )
    every = [round(0.05 + 0.1 * n, 2) for n in range(119)]

    all_frames = {time: f.to_ndarray() for (_, f), time in zip(frames_at(video, every), every)}  # noqa: B905
    kinds = {f.pict_type for _, f in frames_at(video, every)}
    some = {n: f.to_ndarray() for n, f in frames_at(video, every[3::7])}

    assert len(kinds) == 3  # I, P and B
    assert len(some) == len(every[3::7])
    for place, frame in some.items():
        np.testing.assert_array_equal(frame, all_frames[every[3::7][place]])


def test_memory_stays_flat(tmp_path):
    size = (960, 540)
    video = write_video(
        tmp_path / "v.mkv",
        10.0,
        size,
        picture=lambda time: colour_at(time, size),
    )
    times = [0.1 * n for n in range(100)]
    held, seen = [], 0
    for _, frame in frames_at(video, times):
        seen += 1
        held.append(_resident_bytes())
        del frame
    # All frames together are 78 MB.
    assert seen == 100
    assert max(held[20:]) - held[20] < 25e6


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_silence_black_and_repetition_are_left_out_and_counted(tmp_path):
    def picture(time):
        if 2 <= time < 3.95:
            return np.full((48, 64, 3), 4, np.uint8)
        return colour_at(min(time, 6.0))  # one picture from second 6 on

    def sound(times):
        return np.where((times >= 4) & (times < 5), 0.0, tone_at(times))

    video = write_video(tmp_path / "v.mkv", 9.0, picture=picture, sound=sound)

    record, _, _ = _import(video, tmp_path / "out")
    assert record.starts == (0.0, 1.0, 5.0, 6.0)
    assert record.left_out == {SILENT: 1, BLACK: 2, REPEATED: 2}

    record, _, _ = _import(video, tmp_path / "all", skip_silent=False)
    assert record.starts == tuple(map(float, range(9)))
    assert record.left_out == {}


def test_windows_without_a_frame_are_counted(tmp_path):
    video = write_video(tmp_path / "v.mkv", 5.0, frame_times=[0.1 * n for n in range(20)])
    record, _, _ = _import(video, tmp_path / "out")
    assert record.starts == (0.0, 1.0)
    assert record.left_out == {NO_FRAME: 3}


def test_window_and_hop(tmp_path):
    video = write_video(tmp_path / "v.mp4", 5.0)
    record, _, pictures = _import(
        video,
        tmp_path / "out",
        window_seconds=2.0,
        hop_seconds=0.5,
        frame_size=32,
        skip_silent=False,
    )
    assert record.starts == tuple(0.5 * n for n in range(7))
    assert {picture.size for picture in pictures} == {(32, 32)}
    # The frame is the one at the middle of the window.
    assert [round(np.asarray(p)[30, 2, 0] / 10) for p in pictures[::2]] == [4, 5, 21, 19]


def test_a_short_video_is_one_window_with_silence_after_it(tmp_path):
    video = write_video(tmp_path / "v.mp4", 0.7)
    record, waveform, pictures = _import(video, tmp_path / "out")
    assert (record.starts, len(pictures), len(waveform)) == ((0.0,), 1, SAMPLE_RATE)
    assert not waveform[round(0.8 * SAMPLE_RATE) :].any()


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotated_video_is_upright(tmp_path, rotation):
    corner = np.zeros((48, 64, 3), np.uint8)
    corner[:24, :32] = 255
    video = write_video(tmp_path / "v.mp4", 1.0, picture=lambda _: corner, rotation=rotation)

    _, frame = next(frames_at(video, [0.5]))
    upright = np.asarray(fit_frame(frame, 32, "letterbox", 1.0).convert("L"))

    # The matrix turns the picture counterclockwise.
    stored = np.asarray(fit_picture(Image.fromarray(corner), 32, "letterbox").convert("L"))
    expected = np.rot90(stored, rotation // 90)
    assert np.abs(upright.astype(int) - expected).mean() < 8
    assert np.abs(upright.astype(int) - stored).mean() > 30


def test_wide_pixels_keep_circles_round(tmp_path):
    rows, columns = np.mgrid[:96, :64]
    # A circle on the screen, where pixels are twice as wide as high.
    disc = (((columns - 32) * 2) ** 2 + (rows - 48) ** 2 < 40**2)[..., None] * np.uint8([255] * 3)
    video = write_video(
        tmp_path / "v.mkv", 1.0, (64, 96), lambda _: disc, pixel_aspect=Fraction(2, 1)
    )
    assert pixel_aspect(video) == 2.0

    for fit in ("crop", "letterbox"):
        _, _, pictures = _import(video, tmp_path / fit, fit=fit, skip_silent=False)
        bright = np.asarray(pictures[0].convert("L")) > 128
        width, height = np.ptp(np.nonzero(bright.any(0))), np.ptp(np.nonzero(bright.any(1)))
        assert width == pytest.approx(height, abs=3)


def test_odd_sizes_and_letterbox():
    image = Image.new("RGB", (133, 57), (250, 10, 10))
    cropped = np.asarray(fit_picture(image, 32, "crop"))
    boxed = np.asarray(fit_picture(image, 32, "letterbox"))
    assert cropped.shape == boxed.shape == (32, 32, 3)
    assert (cropped == [250, 10, 10]).all()
    assert [bool(row.any()) for row in boxed] == [False] * 9 + [True] * 14 + [False] * 9
    assert np.asarray(fit_picture(Image.new("RGB", (1, 5000)), 32, "crop")).shape == (32, 32, 3)


def test_a_song_with_a_cover_is_no_video(tmp_path):
    cover = tmp_path / "cover.png"
    Image.new("RGB", (32, 32), (9, 99, 9)).save(cover)
    song = tmp_path / "song.mp3"
    with av.open(str(song), "w") as target, av.open(str(cover)) as picture:
        sound = target.add_stream("mp3", rate=44_100, layout="mono")
        art = target.add_stream_from_template(picture.streams.video[0])
        art.disposition = av.stream.Disposition.attached_pic
        packet = next(p for p in picture.demux() if p.size)
        packet.stream = art
        target.mux(packet)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 44_100), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 44_100
        target.mux(sound.encode(frame))
        target.mux(sound.encode(None))
    with pytest.raises(A2IError, match="no pictures"):
        _import(song, tmp_path / "out")


def test_a_truncated_video_gives_what_is_there_and_says_so(tmp_path):
    video = write_video(tmp_path / "v.mkv", 8.0)
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    record, _, _ = _import(video, tmp_path / "out")
    assert 1 <= len(record.starts) <= 6
    assert record.note
    assert "cut short" in record.note


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "text.mp4").write_text("not a video\n" * 100)
    whole = write_video(tmp_path / "whole.mp4", 3.0)
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[:4000])
    write_video(tmp_path / "mute.mp4", 2.0, sound=None)
    for name, reason in (
        ("text", "damaged or in no known"),
        ("cut", "damaged"),
        ("mute", "no audio"),
    ):
        with pytest.raises(A2IError, match=reason) as raised:
            _import(tmp_path / f"{name}.mp4", tmp_path / "out")
        assert "\n" not in str(raised.value)
        assert f"{name}.mp4" in str(raised.value)


def test_records_survive_json(tmp_path):
    from a2i_tf.datasets.importing.jobs import Record

    record, _, _ = _import(write_video(tmp_path / "v.mp4", 2.0), tmp_path / "out")
    assert Record.from_dict(json.loads(json.dumps(record.to_dict()))) == record
