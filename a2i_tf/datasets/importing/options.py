"""How files become pairs."""

from __future__ import annotations

import dataclasses
from typing import Literal

from a2i_tf.config import Config

Fit = Literal["crop", "letterbox"]

SAMPLE_RATE = 16_000

# A second of video often has a hair less than a second of sound.
_MISSING_SECONDS = 0.01
_DECIMALS = 6


@dataclasses.dataclass(frozen=True)
class ImportOptions(Config):
    """What is the same for all files of an import.

    Attributes:
        frame_size: Width and height of the pictures in pixels.
        fit: How a picture becomes square: "crop" keeps its centre, "letterbox" adds black bars.
        window_seconds: Length of sound that belongs to one picture.
        hop_seconds: From the beginning of one window to that of the next.
        skip_silent: Leave out silent windows, black pictures and near-duplicate frames.
        seed: Seed of the dealing where pictures are paired with sounds by class.
    """

    frame_size: int = 128
    fit: Fit = "crop"
    window_seconds: float = 1.0
    hop_seconds: float = 1.0
    skip_silent: bool = True
    seed: int = 0

    @property
    def window_samples(self) -> int:
        """Samples in a window."""
        return round(self.window_seconds * SAMPLE_RATE)

    def window_starts(self, seconds: float) -> list[float]:
        """Returns where the windows begin that fit into `seconds` of sound, at least one."""
        room = seconds - self.window_seconds + _MISSING_SECONDS
        count = max(int(room // self.hop_seconds), 0) + 1
        return [self._start(number) for number in range(count)]

    def is_window_start(self, seconds: float) -> bool:
        """Tells whether one of the windows that follow each other by a hop begins there."""
        return seconds == self._start(round(seconds / self.hop_seconds))

    def _start(self, number: int) -> float:
        return round(number * self.hop_seconds, _DECIMALS)
