"""Whether classes and sources are dealt to the splits so that training and judging make sense."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median

from a2i_tf.datasets.finding import Finding, findings_of
from a2i_tf.datasets.pairs import SPLITS, PairsFolder, Split
from a2i_tf.datasets.quantity import quantity

# Of the median class's pairs: the built-in data and the Kaggle set stay above a half.
_RARE_SHARE = 0.2


def check_balance(folder: PairsFolder) -> list[Finding]:
    """Looks at labels, sources and splits as the manifest tells them."""
    labels = {split: {pair.label for pair in folder.split(split)} for split in SPLITS}
    return [
        *_check_splits(labels),
        *findings_of("one-source", _with_one_source(folder)),
        *findings_of("mixed-labels", _with_mixed_labels(folder)),
        *findings_of("rare-label", _rare_labels(folder)),
    ]


def _check_splits(labels: dict[Split, set[str]]) -> list[Finding]:
    train, validation, test = (labels[split] for split in SPLITS)
    needed: tuple[Split, ...] = ("train", "test")
    findings = findings_of("empty-split", [split for split in needed if not labels[split]])
    if train:
        findings += findings_of("label-not-trained", sorted((validation | test) - train))
    if test:
        findings += findings_of("label-not-tested", sorted(train - test))
    if validation:
        findings += findings_of("label-not-validated", sorted(train - validation))
    elif train:
        findings += findings_of("no-validation", ["validation"])
    return findings


def _with_one_source(folder: PairsFolder) -> list[str]:
    sources = defaultdict(set)
    for pair in folder.pairs:
        sources[pair.label].add(pair.source)
    return [f"{label}: {min(sources[label])}" for label in folder.labels if len(sources[label]) < 2]


def _with_mixed_labels(folder: PairsFolder) -> list[str]:
    """Returns the sources of several labels, unless it's the rule, as with speakers of digits."""
    labels = defaultdict(set)
    for pair in folder.pairs:
        labels[pair.source].add(pair.label)
    mixed = [source for source, names in labels.items() if len(names) > 1]
    if 2 * len(mixed) > len(labels):
        return []
    return [f"{source}: {', '.join(sorted(labels[source]))}" for source in mixed]


def _rare_labels(folder: PairsFolder) -> list[str]:
    counts = Counter(pair.label for pair in folder.pairs)
    usual = median(counts.values())
    return [
        f"{label}: {quantity(count, 'pair')}, the median class {usual:g}"
        for label, count in sorted(counts.items())
        if count < _RARE_SHARE * usual
    ]
