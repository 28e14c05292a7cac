"""Splits in which every class has its say, for datasets with few sources a class."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from a2i_tf.datasets.pairs import Split

_VALIDATION_SHARE = 0.1
_TEST_SHARE = 0.2


def stratified_splits(sources: Mapping[str, str]) -> dict[str, Split]:
    """Deals the sources of each class to the splits: about 70% train, 10% validation, 20% test.

    A class with three or more sources has at least one in each split; with two, one trains and
    one tests; with one, it trains. Which one goes where is the order of the hashes of the names:
    the same names are dealt the same way everywhere. Unlike `split_of`, a source that is added
    can move another.

    Args:
        sources: Label by name of source.

    Returns:
        The split by name of source, in the order of `sources`.
    """
    by_label: dict[str, list[str]] = {}
    for source, label in sources.items():
        by_label.setdefault(label, []).append(source)
    splits: dict[str, Split] = {}
    for names in by_label.values():
        splits.update(_deal(sorted(names, key=_hash_order)))
    return {source: splits[source] for source in sources}


def _deal(names: list[str]) -> dict[str, Split]:
    test = max(round(_TEST_SHARE * len(names)), 1) if len(names) > 1 else 0
    validation = max(round(_VALIDATION_SHARE * len(names)), 1) if len(names) > 2 else 0
    splits: dict[str, Split] = dict.fromkeys(names, "train")
    splits.update(dict.fromkeys(names[:test], "test"))
    splits.update(dict.fromkeys(names[test : test + validation], "validation"))
    return splits


def _hash_order(source: str) -> bytes:
    return hashlib.sha256(source.encode()).digest()
