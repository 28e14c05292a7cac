"""The process that decodes strangers' files: `python -m a2i_tf.serving.decoder_worker`.

It imports what decodes and nothing else. For every byte on its standard input it decodes the file
named `UPLOAD` in its folder, and answers on its standard output with `ANSWER` (a status, whether it
should be replaced because it has grown large, and a length) and so many bytes: a WAV file, or one
line that says what is wrong. It first answers with `READY` and no bytes. What it can't answer any
more, such as a crash or a limit of the system's, its parent sees as the end of the output.
"""

from __future__ import annotations

import argparse
import os
import resource
import struct
from pathlib import Path
from typing import BinaryIO

ANSWER = struct.Struct("<B?Q")
DECODED, REFUSED, READY = range(3)
# It begins the messages that people get, as a file's name does elsewhere.
UPLOAD = "the file"
SAMPLE_RATE = 16_000

_OPEN_FILES = 16
# The libraries alone take 110 MiB, and Python gives back little of what a long clip took.
_LARGE_BYTES = 256 * 2**20


def main() -> None:
    """Serves until its standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--max-clip-seconds", type=float, required=True)
    parser.add_argument("--decode-seconds", type=float, required=True)
    parser.add_argument("--memory-bytes", type=int, required=True)
    arguments = parser.parse_args()
    _bound(resource.RLIMIT_AS, arguments.memory_bytes)
    _bound(resource.RLIMIT_CORE, 0)
    from a2i_tf.audio import decode  # noqa: F401

    os.chdir(arguments.folder)
    _bound(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _bound(resource.RLIMIT_FSIZE, 0)
    with open(0, "rb", buffering=0) as requests, open(1, "wb") as answers:
        _answer(answers, READY, b"")
        while requests.read(1):
            _bound_processor_time(arguments.decode_seconds)
            _answer(answers, *_decode(arguments.max_clip_seconds))


def _decode(max_clip_seconds: float) -> tuple[int, bytes]:
    from a2i_tf.audio.decode import load_waveform
    from a2i_tf.audio.probe import count_seconds
    from a2i_tf.audio.wav_file import wav_bytes
    from a2i_tf.errors import A2IError

    path = Path(UPLOAD)
    try:
        # A few kilobytes of FLAC can be hours of silence.
        _check_length(count_seconds(path), max_clip_seconds)
        waveform = load_waveform(path, SAMPLE_RATE, use_tensorflow=False)
        _check_length(len(waveform) / SAMPLE_RATE, max_clip_seconds)
        return DECODED, wav_bytes(waveform, SAMPLE_RATE)
    except A2IError as error:
        return REFUSED, str(error).encode()
    except MemoryError:
        text = f"{UPLOAD}: takes more memory than a file may; send a shorter one, or one in mono"
        return REFUSED, text.encode()


def _check_length(seconds: float, max_clip_seconds: float) -> None:
    from a2i_tf.errors import A2IError

    if seconds > max_clip_seconds:
        raise A2IError(
            f"{UPLOAD}: holds {seconds:.0f} seconds of sound; send at most {max_clip_seconds:g}"
        )


def _answer(answers: BinaryIO, status: int, contents: bytes) -> None:
    answers.write(ANSWER.pack(status, _has_grown_large(), len(contents)))
    answers.write(contents)
    answers.flush()


def _has_grown_large() -> bool:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except FileNotFoundError:
        # Only Linux tells what a process holds now; the peak that others tell began in the server.
        return False
    return pages * resource.getpagesize() > _LARGE_BYTES


def _bound(kind: int, most: int) -> None:
    resource.setrlimit(kind, (most, most))


def _bound_processor_time(seconds: float) -> None:
    """Lets the process run so long from now: the system counts from its start."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, hard))


if __name__ == "__main__":
    main()
