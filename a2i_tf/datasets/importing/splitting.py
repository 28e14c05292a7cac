"""Which sources of an import train, validate and test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from a2i_tf.datasets.pairs import Pair, Split, split_of
from a2i_tf.datasets.stratify import stratified_splits


def choose_splits(sources: Mapping[str, str]) -> dict[str, Split] | None:
    """Deals sources to splits where the hash of their names would leave a class without one.

    Args:
        sources: Label by name of source.

    Returns:
        The split by name of source; None where `split_of` puts sources of every class into every
        split that `stratified_splits` would.
    """
    stratified = stratified_splits(sources)
    wanted = {(label, stratified[source]) for source, label in sources.items()}
    hashed = {(label, split_of(source)) for source, label in sources.items()}
    return None if wanted <= hashed else stratified


def with_splits(pairs: Sequence[Pair]) -> list[Pair]:
    """Returns the pairs with their splits, where `choose_splits` gives some."""
    splits = choose_splits({pair.source: pair.label for pair in reversed(pairs)})
    return (
        list(pairs)
        if splits is None
        else [replace(pair, split=splits[pair.source]) for pair in pairs]
    )
