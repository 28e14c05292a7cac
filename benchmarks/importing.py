"""Time and memory that `a2i import` takes for a minute and for ten minutes of 720p video.

The video is H.264 at 30 frames and 5 megabits a second: a textured picture that pans, with grain,
and stereo AAC. Ten seconds are encoded and repeated. Run it with `python -m benchmarks.importing`.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from rich.console import Console
from rich.table import Table

_WIDTH, _HEIGHT, _FRAMES_PER_SECOND, _SOUND_RATE = 1280, 720, 30, 48_000
_ENCODED_SECONDS = 10
_BITS_PER_SECOND = 5_000_000
_MARGIN = 400
_MINUTES = (1, 10)


def write_clip(path: Path) -> None:
    """Encodes ten seconds."""
    rng = np.random.default_rng(0)
    scene = _texture(rng)
    grains = [rng.integers(-6, 7, (_HEIGHT, _WIDTH, 3), np.int16) for _ in range(8)]
    with av.open(str(path), "w") as container:
        video = container.add_stream(
            "libx264", rate=_FRAMES_PER_SECOND, options={"preset": "veryfast"}
        )
        video.width, video.height, video.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        video.bit_rate = _BITS_PER_SECOND
        audio = container.add_stream("aac", rate=_SOUND_RATE, layout="stereo")
        for number in range(_ENCODED_SECONDS * _FRAMES_PER_SECOND):
            x = round(_MARGIN / 2 * (1 + np.sin(number / 97)))
            y = round(_MARGIN / 2 * (1 + np.cos(number / 71)))
            view = scene[y : y + _HEIGHT, x : x + _WIDTH] + grains[number % len(grains)]
            frame = av.VideoFrame.from_ndarray(view.clip(0, 255).astype(np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _FRAMES_PER_SECOND)
            container.mux(video.encode(frame))
        samples = rng.normal(0, 0.1, (2, _ENCODED_SECONDS * _SOUND_RATE)).astype(np.float32)
        sound = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        sound.sample_rate = _SOUND_RATE
        container.mux(audio.encode(sound))
        for stream in (video, audio):
            container.mux(stream.encode(None))


def repeat_clip(clip: Path, path: Path, times: int) -> None:
    """Writes a clip several times over, without encoding it again."""
    with av.open(str(path), "w") as target:
        streams = {}
        for number in range(times):
            with av.open(str(clip)) as source:
                streams = streams or {
                    stream.index: target.add_stream_from_template(stream)
                    for stream in source.streams
                }
                # A little longer than the clip, as its sound ends after its pictures.
                offset = number * (_ENCODED_SECONDS + Fraction(1, 10))
                for packet in source.demux():
                    if packet.size:
                        shift = round(offset / packet.time_base)
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = streams[packet.stream.index]
                        target.mux(packet)


def measure(video: Path, folder: Path) -> tuple[float, float, float]:
    """Imports a video; returns seconds, seconds of all cores, and peak memory in MB.

    Memory is that of the largest process.
    """
    command = [sys.executable, "-m", "a2i_tf", "import", str(video), "--no-skip-silent"]
    command += ["--name", video.stem, "--data-dir", str(folder)]
    started = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {status}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _texture(rng: np.random.Generator) -> np.ndarray:
    """Returns noise of every size, as natural pictures have: int16 [height, width, 3]."""
    shape = (_HEIGHT + _MARGIN, _WIDTH + _MARGIN)
    scene = np.full((*shape, 3), 128.0, np.float32)
    for power in range(1, 7):
        side = 2**power
        coarse = rng.normal(0, 3 * side**0.5, (shape[0] // side + 1, shape[1] // side + 1, 3))
        scene += coarse.repeat(side, 0).repeat(side, 1)[: shape[0], : shape[1]]
    return scene.clip(0, 255).astype(np.int16)


def main() -> None:
    """Measures and prints the table."""
    table = Table(title=f"a2i import, 720p30 H.264, {os.cpu_count()} cores", title_justify="left")
    for column in ("video", "MB", "seconds", "seconds of all cores", "peak memory, MB"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # A process that is started from one that once was large would count as large too.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            pool.submit(write_clip, folder / "clip.mp4").result()
        for minutes in _MINUTES:
            video = folder / f"{minutes}.mp4"
            repeat_clip(folder / "clip.mp4", video, minutes * 60 // _ENCODED_SECONDS)
            seconds, of_all_cores, memory = measure(video, folder)
            table.add_row(
                f"{minutes} min",
                f"{video.stat().st_size / 1e6:.0f}",
                f"{seconds:.1f}",
                f"{of_all_cores:.1f}",
                f"{memory:.0f}",
            )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
