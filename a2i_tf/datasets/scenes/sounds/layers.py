"""What a scene hands over: the subject, and what surrounds the listener."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Layers(NamedTuple):
    """Two tracks, each float32 [NUM_SAMPLES].

    Attributes:
        subject: What one stands near to or far from.
        surroundings: What is heard at the same distance wherever one stands.
    """

    subject: NDArray[np.float32]
    surroundings: NDArray[np.float32]
