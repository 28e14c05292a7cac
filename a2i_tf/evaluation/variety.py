"""How far pictures lie apart: from each other, and from those that a model learned from.

All distances are Euclidean, between feature vectors. They mean something only as ratios, to the
same distance among real pictures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from sklearn.metrics import pairwise_distances_argmin_min


def mean_pairwise_distance(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns the mean distance between two members of each group: float64 [groups].

    Args:
        features: float32 [groups, k, d], k at least 2.

    Raises:
        ValueError: if a group has fewer than 2 members.
    """
    if features.shape[1] < 2:
        raise ValueError("a distance needs at least 2 members of each group")
    return np.array([pdist(group).mean() for group in features])


def class_distances(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    most: int = 300,
) -> NDArray[np.float64]:
    """Measures how far the pictures of one class lie apart.

    Args:
        features: float32 [n, d], of real pictures.
        labels: int64 [n], their classes.
        rng: Chooses the pictures of a class that has more than `most`.
        most: So many pictures of a class are compared; the cost grows with the square.

    Returns:
        The mean distance between two pictures of every class, by label: float64 [num_labels],
        num_labels being the highest label + 1. NaN for a class with fewer than 2 pictures.
    """
    distances = np.full(labels.max() + 1, np.nan)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) > most:
            rows = rng.choice(rows, most, replace=False)
        if len(rows) > 1:
            distances[label] = pdist(features[rows]).mean()
    return distances


def nearest_distance(
    features: NDArray[np.float32], known: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Returns the distance of every row to the nearest of the known ones: float64 [n].

    Args:
        features: float32 [n, d].
        known: float32 [m, d], such as those of all training pictures.
    """
    # Works in blocks of its own, so that n x m distances are never in memory together.
    _, distances = pairwise_distances_argmin_min(features, known)
    return distances.astype(np.float64)
