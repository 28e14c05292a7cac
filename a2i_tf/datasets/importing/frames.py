"""The frames that a video shows at given times, one at a time."""

from __future__ import annotations

import contextlib
import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import av.error

from a2i_tf.audio.container import open_container
from a2i_tf.errors import A2IError

# Where neither frame nor track tells how long the last frame is shown.
_FRAME_SECONDS = 0.04
# H.264 and HEVC reorder at most 16 pictures.
_MAX_REORDERED = 17


def frames_at(
    video: Path, times: Sequence[float], num_threads: int = 1
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yields the frame that is on the screen at each of some times.

    That is the last one whose time isn't later, whatever the frame rate does. No more than two
    decoded frames are held. Times before the first frame and after the last one have none.

    Args:
        video: Any file that FFmpeg reads.
        times: The video's own times in seconds, increasing.
        num_threads: Threads that decode.

    Yields:
        (position in `times`, frame).

    Raises:
        A2IError: if the video can't be read, or has no pictures.
    """
    with open_container(video) as container:
        stream = _picture_stream(video, container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = num_threads
        place, shown = 0, None
        for frame in _frames(container, stream, times):
            while shown is not None and place < len(times) and times[place] < frame.time:
                if times[place] >= shown.time:
                    yield place, shown
                place += 1
            if place == len(times):
                return
            shown = frame
        if shown is None:
            return
        end = shown.time + _seconds_shown(shown, stream)
        for last in range(place, len(times)):
            if shown.time <= times[last] < end:
                yield last, shown


def pixel_aspect(video: Path) -> float:
    """Returns the width of a video's pixels over their height.

    Raises:
        A2IError: if the video can't be read, or has no pictures.
    """
    with open_container(video) as container:
        return float(_picture_stream(video, container).sample_aspect_ratio or 1)


def _picture_stream(video: Path, container: av.container.InputContainer) -> av.VideoStream:
    for stream in container.streams.video:
        # A song's cover isn't a video.
        if stream.disposition & av.stream.Disposition.attached_pic:
            continue
        if stream.codec_context is None:
            raise A2IError(f"{video}: its pictures are in an unknown codec; convert it first")
        return stream
    raise A2IError(f"{video}: has sound but no pictures; give a video, or pair it in a list")


def _frames(
    container: av.container.InputContainer, stream: av.VideoStream, times: Sequence[float]
) -> Iterator[av.VideoFrame]:
    """Decodes all frames but those that no other frame refers to and no time asks for."""
    # A file that is cut short ends in an error of the demuxer: what came before it is good.
    with contextlib.suppress(av.error.InvalidDataError, av.error.EOFError):
        for packet, end in _with_ends(container.demux(stream)):
            wanted = _is_between(times, _seconds(packet), end)
            stream.codec_context.skip_frame = "DEFAULT" if wanted else "NONREF"
            with contextlib.suppress(av.error.InvalidDataError):
                for frame in packet.decode():
                    if frame.time is not None and not frame.is_corrupt:
                        yield frame


def _with_ends(packets: Iterator[av.Packet]) -> Iterator[tuple[av.Packet, float]]:
    """Yields packets with the time at which the next picture follows; packets aren't in order."""
    waiting: deque[av.Packet] = deque()
    for packet in packets:
        waiting.append(packet)
        if len(waiting) > _MAX_REORDERED:
            yield waiting[0], _end_of(waiting)
            waiting.popleft()
    while waiting:
        yield waiting[0], _end_of(waiting)
        waiting.popleft()


def _end_of(waiting: deque[av.Packet]) -> float:
    begin = _seconds(waiting[0])
    return min((time for packet in waiting if (time := _seconds(packet)) > begin), default=math.inf)


def _seconds(packet: av.Packet) -> float:
    return -math.inf if packet.pts is None else float(packet.pts * packet.time_base)


def _is_between(times: Sequence[float], begin: float, end: float) -> bool:
    place = bisect_left(times, begin)
    return place < len(times) and times[place] < end


def _seconds_shown(frame: av.VideoFrame, stream: av.VideoStream) -> float:
    if frame.duration:
        return float(frame.duration * frame.time_base)
    return float(1 / stream.average_rate) if stream.average_rate else _FRAME_SECONDS
