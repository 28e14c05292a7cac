"""What the training split's features look like on average."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MIN_STANDARD_DEVIATION = 1e-3
# Windows whose squares are in memory at once.
_BLOCK = 1_024


@dataclass(frozen=True)
class MfccStatistics:
    """Per-coefficient statistics over all frames of the training split.

    Attributes:
        mean: float32 [coefficients].
        variance: float32 [coefficients], bounded away from zero.
        variance_in_windows: float32 [coefficients]; about the mean of the frame's window.
    """

    mean: NDArray[np.float32]
    variance: NDArray[np.float32]
    variance_in_windows: NDArray[np.float32]


class StatisticsSum:
    """Adds up features part by part, so that all of them needn't be in memory at once."""

    def __init__(self) -> None:
        self._frames = 0
        self._sums: NDArray[np.float64] = np.zeros(())
        self._squares: NDArray[np.float64] = np.zeros(())
        self._squares_of_windows: NDArray[np.float64] = np.zeros(())

    def add(self, features: NDArray[np.float32]) -> None:
        """Adds a part.

        Args:
            features: float32 [n, frames, coefficients].
        """
        frames = features.reshape(-1, features.shape[-1])
        self._frames += len(frames)
        self._sums = self._sums + frames.sum(axis=0, dtype=np.float64)
        self._squares = self._squares + np.square(frames, dtype=np.float64).sum(axis=0)
        means = features.mean(axis=1, dtype=np.float64)
        of_windows = features.shape[1] * np.square(means).sum(axis=0)
        self._squares_of_windows = self._squares_of_windows + of_windows

    def statistics(self) -> MfccStatistics:
        """Returns the statistics of all parts; there must be at least one."""
        mean = self._sums / self._frames
        variance = np.maximum(self._squares / self._frames - mean**2, _MIN_STANDARD_DEVIATION**2)
        in_windows = np.maximum((self._squares - self._squares_of_windows) / self._frames, 0.0)
        return MfccStatistics(
            mean.astype(np.float32), variance.astype(np.float32), in_windows.astype(np.float32)
        )


def measure_statistics(features: NDArray[np.float32]) -> MfccStatistics:
    """Measures mean and variances of every coefficient.

    Args:
        features: float32 [n, frames, coefficients].
    """
    total = StatisticsSum()
    for start in range(0, len(features), _BLOCK):
        total.add(features[start : start + _BLOCK])
    return total.statistics()
