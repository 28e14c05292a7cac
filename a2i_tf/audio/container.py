"""Opening a media file with FFmpeg, and saying in one line why it can't be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import av
import av.error

from a2i_tf.errors import A2IError


@contextlib.contextmanager
def open_container(path: Path) -> Iterator[av.container.InputContainer]:
    """Yields the opened file; an error of FFmpeg inside the block becomes an `A2IError`.

    Raises:
        A2IError: if the file is missing, a folder, empty, unreadable, in no known format, or has
            no audio track.
    """
    _check_file(path)
    try:
        # A file object keeps FFmpeg from reading "name:" as a protocol, and the whitelist keeps a
        # playlist from making it open other files or addresses.
        with (
            path.open("rb") as file,
            # Titles are often in older encodings.
            av.open(
                file, options={"protocol_whitelist": "none"}, metadata_errors="replace"
            ) as container,
        ):
            if not container.streams.audio:
                raise A2IError(f"{path}: has no audio track; give a file with sound in it")
            context = container.streams.audio[0].codec_context
            if context is None:
                raise A2IError(f"{path}: its sound is in an unknown codec; convert it first")
            if context.sample_rate < 1 or context.channels < 1:
                raise _unknown_format(path)
            yield container
    except PermissionError as error:
        raise A2IError(f"{path}: permission denied; make the file readable to you") from error
    except av.error.FFmpegError as error:
        raise _unknown_format(path) from error
    except OSError as error:
        raise A2IError(f"{path}: cannot be read: {error.strerror or error}") from error


def _unknown_format(path: Path) -> A2IError:
    return A2IError(
        f"{path}: is damaged or in no known audio or video format; "
        "give a WAV, FLAC, MP3, Ogg, M4A or video file"
    )


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError) as error:
        raise A2IError(f"{path}: no such file; check the spelling") from error
    except PermissionError as error:
        raise A2IError(f"{path}: permission denied; make its folder readable to you") from error
    except (OSError, ValueError) as error:
        raise A2IError(f"{path}: cannot be read: {error}") from error
    if path.is_dir():
        raise A2IError(f"{path}: is a folder; give an audio or video file")
    if not path.is_file():
        raise A2IError(f"{path}: is not a regular file; save the sound to a file first")
    if size == 0:
        raise A2IError(f"{path}: is empty (0 bytes); record, copy or download it again")
