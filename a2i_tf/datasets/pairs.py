"""A dataset's pairs of sound and picture, and the split that each falls into."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from a2i_tf.config import Config

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

_TRAIN_SHARE = 0.7
_VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class Pair:
    """One window of sound and the picture that belongs to it.

    Attributes:
        id: Unique name of the pair.
        source: The recording it comes from; a source never lies on both sides of a split.
        label: Class of the scene.
        start_seconds: Where the window begins in the source's sound.
        sound: Path of the sound, or of the features, relative to the folder.
        image: Path of the picture, relative to the folder.
        factors: Known causes in [0, 1] by name; only those that the class has.
        split: Split that the dataset puts the source into; None leaves it to `split_of`.
    """

    id: str
    source: str
    label: str
    start_seconds: float
    sound: str
    image: str
    factors: dict[str, float] = field(default_factory=dict)
    split: Split | None = None

    @property
    def effective_split(self) -> Split:
        """The split of its source: the dataset's, or else `split_of`."""
        return self.split or split_of(self.source)


@dataclass(frozen=True)
class DatasetInfo(Config):
    """What `dataset.json` says.

    Attributes:
        name: Short name of the dataset.
        licence: Licence of its sounds and pictures.
        window_seconds: Length of sound that belongs to one picture.
        sample_rate: Rate of the audio files in Hz.
        image_size: Width and height of the pictures in pixels.
        num_pairs: Number of pairs.
        num_sources: Number of sources.
        label_counts: Number of pairs by label.
        made_with: How it was made: the command's arguments.
        checksum: SHA-256 of `checksum_files`.
        mfcc_setting: Name of the setting of the features where there is no audio.
    """

    name: str
    licence: str
    window_seconds: float
    sample_rate: int
    image_size: int
    num_pairs: int
    num_sources: int
    label_counts: dict[str, int]
    made_with: dict[str, Any]
    checksum: str
    mfcc_setting: str | None = None


@dataclass(frozen=True)
class PairsFolder:
    """A dataset on disk, as its manifest tells it; `read_pairs` makes one."""

    root: Path
    info: DatasetInfo
    pairs: tuple[Pair, ...]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All labels, sorted."""
        return tuple(sorted({pair.label for pair in self.pairs}))

    @cached_property
    def factor_names(self) -> tuple[str, ...]:
        """Names of all known factors, in the order of the columns."""
        return tuple(dict.fromkeys(name for pair in self.pairs for name in pair.factors))

    def split(self, split: Split) -> tuple[Pair, ...]:
        """Returns the pairs whose source falls into `split`; there may be none."""
        return self._by_split[split]

    def labelled(self, label: str) -> tuple[Pair, ...]:
        """Returns the pairs of a label."""
        return tuple(pair for pair in self.pairs if pair.label == label)

    @cached_property
    def _by_split(self) -> dict[Split, tuple[Pair, ...]]:
        pairs: dict[Split, list[Pair]] = {split: [] for split in SPLITS}
        for pair in self.pairs:
            pairs[pair.effective_split].append(pair)
        return {split: tuple(found) for split, found in pairs.items()}

    @cached_property
    def has_split_column(self) -> bool:
        """Whether the dataset splits its sources itself, instead of leaving it to `split_of`."""
        return any(pair.split for pair in self.pairs)

    def without(self, ids: Iterable[str]) -> PairsFolder:
        """Returns the folder without the pairs of the given ids."""
        left_out = set(ids)
        kept = tuple(pair for pair in self.pairs if pair.id not in left_out)
        return PairsFolder(self.root, self.info, kept)


@cache
def split_of(source: str) -> Split:
    """Returns the split of a source: a hash of its name, so that adding sources moves none."""
    digest = hashlib.sha256(source.encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < _TRAIN_SHARE:
        return "train"
    return "validation" if place < _TRAIN_SHARE + _VALIDATION_SHARE else "test"


def summarize(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Returns the counts of `DatasetInfo`: `num_pairs`, `num_sources`, `label_counts`."""
    return {
        "num_pairs": len(pairs),
        "num_sources": len({pair.source for pair in pairs}),
        "label_counts": dict(sorted(Counter(pair.label for pair in pairs).items())),
    }
