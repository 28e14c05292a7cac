"""Systems that draw without learning: what a trained model must be held against.

Each takes the training split, the test split and a random generator, and returns one picture a
test item, uint8 [n_test, size, size, 3]. Some are told more than a model is: `class_mean` and
`random_same_class` know the class, `real` knows the picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.datasets.statistics import measure_statistics

Baseline = Callable[[Arrays, Arrays, np.random.Generator], NDArray[np.uint8]]

# Rows of test items whose distances to all training items are in memory at once.
_DISTANCE_BLOCK = 512


def mean_image(train: Arrays, test: Arrays, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws the mean of all training images, whatever is heard."""
    del rng
    return np.repeat(_mean(train.images)[None], len(test.images), axis=0)


def class_mean(train: Arrays, test: Arrays, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws the mean of the training images of the item's true class.

    Raises:
        ValueError: if a class of the test split has no training images.
    """
    del rng
    means = {label: _mean(train.images[_rows_of(train, label)]) for label in np.unique(test.labels)}
    return np.stack([means[label] for label in test.labels])


def nearest_audio(train: Arrays, test: Arrays, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws the training image whose MFCC is nearest.

    The distance is Euclidean over all frames and coefficients, after every coefficient is scaled
    to zero mean and unit variance over the training split, as the encoder hears it.
    """
    del rng
    statistics = measure_statistics([train.mfcc])
    deviation = np.sqrt(statistics.variance)
    known, heard = (
        ((arrays.mfcc - statistics.mean) / deviation).reshape(len(arrays.mfcc), -1)
        for arrays in (train, test)
    )
    return train.images[_nearest_rows(known, heard)]


def random_same_class(train: Arrays, test: Arrays, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws a random training image of the item's true class: sharp, but not of this moment.

    Raises:
        ValueError: if a class of the test split has no training images.
    """
    rows = np.empty(len(test.labels), np.int64)
    for label in np.unique(test.labels):
        asked = test.labels == label
        rows[asked] = rng.choice(_rows_of(train, label), size=asked.sum())
    return train.images[rows]


def real(train: Arrays, test: Arrays, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws the real test image: the ceiling of every metric."""
    del train, rng
    return test.images


BASELINES: dict[str, Baseline] = {
    "mean_image": mean_image,
    "class_mean": class_mean,
    "nearest_audio": nearest_audio,
    "random_same_class": random_same_class,
    "real": real,
}
"""All baselines by name, in the order of the report."""


def _mean(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.round(images.mean(axis=0)).astype(np.uint8)


def _rows_of(train: Arrays, label: np.int64) -> NDArray[np.int64]:
    rows = np.flatnonzero(train.labels == label)
    if not len(rows):
        raise ValueError(f"label {label} has no training images")
    return rows


def _nearest_rows(known: NDArray[np.float32], heard: NDArray[np.float32]) -> NDArray[np.int64]:
    """Returns for every row of `heard` the nearest row of `known`; the first, if several are."""
    # |h - k|² = |h|² - 2 h·k + |k|², and |h|² is the same for all k.
    half_squares = 0.5 * (known * known).sum(axis=1)
    starts = range(0, len(heard), _DISTANCE_BLOCK)
    return np.concatenate(
        [
            (half_squares - heard[start : start + _DISTANCE_BLOCK] @ known.T).argmin(axis=1)
            for start in starts
        ]
    )
