"""What an evaluation found, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEAK_JUDGE_ACCURACY = 0.9


@dataclass(frozen=True)
class Score:
    """One metric of one system.

    Attributes:
        mean: Mean over all test items.
        spread: Standard deviation, over the test sources, of each source's mean. The items of
            one source resemble each other; a deviation over items would promise too much. It is
            0 where there is one source.
    """

    mean: float
    spread: float


@dataclass(frozen=True)
class Report:
    """The result of `evaluate`.

    Attributes:
        dataset: Name of the dataset.
        checksum: Its checksum.
        num_test: Number of test items, the same for every system.
        judge_accuracy: The judge's accuracy on the real test images: the ceiling of
            `class_accuracy`, and what that figure is worth.
        systems: Scores by the system's name, then by the metric's.
        notes: Lines that a reader of the figures should know.
        picture: What some of the systems draw, side by side; uint8 [height, width, 3].
    """

    dataset: str
    checksum: str
    num_test: int
    judge_accuracy: float
    systems: dict[str, dict[str, Score]]
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
            "systems": {
                name: {
                    metric: {"mean": score.mean, "spread": score.spread}
                    for metric, score in scores.items()
                }
                for name, scores in self.systems.items()
            },
            "notes": list(self.notes),
        }

    def to_markdown(self) -> str:
        """Returns a table with a system a row and a metric a column, and the notes below it."""
        metrics = list(dict.fromkeys(metric for s in self.systems.values() for metric in s))
        lines = [
            f"{self.dataset}: {self.num_test} test items, split by source; the judge names "
            f"{self.judge_accuracy:.1%} of the real ones",
            "",
            "| system | " + " | ".join(metrics) + " |",
            "| --- |" + " ---: |" * len(metrics),
        ]
        for name, scores in self.systems.items():
            cells = [_cell(scores.get(metric)) for metric in metrics]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        lines += ["", "Mean over items ± standard deviation over the sources' means."]
        lines += [f"- {note}" for note in self.notes]
        return "\n".join(lines) + "\n"


def score_by_source(values: NDArray[np.float64], sources: NDArray[np.str_]) -> Score:
    """Averages a metric over items, and measures how far the sources lie apart.

    Args:
        values: float64 [n], one an item.
        sources: str [n], the source of every item.
    """
    _, source_of_item = np.unique(sources, return_inverse=True)
    source_means = np.bincount(source_of_item, weights=values) / np.bincount(source_of_item)
    return Score(mean=float(values.mean()), spread=float(source_means.std()))


def _cell(score: Score | None) -> str:
    return "" if score is None else f"{score.mean:.3f} ± {score.spread:.3f}"
