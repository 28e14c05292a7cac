"""What an evaluation loads: the splits of a dataset, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.datasets.pairs import SPLITS, Pair, PairsFolder, Split
from a2i_tf.datasets.pipeline import Arrays, load_arrays
from a2i_tf.datasets.records.arrays import load_training_arrays
from a2i_tf.errors import A2IError
from a2i_tf.evaluation.systems import evenly_spread

# It only chooses between a few settings; more would cost time and tell nothing new.
_MOST_VALIDATION_ITEMS = 2_000

OnStep = Callable[[str, int, int], None]
"""Called with (what is done, steps done, steps in all of that kind)."""


@dataclass(frozen=True)
class Splits:
    """All three splits in memory, the validation split thinned; of the test split, what is drawn.

    The validation split may have no rows.
    """

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


def load_splits(
    folder: PairsFolder,
    mfcc: MfccConfig,
    image_size: int,
    items: int | None,
    tell: OnStep,
    on_note: Callable[[str], None],
) -> Splits:
    """Loads all splits; of the validation split up to 2,000 items, evenly spread.

    Args:
        folder: The dataset.
        mfcc: The front end.
        image_size: Width and height of the pictures in pixels.
        items: At most so many test items, evenly spread over the test split; None for all.
        tell: Called after every split, and while the training split's records are checked.
        on_note: Called with one line if these can't be used.
    """
    chosen = _spread(folder.split("test"), items)
    tell("loading", 0, len(SPLITS))

    def tell_of_records(what: str, done: int, total: int) -> None:
        tell(what, done, total)
        if done == total:
            tell("loading", 0, len(SPLITS))

    train = load_training_arrays(folder, mfcc, image_size, tell_of_records, on_note)
    tell("loading", 1, len(SPLITS))
    validated = _spread(folder.split("validation"), _MOST_VALIDATION_ITEMS)
    validation = load_arrays(folder, validated, mfcc, image_size) if validated else _no_rows(train)
    tell("loading", 2, len(SPLITS))
    test = load_arrays(folder, chosen, mfcc, image_size)
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
        whole = len(test.pairs) == len(folder.split("test"))
        where = "the test split" if whole else "the chosen test items"
        notes.append(f"no source of {', '.join(missing)} falls into {where}")
    sources = {pair.source for pair in test.pairs}
    if len(sources) == 1:
        notes.append(
            f"all test items are of one source, {sources.pop()}: how far sources lie apart (±) is "
            "unknown, and the shuffled sounds are of the same source"
        )
    return notes
