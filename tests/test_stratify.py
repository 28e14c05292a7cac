"""Splits dealt class by class."""

from __future__ import annotations

from collections import Counter

import pytest

from a2i_tf.datasets.stratify import stratified_splits


def _splits(count: int) -> list[str]:
    return list(stratified_splits({f"video{i}": "river" for i in range(count)}).values())


def test_few_sources_train_first_then_test_then_validate() -> None:
    assert sorted(_splits(1)) == ["train"]
    assert sorted(_splits(2)) == ["test", "train"]
    assert sorted(_splits(3)) == ["test", "train", "validation"]


@pytest.mark.parametrize("count", range(3, 30))
def test_every_class_with_three_sources_is_in_every_split(count: int) -> None:
    counts = Counter(_splits(count))

    assert set(counts) == {"train", "validation", "test"}
    assert counts["train"] >= counts["test"] >= counts["validation"] >= 1


def test_shares_are_70_10_20() -> None:
    assert Counter(_splits(100)) == {"train": 70, "validation": 10, "test": 20}


def test_classes_are_dealt_apart() -> None:
    sources = {f"{label}{i}": label for label in ("beach", "city", "river") for i in range(3)}

    splits = stratified_splits(sources)

    assert list(splits) == list(sources)
    for label in ("beach", "city", "river"):
        of_class = [splits[name] for name in sources if sources[name] == label]
        assert sorted(of_class) == ["test", "train", "validation"]


def test_order_of_names_changes_nothing() -> None:
    sources = {f"clip{i}": "city" for i in range(20)}

    assert stratified_splits(dict(reversed(sources.items()))) == stratified_splits(sources)
