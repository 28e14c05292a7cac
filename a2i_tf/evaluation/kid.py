"""The kernel inception distance, on any features: how far two sets of pictures lie apart.

It's the measure of Bińkowski et al. 2018, "Demystifying MMD GANs" (arXiv 1801.01401), section 4.
Its kernel isn't free of scale: features twice as large give another number, so values compare
only where the same network looked at both sets.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.evaluation.report import Score

_DEGREE = 3


def kid(
    features: NDArray[np.float32],
    reference: NDArray[np.float32],
    rng: np.random.Generator,
    num_subsets: int = 100,
    subset_size: int = 100,
) -> Score:
    """Squared maximum mean discrepancy under the kernel (x·y / d + 1)³, without bias.

    Args:
        features: float32 [n, d], of the pictures to be judged, n at least 2.
        reference: float32 [m, d], of real pictures, m at least 2.
        rng: Where the subsets come from.
        num_subsets: How many random subsets of each set are compared.
        subset_size: Their size, drawn without replacement; at most that of the smaller set.

    Returns:
        Mean and standard deviation over the subsets. The mean is about 0 for two sets of the same
        distribution, and may fall below.

    Raises:
        ValueError: if a set has fewer than 2 rows.
    """
    size = min(subset_size, len(features), len(reference))
    if size < 2:
        raise ValueError("kid needs at least 2 pictures on each side")
    distances = [
        _squared_discrepancy(
            features[rng.choice(len(features), size, replace=False)],
            reference[rng.choice(len(reference), size, replace=False)],
        )
        for _ in range(num_subsets)
    ]
    return Score(mean=float(np.mean(distances)), spread=float(np.std(distances)))


def _squared_discrepancy(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    within = _mean_of_others(_kernel(first, first)) + _mean_of_others(_kernel(second, second))
    return float(within - 2 * _kernel(first, second).mean())


def _kernel(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    products = first.astype(np.float64) @ second.T.astype(np.float64)
    return (products / first.shape[1] + 1) ** _DEGREE


def _mean_of_others(kernel: NDArray[np.float64]) -> float:
    """Returns the mean without the diagonal: an item's likeness to itself is the bias."""
    count = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))
