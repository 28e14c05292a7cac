"""What a file's headers say about its audio, before any of it is decoded."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import av

from a2i_tf.audio.container import open_container
from a2i_tf.audio.wav_header import declared_pcm_seconds

# Elsewhere FFmpeg's duration is a guess, or that of the pictures.
_CONTAINERS_WITH_LENGTH = ("flac", "ogg", "mov,mp4,m4a,3gp,3g2,mj2")
_MP3_LENGTH_TAGS = (b"Xing", b"Info", b"VBRI")


@dataclasses.dataclass(frozen=True)
class Probe:
    """The first audio track of a file.

    Attributes:
        container: FFmpeg's name of the file format, such as "wav" or "matroska,webm".
        codec: FFmpeg's name of the codec, such as "pcm_s16le" or "vorbis".
        sample_rate: In Hz.
        channels: Number of channels.
        num_tracks: Tracks of any kind in the file.
        declared_seconds: Length that the file's header declares, or None where there is none.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    num_tracks: int
    declared_seconds: float | None


def probe_audio(path: Path) -> Probe:
    """Reads the headers of any audio or video file.

    Raises:
        A2IError: if the file is missing, a folder, empty, unreadable, in no known format, or has
            no audio track.
    """
    with open_container(path) as container:
        stream = container.streams.audio[0]
        return Probe(
            container=container.format.name,
            codec=stream.codec_context.name,
            sample_rate=stream.codec_context.sample_rate,
            channels=stream.codec_context.channels,
            num_tracks=len(container.streams),
            declared_seconds=_declared_seconds(path, container.format.name, stream),
        )


def count_seconds(path: Path) -> float:
    """Returns the seconds of audio in a file's packets, without decoding them.

    Damaged stretches are left out, as FFmpeg can't find the packets in them.

    Raises:
        A2IError: if the file can't be opened.
    """
    with open_container(path) as container:
        stream = container.streams.audio[0]
        ticks = sum(packet.duration or 0 for packet in container.demux(stream))
        return float(ticks * stream.time_base)


def _declared_seconds(path: Path, container: str, stream: av.AudioStream) -> float | None:
    if container == "wav" and stream.codec_context.name.startswith("pcm_"):
        return declared_pcm_seconds(path)
    has_length = container in _CONTAINERS_WITH_LENGTH or (
        container == "mp3" and _has_mp3_length(path)
    )
    if not has_length or stream.duration is None:
        return None
    return float(stream.duration * stream.time_base)


def _has_mp3_length(path: Path) -> bool:
    """Whether the first MP3 frame counts the others; FFmpeg guesses from the bit rate if not."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            # An ID3v2 tag's size is four digits of seven bits (id3.org, ID3v2.4.0, section 3.1).
            size = sum(
                digit << shift for digit, shift in zip(head[6:], (21, 14, 7, 0), strict=True)
            )
            file.seek(size, 1)
        else:
            file.seek(0)
        first_frame = file.read(4096)
    return any(tag in first_frame for tag in _MP3_LENGTH_TAGS)
