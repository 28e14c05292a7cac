"""Finding the real picture that belongs to a drawn one, among all real pictures.

Likeness is the cosine of both feature vectors. Where several real pictures are exactly as like,
the one that's looked for stands in their middle: a system that draws the same picture for
everything isn't lucky, and a picture that's in the data twice isn't a miss.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# Rows of drawn pictures whose likeness to all real ones is in memory at once.
_BLOCK = 512


def pair_ranks(generated: NDArray[np.float32], real: NDArray[np.float32]) -> NDArray[np.int64]:
    """Ranks all real pictures by likeness to each drawn one, and finds the exact pair.

    Args:
        generated: float32 [n, d], features of the drawn pictures.
        real: float32 [n, d], of the real picture that belongs to each.

    Returns:
        How many real pictures come before the exact pair, int64 [n] from 0 to n - 1.
    """
    ranks = []
    for rows, likeness in _blocks(generated, real):
        pair = rows[:, None] == np.arange(len(real))
        ranks.append(_places_before(likeness, likeness[pair], ~pair))
    return np.concatenate(ranks)


def class_ranks(
    generated: NDArray[np.float32], real: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Ranks all real pictures by likeness to each drawn one, and finds the first of its class.

    Args:
        generated: float32 [n, d], features of the drawn pictures.
        real: float32 [n, d], of the real pictures.
        labels: int64 [n], the classes of both.

    Returns:
        How many real pictures of other classes come before the first of the right one, int64 [n].
    """
    ranks = []
    for rows, likeness in _blocks(generated, real):
        same = labels[rows, None] == labels
        best = np.where(same, likeness, -np.inf).max(axis=1)
        ranks.append(_places_before(likeness, best, ~same))
    return np.concatenate(ranks)


def _places_before(
    likeness: NDArray[np.float32], found: NDArray[np.float32], rivals: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Counts the rivals that are more like than what was found, and half of those as like."""
    closer = ((likeness > found[:, None]) & rivals).sum(axis=1)
    as_close = ((likeness == found[:, None]) & rivals).sum(axis=1)
    return closer + as_close // 2


def _blocks(
    generated: NDArray[np.float32], real: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yields some rows of `generated`, and their likeness to all of `real`: [rows, n]."""
    directions = _to_unit_length(real).T
    for start in range(0, len(generated), _BLOCK):
        block = _to_unit_length(generated[start : start + _BLOCK])
        yield np.arange(start, start + len(block)), block @ directions


def _to_unit_length(features: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    # Features that are all zero have no direction, and are like nothing.
    return features / np.maximum(lengths, np.finfo(np.float32).tiny)
