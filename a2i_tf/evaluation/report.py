"""What an evaluation found, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from a2i_tf.evaluation.tables import control_lines, system_tables

if TYPE_CHECKING:
    from a2i_tf.evaluation.controls import Controls

WEAK_JUDGE_ACCURACY = 0.9


@dataclass(frozen=True)
class Score:
    """One metric of one system.

    Attributes:
        mean: Mean over all test items.
        spread: Standard deviation, over the test sources, of each source's mean. The items of
            one source resemble each other; a deviation over items would promise too much. It is
            0 where there is one source. What isn't measured item by item has a deviation of its
            own: `kid` over subsets, `factor_r2` over resampled sources, a row of several seeds
            over the seeds.
    """

    mean: float
    spread: float

    @property
    def is_finite(self) -> bool:
        """Whether there is a number to be told."""
        return bool(np.isfinite([self.mean, self.spread]).all())

    def to_dict(self) -> dict[str, float]:
        """Returns plain JSON types."""
        return {"mean": self.mean, "spread": self.spread}


Scores = dict[str, Score]
"""The metrics of one system, by name."""


@dataclass(frozen=True)
class Report:
    """The result of `evaluate`.

    Attributes:
        dataset: Name of the dataset.
        checksum: Its checksum.
        num_test: Number of test items, the same for every system.
        judge_accuracy: The judge's accuracy on the real test images: the ceiling of
            `class_accuracy`, and what that figure is worth.
        factors: Names of the dataset's known factors; empty where it has none.
        systems: Scores by the system's name, then by the metric's.
        controls: What the first model draws for louder, mixed and odd sounds.
        notes: Lines that a reader of the figures should know.
        picture: What some of the systems draw, side by side; uint8 [height, width, 3].
    """

    dataset: str
    checksum: str
    num_test: int
    judge_accuracy: float
    factors: tuple[str, ...]
    systems: dict[str, Scores]
    controls: Controls
    notes: tuple[str, ...]
    picture: NDArray[np.uint8] = field(repr=False, compare=False)

    @property
    def judge_is_weak(self) -> bool:
        """Whether the judge errs on real images too often to judge drawn ones."""
        return self.judge_accuracy < WEAK_JUDGE_ACCURACY

    def to_dict(self) -> dict[str, Any]:
        """Returns all but the picture as plain JSON types, under stable keys."""
        return {
            "dataset": self.dataset,
            "checksum": self.checksum,
            "split": "source",
            "n_test": self.num_test,
            "judge": {
                "accuracy_on_real_test": self.judge_accuracy,
                "weak": self.judge_is_weak,
            },
            "factors": list(self.factors),
            "systems": {
                name: {metric: score.to_dict() for metric, score in scores.items()}
                for name, scores in self.systems.items()
            },
            "controls": self.controls.to_dict(),
            "notes": list(self.notes),
        }

    def to_markdown(self) -> str:
        """Returns the judge's accuracy, tables with a system a row, the controls and the notes."""
        weak = ": it is weak, and so are its verdicts" if self.judge_is_weak else ""
        lines = [
            f"The judge names {self.judge_accuracy:.1%} of the real test images{weak}.",
            f"{self.dataset}: {self.num_test} test items, split by source.",
            "",
            *system_tables(self.systems),
            *control_lines(self.controls),
            *(["", "Notes", ""] if self.notes else []),
            *(f"- {note}" for note in self.notes),
        ]
        return "\n".join(lines) + "\n"


def score_by_source(values: NDArray[np.float64], sources: NDArray[np.str_]) -> Score:
    """Averages a metric over items, and measures how far the sources lie apart.

    Args:
        values: float64 [n], one an item; NaN where an item has none.
        sources: str [n], the source of every item.

    Returns:
        The score over the items that have a value, NaN where none has.
    """
    known = ~np.isnan(values)
    if not known.any():
        return Score(np.nan, np.nan)
    values = values[known]
    if not np.isfinite(values).all():
        return Score(float(values.mean()), np.nan)
    _, source_of_item = np.unique(sources[known], return_inverse=True)
    source_means = np.bincount(source_of_item, weights=values) / np.bincount(source_of_item)
    return Score(mean=float(values.mean()), spread=float(source_means.std()))


def score_over_seeds(runs: list[Scores]) -> Scores:
    """Averages the runs of several seeds; the spread is the deviation of their means.

    Args:
        runs: The scores of every run, at least one; a metric that one of them lacks is left out.
    """
    return {
        metric: Score(
            mean=float(np.mean([scores[metric].mean for scores in runs])),
            spread=float(
                np.std([scores[metric].mean for scores in runs], ddof=min(1, len(runs) - 1))
            ),
        )
        for metric in runs[0]
        if all(metric in scores for scores in runs)
    }


def only_finite(scores: Mapping[str, Score]) -> Scores:
    """Leaves out what is no number: JSON has none for it."""
    return {name: score for name, score in scores.items() if score.is_finite}
