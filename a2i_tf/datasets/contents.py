"""What a pairs folder holds, in numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from a2i_tf.datasets.pairs import SPLITS, Pair, PairsFolder, Split


@dataclass(frozen=True)
class Amount:
    """How much of it there is.

    Attributes:
        pairs: Number of pairs.
        sources: Number of sources.
        seconds: Length of the sound; what several windows share counts once.
    """

    pairs: int
    sources: int
    seconds: float


@dataclass(frozen=True)
class Contents:
    """What a pairs folder holds.

    Attributes:
        total: All of it.
        by_split: The splits.
        by_label: The classes.
        by_label_and_split: The classes, by split.
    """

    total: Amount
    by_split: dict[Split, Amount]
    by_label: dict[str, Amount]
    by_label_and_split: dict[str, dict[Split, Amount]]

    def to_dict(self) -> dict[str, Any]:
        """Returns plain JSON types, the same keys for every folder."""
        return {
            **vars(self.total),
            "splits": {split: vars(amount) for split, amount in self.by_split.items()},
            "labels": {
                label: {
                    **vars(amount),
                    "splits": {
                        split: vars(part) for split, part in self.by_label_and_split[label].items()
                    },
                }
                for label, amount in self.by_label.items()
            },
        }


def measure_contents(folder: PairsFolder) -> Contents:
    """Counts pairs, sources and seconds of sound by class and split."""
    window = folder.info.window_seconds
    labels = {label: folder.labelled(label) for label in folder.labels}
    return Contents(
        total=_measure(folder.pairs, window),
        by_split={split: _measure(folder.split(split), window) for split in SPLITS},
        by_label={label: _measure(pairs, window) for label, pairs in labels.items()},
        by_label_and_split={
            label: {
                split: _measure([pair for pair in pairs if pair.effective_split == split], window)
                for split in SPLITS
            }
            for label, pairs in labels.items()
        },
    )


def _measure(pairs: Sequence[Pair], window_seconds: float) -> Amount:
    starts = defaultdict(set)
    for pair in pairs:
        starts[pair.sound].add(pair.start_seconds)
    seconds = sum(_covered_seconds(sorted(found), window_seconds) for found in starts.values())
    return Amount(len(pairs), len({pair.source for pair in pairs}), seconds)


def _covered_seconds(starts: Sequence[float], window_seconds: float) -> float:
    """Returns the length of the union of windows that begin at `starts`, sorted."""
    steps = pairwise(starts)
    return window_seconds + sum(min(after - start, window_seconds) for start, after in steps)
