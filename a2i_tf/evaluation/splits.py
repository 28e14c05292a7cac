"""What an evaluation loads: the splits of a dataset, and what is wrong with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.datasets.check import count_bad_pairs, describe_bad_pairs, drop_bad_pairs
from a2i_tf.datasets.pairs import SPLITS, Pair, PairsFolder, Split
from a2i_tf.datasets.pipeline import Arrays, load_arrays
from a2i_tf.datasets.quantity import quantity
from a2i_tf.datasets.records.arrays import load_training_arrays
from a2i_tf.datasets.records.preparation import pairs_to_read
from a2i_tf.errors import A2IError
from a2i_tf.evaluation.systems import evenly_spread

# It only chooses between a few settings; more would cost time and tell nothing new.
_MOST_VALIDATION_ITEMS = 2_000

OnStep = Callable[[str, int, int], None]
"""Called with (what is done, steps done, steps in all of that kind)."""


@dataclass(frozen=True)
class Splits:
    """All three splits in memory; the validation split may have no rows."""

    train: Arrays
    validation: Arrays
    test: Arrays


def require_splits(folder: PairsFolder) -> None:
    """Looks whether a dataset can be evaluated on.

    Raises:
        A2IError: if the train or the test split is empty, or a class has no source in the train
            split. The validation split may be empty: it only chooses weights.
    """
    splits: tuple[Split, ...] = ("train", "test")
    for split in splits:
        if not folder.split(split):
            raise A2IError(
                f"{folder.root}: no source falls into the {split} split; use more sources"
            )
    trained = {pair.label for pair in folder.split("train")}
    missing = [label for label in folder.labels if label not in trained]
    if missing:
        raise A2IError(
            f"{folder.root}: no source of {', '.join(missing)} falls into the train split; "
            "use more sources"
        )


def choose_pairs(
    folder: PairsFolder,
    items: int | None,
    mfcc: MfccConfig,
    image_size: int,
    *,
    skip_bad: bool,
    on_note: Callable[[str], None],
) -> PairsFolder:
    """Leaves of a dataset the pairs that are used, and looks at those of their files that are read.

    These are the training split, 2,000 items of the validation split at most, and test items.

    Args:
        folder: The dataset.
        items: At most so many test items, evenly spread over the test split; None for all.
        mfcc: The front end.
        image_size: Width and height of the pictures in pixels.
        skip_bad: Whether bad pairs are left out, instead of raising an error.
        on_note: Called with one line about those that were left out.

    Raises:
        A2IError: if there are bad pairs and `skip_bad` is false, or as `require_splits` does.
    """
    require_splits(folder)
    used = (
        *folder.split("train"),
        *_spread(folder.split("validation"), _MOST_VALIDATION_ITEMS),
        *_spread(folder.split("test"), items),
    )
    folder = dataclasses.replace(folder, pairs=used)
    read = pairs_to_read(folder, mfcc, image_size)
    kept, bad = drop_bad_pairs(folder, read, skip_bad=skip_bad)
    if bad:
        on_note(f"{count_bad_pairs(bad, folder)} and left out: {describe_bad_pairs(bad)}")
        require_splits(kept)
    return kept


def load_splits(
    folder: PairsFolder,
    mfcc: MfccConfig,
    image_size: int,
    tell: OnStep,
    on_note: Callable[[str], None],
) -> Splits:
    """Loads all splits.

    Args:
        folder: What `choose_pairs` left.
        mfcc: The front end.
        image_size: Width and height of the pictures in pixels.
        tell: Called after every split, and while the training split's records are checked.
        on_note: Called with one line if these can't be used.
    """
    tell("loading", 0, len(SPLITS))

    def tell_of_records(what: str, done: int, total: int) -> None:
        tell(what, done, total)
        if done == total:
            tell("loading", 0, len(SPLITS))

    train = load_training_arrays(folder, mfcc, image_size, tell_of_records, on_note)
    tell("loading", 1, len(SPLITS))
    validated = folder.split("validation")
    validation = load_arrays(folder, validated, mfcc, image_size) if validated else _no_rows(train)
    tell("loading", 2, len(SPLITS))
    test = load_arrays(folder, folder.split("test"), mfcc, image_size)
    tell("loading", 3, len(SPLITS))
    return Splits(train, validation, test)


def _spread(pairs: Sequence[Pair], most: int | None) -> list[Pair]:
    return [pairs[row] for row in evenly_spread(len(pairs), most or len(pairs))]


def _no_rows(arrays: Arrays) -> Arrays:
    return Arrays((), arrays.mfcc[:0], arrays.images[:0], arrays.labels[:0])


def notes_on_test(folder: PairsFolder, test: Arrays) -> list[str]:
    """Says which classes are not tested, and whether one source stands for all others."""
    notes = []
    tested = set(test.labels)
    missing = [label for place, label in enumerate(folder.labels) if place not in tested]
    if missing:
        notes.append(
            f"none of the {quantity(len(test.pairs), 'test item')} is of {', '.join(missing)}"
        )
    sources = {pair.source for pair in test.pairs}
    if len(sources) == 1:
        notes.append(
            f"all test items are of one source, {sources.pop()}: how far sources lie apart (±) is "
            "unknown, and the shuffled sounds are of the same source"
        )
    return notes
