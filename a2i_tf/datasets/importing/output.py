"""Writing the imported files, whose failure ends an import, unlike that of reading one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from a2i_tf.atomic import explain_os_errors, write_bytes
from a2i_tf.audio.wav_file import wav_bytes
from a2i_tf.errors import A2IError


class OutputError(A2IError):
    """The dataset can't be written, whatever is read."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an `OSError` from writing to `path` into an `OutputError`."""
    try:
        with explain_os_errors(path):
            yield
    except A2IError as error:
        raise OutputError(str(error)) from error


def save_picture(image: Image.Image, path: Path) -> None:
    """Saves a picture as PNG, and makes its folder."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, "PNG", compress_level=1)


def save_waveform(waveform: NDArray[np.float32], sample_rate: int, path: Path) -> None:
    """Saves a mono waveform, float32 [num_samples] in [-1, 1], as 16-bit PCM WAV."""
    with writing(path):
        write_bytes(path, wav_bytes(waveform, sample_rate))
