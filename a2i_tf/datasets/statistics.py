"""What the training split's features look like on average."""

from __future__ import annotations

from collections.abc import Iterable
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


def measure_statistics(batches: Iterable[NDArray[np.float32]]) -> MfccStatistics:
    """Measures mean and variance of every coefficient.

    Args:
        batches: Of features, each float32 [batch, frames, coefficients].
    """
    features = np.concatenate(list(batches))
    frames = features.reshape(-1, features.shape[-1]).astype(np.float64)
    variance = np.maximum(frames.var(axis=0), _MIN_STANDARD_DEVIATION**2)
    return MfccStatistics(frames.mean(axis=0).astype(np.float32), variance.astype(np.float32))
