"""Random numbers by purpose, so that one more system or metric changes no other's."""

from __future__ import annotations

import zlib

import numpy as np


def random_stream(seed: int, purpose: str) -> np.random.Generator:
    """Returns the generator of one purpose; the same seed and purpose give the same numbers."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])
