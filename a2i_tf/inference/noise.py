"""The part of a picture that can't be heard, from a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.errors import A2IError


def noise_from_seed(seed: int, noise_dim: int) -> NDArray[np.float32]:
    """Draws the noise of one picture.

    It comes from NumPy, whose generator gives the same numbers on every machine (NEP 19), so that
    all backends draw the same picture for the same seed.

    Args:
        seed: Any whole number from 0.
        noise_dim: Length of the noise.

    Returns:
        float32 [noise_dim], standard normal.

    Raises:
        A2IError: if the seed is negative.
    """
    if seed < 0:
        raise A2IError(f"seed {seed} is below 0; choose 0 or a larger whole number")
    return np.random.default_rng(seed).standard_normal(noise_dim, dtype=np.float32)
