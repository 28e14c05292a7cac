"""What the training split's features look like on average."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MIN_STANDARD_DEVIATION = 1e-3


@dataclass(frozen=True)
class MfccStatistics:
    """Per-coefficient statistics over all frames of the training split.

    Attributes:
        mean: float32 [coefficients].
        variance: float32 [coefficients], bounded away from zero.
    """

    mean: NDArray[np.float32]
    variance: NDArray[np.float32]


def measure_statistics(features: NDArray[np.float32]) -> MfccStatistics:
    """Measures mean and variance of every coefficient.

    Args:
        features: float32 [n, frames, coefficients].
    """
    frames = features.reshape(-1, features.shape[-1])
    variance = np.maximum(frames.var(axis=0, dtype=np.float64), _MIN_STANDARD_DEVIATION**2)
    mean = frames.mean(axis=0, dtype=np.float64)
    return MfccStatistics(mean.astype(np.float32), variance.astype(np.float32))
