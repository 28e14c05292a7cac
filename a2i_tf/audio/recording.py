"""What a decoder returns."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True)
class Recording:
    """Decoded audio before downmixing and resampling.

    Attributes:
        samples: float32 [num_samples, channels], full scale at -1 and 1. Lossy codecs overshoot
            it, and a float WAV may hold anything.
        sample_rate: In Hz.
    """

    samples: NDArray[np.float32]
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate
