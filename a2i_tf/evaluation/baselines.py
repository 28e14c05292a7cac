"""Systems that draw without learning: what a trained model must be held against.

Each is made from the training split and the test split, and draws for the items of the latter.
Some are told more than a model is: `class_mean` and `random_same_class` know the class, `real`
knows the picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.datasets.statistics import measure_statistics
from a2i_tf.evaluation.systems import System

Baseline = Callable[[Arrays, Arrays], System]

# Training items whose distances to all test items are in memory at once.
_DISTANCE_BLOCK = 1_024


def mean_image(train: Arrays, test: Arrays) -> System:
    """Draws the mean of all training images, whatever is heard."""
    del test
    mean = _mean(train.images)

    def draw(rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
        del rng
        return np.repeat(mean[None], len(rows), axis=0)

    return System("mean_image", draw, varies=False)


def class_mean(train: Arrays, test: Arrays) -> System:
    """Draws the mean of the training images of the item's true class.

    Raises:
        ValueError: if a class of the test split has no training images.
    """
    labels, class_of_item = np.unique(test.labels, return_inverse=True)
    means = np.stack([_mean(train.images[_rows_of(train, label)]) for label in labels])
    return _one_picture_an_item("class_mean", means, class_of_item)


def nearest_audio(train: Arrays, test: Arrays) -> System:
    """Draws the training image whose MFCC is nearest.

    The distance is Euclidean over all frames and coefficients, after every coefficient is scaled
    to zero mean and unit variance over the training split.
    """
    statistics = measure_statistics(train.mfcc)
    deviation = np.sqrt(statistics.variance)

    def scale(mfcc: NDArray[np.float32]) -> NDArray[np.float32]:
        return ((mfcc - statistics.mean) / deviation).reshape(len(mfcc), -1)

    rows = _nearest_rows(train.mfcc, scale(test.mfcc), scale)
    return _one_picture_an_item("nearest_audio", train.images, rows)


def random_same_class(train: Arrays, test: Arrays) -> System:
    """Draws a random training image of the item's true class: sharp, but not of this moment.

    Raises:
        ValueError: if a class of the test split has no training images.
    """
    known = {int(label): _rows_of(train, label) for label in np.unique(test.labels)}

    def draw(rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
        chosen = [rng.choice(known[int(label)]) for label in test.labels[rows]]
        return train.images[chosen]

    return System("random_same_class", draw, varies=True)


def real(train: Arrays, test: Arrays) -> System:
    """Draws the real test image: the ceiling of every metric."""
    del train
    return _one_picture_an_item("real", test.images, np.arange(len(test.images)))


BASELINES: dict[str, Baseline] = {
    "mean_image": mean_image,
    "class_mean": class_mean,
    "nearest_audio": nearest_audio,
    "random_same_class": random_same_class,
    "real": real,
}
"""All baselines by name."""


def _one_picture_an_item(
    name: str, pictures: NDArray[np.uint8], picture_of_item: NDArray[np.int64]
) -> System:
    def draw(rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
        del rng
        return pictures[picture_of_item[rows]]

    return System(name, draw, varies=False)


def _mean(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.round(images.mean(axis=0)).astype(np.uint8)


def _rows_of(train: Arrays, label: np.int64) -> NDArray[np.int64]:
    rows = np.flatnonzero(train.labels == label)
    if not len(rows):
        raise ValueError(f"label {label} has no training images")
    return rows


def _nearest_rows(
    known: NDArray[np.float32],
    heard: NDArray[np.float32],
    scale: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> NDArray[np.int64]:
    """Returns for every row of `heard` the nearest scaled row of `known`; the first of several."""
    nearest = np.zeros(len(heard), np.int64)
    least = np.full(len(heard), np.inf, np.float32)
    for start in range(0, len(known), _DISTANCE_BLOCK):
        block = scale(known[start : start + _DISTANCE_BLOCK])
        # |h - k|² = |h|² - 2 h·k + |k|², and |h|² is the same for all k.
        distances = 0.5 * (block * block).sum(axis=1) - heard @ block.T
        closest = distances.argmin(axis=1)
        distance = np.take_along_axis(distances, closest[:, None], axis=1)[:, 0]
        closer = distance < least
        nearest[closer], least[closer] = start + closest[closer], distance[closer]
    return nearest
