"""Small videos whose colour and pitch change together at known times, for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SOUND_RATE = 48_000
_TICKS = 90_000
_SAMPLES_A_FRAME = 1024

# One pair a second: the second's colour, and its pitch in Hz.
COLOURS = ((200, 40, 40), (40, 180, 40), (50, 60, 220), (210, 200, 40), (190, 50, 190))
PITCHES = (300.0, 600.0, 1200.0, 2000.0, 3000.0)

Picture = Callable[[float], NDArray[np.uint8]]
Sound = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def colour_at(
    seconds: float, size: tuple[int, int] = (64, 48), shift: int = 0
) -> NDArray[np.uint8]:
    """Returns the second's colour with a diagonal in it: uint8 [height, width, 3]."""
    width, height = size
    second = int(seconds + 1e-6)
    picture = np.full((height, width, 3), COLOURS[(second + shift) % len(COLOURS)], np.uint8)
    place = (second * 7) % max(width - 8, 1)
    picture[height // 4 : height // 2, place : place + 8] = 255
    return picture


def tone_at(times: NDArray[np.float64], shift: int = 0) -> NDArray[np.float64]:
    """Returns the second's pitch: [num_samples] in [-1, 1]."""
    seconds = np.floor(times + 1e-6).astype(int)
    pitches = np.asarray(PITCHES)[(seconds + shift) % len(PITCHES)]
    return 0.4 * np.sin(2 * np.pi * pitches * times)


def pitch_of(waveform: NDArray[np.float64], rate: int) -> float:
    """Returns the loudest frequency in Hz."""
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform))))
    return float(np.argmax(spectrum) * rate / len(waveform))


def write_video(
    path: Path,
    seconds: float = 3.0,
    size: tuple[int, int] = (64, 48),
    picture: Picture | None = None,
    sound: Sound | None = tone_at,
    frame_times: Sequence[float] | None = None,
    sound_from: float = 0.0,
    codec: str = "libx264",
    sound_codec: str = "aac",
    rotation: int = 0,
    pixel_aspect: Fraction | None = None,
) -> Path:
    """Writes a video, with what is seen and heard at every time given by functions of it.

    Args:
        path: Where; the ending chooses the container.
        seconds: Length.
        size: Width and height in pixels.
        picture: From a time to a frame; `colour_at` if there is none.
        sound: From times to samples; None leaves the audio track out.
        frame_times: When frames are shown; 10 a second unless given.
        sound_from: Time at which the audio track begins.
        codec: FFmpeg's name of the video encoder.
        sound_codec: FFmpeg's name of the audio encoder.
        rotation: Degrees in the display matrix.
        pixel_aspect: Width of a pixel over its height.
    """
    draw = picture or (lambda time: colour_at(time, size))
    times = np.arange(round(seconds * 10)) / 10 if frame_times is None else frame_times
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=10)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = Fraction(1, _TICKS)
        if pixel_aspect is not None:
            video.codec_context.sample_aspect_ratio = pixel_aspect
        if rotation:
            video.set_display_rotation(rotation)
        if sound is not None:
            audio = container.add_stream(sound_codec, rate=SOUND_RATE, layout="stereo")
        for time in times:
            frame = av.VideoFrame.from_ndarray(draw(float(time)), format="rgb24")
            frame.pts, frame.time_base = round(time * _TICKS), Fraction(1, _TICKS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound is not None:
            at = sound_from + np.arange(round((seconds - sound_from) * SOUND_RATE)) / SOUND_RATE
            samples = sound(at).astype(np.float32)
            for begin in range(0, len(samples), _SAMPLES_A_FRAME):
                part = samples[begin : begin + _SAMPLES_A_FRAME]
                frame = av.AudioFrame.from_ndarray(
                    np.stack([part, part]), format="fltp", layout="stereo"
                )
                frame.sample_rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
                frame.pts = round(sound_from * SOUND_RATE) + begin
                container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return path
