"""What is evaluated: anything that draws pictures for the sounds of the test split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from a2i_tf.models.drawing import DrawingModel

Draw = Callable[[NDArray[np.int64], np.random.Generator], NDArray[np.uint8]]


@dataclass(frozen=True)
class System:
    """One row of the report.

    Attributes:
        name: What the report calls it.
        draw: Takes rows of the test split, int64 [k], a row as often as it likes, and a random
            generator; returns a picture for each, uint8 [k, size, size, 3].
        varies: Whether it draws something else for the same sound when asked again.
    """

    name: str
    draw: Draw
    varies: bool

    def draw_samples(
        self, rows: NDArray[np.int64], count: int, rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Draws several pictures of every sound.

        Args:
            rows: int64 [k], rows of the test split.
            count: How many of each.
            rng: Where the differences between them come from.

        Returns:
            uint8 [k, count, size, size, 3]. A system that doesn't vary repeats itself.
        """
        drawn = self.draw(np.repeat(rows, count) if self.varies else rows, rng)
        if self.varies:
            return drawn.reshape(len(rows), count, *drawn.shape[1:])
        return np.broadcast_to(drawn[:, None], (len(rows), count, *drawn.shape[1:]))


def model_system(name: str, model: DrawingModel, heard: NDArray[np.float32]) -> System:
    """Makes a system of a trained model: what varies is its noise.

    Models with noise of the same length get the same noise from the same generator.

    Args:
        name: What the report calls it.
        model: The model.
        heard: The MFCC of the test split at the model's front end, float32
            [n_test, frames, coefficients].
    """

    def draw(rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
        noise = rng.standard_normal((len(rows), model.config.noise_dim), dtype=np.float32)
        return model.draw(heard[rows], noise)

    return System(name, draw, varies=True)


def items_of_others(sources: NDArray[np.str_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Gives every item another one, and each away once.

    Args:
        sources: str [n], the source of every item.
        rng: Where the choice comes from.

    Returns:
        int64 [n], a permutation of the rows. All come from another source, unless one source
        holds more than half of all items; all are other items, unless there is only one.
    """
    count = len(sources)
    _, source_of_item = np.unique(sources, return_inverse=True)
    largest = int(np.bincount(source_of_item).max())
    places = rng.permutation(source_of_item.max() + 1)[source_of_item]
    # Sources one after the other: a turn by at least the longest of them leaves every one behind.
    order = np.lexsort((rng.random(count), places))
    apart = 2 * largest <= count
    turn = int(rng.integers(largest, count - largest + 1)) if apart else count // 2
    partners = np.empty(count, np.int64)
    partners[order] = np.roll(order, turn)
    return partners


def evenly_spread(count: int, most: int) -> NDArray[np.int64]:
    """Chooses up to `most` of `count` rows, evenly spread: int64 [min(count, most)]."""
    chosen = min(count, most)
    return np.arange(chosen) * count // chosen
