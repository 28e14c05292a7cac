"""What teaches nothing: silence, black pictures, and a frame that looks like the one before."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from a2i_tf.datasets.picture_hash import hash_distance, perceptual_hash

# -60 dB of full scale: below the noise of any room that a microphone hears.
_SILENCE_RMS = 0.001
# Video's black is 16 of 255; night scenes have lights.
_BLACK_LEVEL = 24
_BRIGHT_SHARE = 0.01
_SAME_HASH_BITS = 2
_SAME_COLOUR_LEVELS = 8.0


def is_silent(window: NDArray[np.float32]) -> bool:
    """Tells whether a window, float32 [num_samples] in [-1, 1], is below -60 dB of full scale."""
    return bool(np.sqrt(np.mean(np.square(window, dtype=np.float64))) < _SILENCE_RMS)


def is_black(image: Image.Image) -> bool:
    """Tells whether less than 1% of a picture is brighter than black."""
    return bool(np.mean(np.asarray(image.convert("L")) > _BLACK_LEVEL) < _BRIGHT_SHARE)


def sounding_starts(
    sound: Path, starts: list[float], window_samples: int, *, skip_silent: bool
) -> list[float]:
    """Returns the starts, in seconds, of those windows of a 16-bit mono WAV that aren't silent.

    One window is in memory at a time.
    """
    if not skip_silent:
        return starts
    kept = []
    with wave.open(str(sound)) as file:
        for start in starts:
            file.setpos(min(round(start * file.getframerate()), file.getnframes()))
            samples = np.frombuffer(file.readframes(window_samples), "<i2")
            if len(samples) and not is_silent(samples.astype(np.float32) / 32768):
                kept.append(start)
    return kept


class Repetition:
    """Tells pictures of one source that look like the last one that was kept."""

    def __init__(self) -> None:
        self._last: tuple[int, NDArray[np.float32]] | None = None

    def repeats(self, image: Image.Image) -> bool:
        """Tells whether a picture repeats the last one kept; if not, it is the last one kept.

        Both must agree: the perceptual hash tells shapes and ignores colours, and a mean
        difference tells colours and ignores what is small.
        """
        code, pixels = perceptual_hash(image), np.asarray(image, np.float32)
        if self._last is not None:
            near = hash_distance(code, self._last[0]) <= _SAME_HASH_BITS
            if near and np.abs(pixels - self._last[1]).mean() < _SAME_COLOUR_LEVELS:
                return True
        self._last = code, pixels
        return False
