"""The sound of a video as a WAV file, in step with the pictures and with little memory.

packets ──decode──▶ mono chunks with times ──fill gaps, cut overlaps──▶ resample ──▶ WAV
"""

from __future__ import annotations

import contextlib
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from a2i_tf.audio.container import open_container
from a2i_tf.datasets.importing.output import writing
from a2i_tf.errors import A2IError

# Containers round times to milliseconds, and muxers jitter by a frame; more is a real gap.
_TOLERANCE_SECONDS = 0.05
_MAX_GAP_SECONDS = 600.0
_WRITTEN_AT_ONCE_SECONDS = 1.0


@dataclass(frozen=True)
class Soundtrack:
    """A video's sound, written to a file.

    Attributes:
        start_seconds: The video's time at which the file's first sample is heard.
        seconds: Length of the sound.
        declared_seconds: Length that the video's header declares, or None where there is none.
    """

    start_seconds: float
    seconds: float
    declared_seconds: float | None


@dataclass(frozen=True)
class _Chunk:
    start_seconds: float | None
    sample_rate: int
    samples: NDArray[np.float32]


def write_soundtrack(
    video: Path,
    target: Path,
    sample_rate: int,
    min_seconds: float,
    on_share: Callable[[float], None],
) -> Soundtrack:
    """Writes the first audio track of a video as 16-bit PCM, mono, without gaps.

    Where the video's times leave a gap there is silence, and where they overlap the later sound
    is cut, so that a place in the file is a time of the video.

    Args:
        video: Any file that FFmpeg reads.
        target: The WAV file.
        sample_rate: Its rate in Hz.
        min_seconds: Shorter sound is followed by silence up to this.
        on_share: Called with the share done as the work goes on, 0 to 1.

    Raises:
        A2IError: if the video can't be read, or has no sound.
        OutputError: if the file can't be written.
    """
    chunks = _decode(video)
    first = next(chunks, None)
    if first is None:
        raise A2IError(f"{video}: has an audio track without samples; record or export it again")
    declared = _declared_seconds(video)
    written = 0
    with _open_wav(target, sample_rate) as write:
        for samples in _resample(_align(video, first, chunks), sample_rate):
            write((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
            written += len(samples)
            on_share(min(written / sample_rate / declared, 1.0) if declared else 0.0)
        missing = max(round(min_seconds * sample_rate) - written, 0)
        write(bytes(2 * missing))
    seconds = (written + missing) / sample_rate
    return Soundtrack(first.start_seconds or 0.0, seconds, declared)


def _decode(video: Path) -> Iterator[_Chunk]:
    """Yields the decoded frames, channels averaged; packets that can't be decoded are left out."""
    with open_container(video) as container:
        stream = container.streams.audio[0]
        converter, form = av.AudioResampler(format="flt"), None
        for frame in _frames(container, stream):
            if form not in (None, _form(frame)):
                converter = av.AudioResampler(format="flt")
            form = _form(frame)
            # Packed samples: PyAV crashes on planar ones of more than eight channels.
            for packed in converter.resample(frame):
                channels = packed.layout.nb_channels
                samples = packed.to_ndarray()[0].reshape(-1, channels)
                mono = samples.mean(axis=1, dtype=np.float32)
                if not np.isfinite(mono).all():
                    raise A2IError(f"{video}: its sound has NaN or infinity; export it again")
                yield _Chunk(frame.time, frame.sample_rate, mono)


def _form(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _frames(
    container: av.container.InputContainer, stream: av.AudioStream
) -> Iterator[av.AudioFrame]:
    # A file that is cut short ends in an error of the demuxer: what came before it is good.
    with contextlib.suppress(av.error.InvalidDataError, av.error.EOFError):
        for packet in container.demux(stream):
            with contextlib.suppress(av.error.InvalidDataError):
                yield from packet.decode()


def _align(video: Path, first: _Chunk, rest: Iterator[_Chunk]) -> Iterator[_Chunk]:
    """Fills gaps with silence and cuts overlaps, so that samples alone tell the time."""
    yield first
    start = first.start_seconds or 0.0
    end = start + len(first.samples) / first.sample_rate
    for chunk in rest:
        gap = 0.0 if chunk.start_seconds is None else chunk.start_seconds - end
        if abs(gap) > _MAX_GAP_SECONDS:
            raise A2IError(
                f"{video}: its times jump by {gap:.0f} s after {end - start:.0f} s; "
                "convert it with FFmpeg first"
            )
        rate, samples = chunk.sample_rate, chunk.samples
        if gap > _TOLERANCE_SECONDS:
            end += round(gap * rate) / rate
            yield from _silence(round(gap * rate), rate)
        elif gap < -_TOLERANCE_SECONDS:
            samples = samples[round(-gap * rate) :]
        end += len(samples) / rate
        yield _Chunk(None, rate, samples)


def _silence(num_samples: int, rate: int) -> Iterator[_Chunk]:
    at_once = round(_WRITTEN_AT_ONCE_SECONDS * rate)
    for begin in range(0, num_samples, at_once):
        yield _Chunk(None, rate, np.zeros(min(at_once, num_samples - begin), np.float32))


def _resample(chunks: Iterator[_Chunk], sample_rate: int) -> Iterator[NDArray[np.float32]]:
    resampler, rate, position = None, 0, 0
    for chunk in chunks:
        if chunk.sample_rate != rate:
            yield from _to_arrays(resampler, None)
            resampler = av.AudioResampler(format="flt", layout="mono", rate=sample_rate)
            rate, position = chunk.sample_rate, 0
        if not len(chunk.samples):
            continue
        frame = av.AudioFrame.from_ndarray(chunk.samples[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts = rate, position
        position += len(chunk.samples)
        yield from _to_arrays(resampler, frame)
    yield from _to_arrays(resampler, None)


def _to_arrays(
    resampler: av.AudioResampler | None, frame: av.AudioFrame | None
) -> Iterator[NDArray[np.float32]]:
    if resampler is not None:
        for resampled in resampler.resample(frame):
            yield resampled.to_ndarray()[0]


@contextlib.contextmanager
def _open_wav(target: Path, sample_rate: int) -> Iterator[Callable[[bytes], None]]:
    """Yields a function that appends samples."""
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with writing(target):
        file = target.open("wb")
    sound = wave.Wave_write(file)
    sound.setparams((1, 2, sample_rate, 0, "NONE", ""))

    def write(samples: bytes) -> None:
        with writing(target):
            sound.writeframesraw(samples)

    try:
        yield write
        with writing(target):
            sound.close()
            file.flush()
    finally:
        # After a failure, closing tries to write once more; the first error is the one to tell.
        for closing in (sound, file):
            with contextlib.suppress(OSError):
                closing.close()


def _declared_seconds(video: Path) -> float | None:
    with open_container(video) as container:
        stream = container.streams.audio[0]
        if stream.duration is not None:
            return float(stream.duration * stream.time_base)
        return None if container.duration is None else container.duration / av.time_base
