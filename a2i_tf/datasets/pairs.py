"""The pairs folder: one form for every dataset.

    pairs.csv       id, source, label, start_seconds, audio (or mfcc), image, [split], [factor_*]
    dataset.json    name, licence, counts, how it was made, checksum
    audio/*.wav     one 16-bit PCM file a source
    images/**.png   one picture a pair

`start_seconds` is where a pair's window begins in its source's file. A dataset whose audio is
already features has the column `mfcc` in place of `audio`: a float32 `.npy` file a source, [rows,
frames, coefficients], where row k holds the window that begins at k windows. The column `split`
says which sources train, validate and test; without it, a hash of the source's name does.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from a2i_tf.atomic import write_bytes, write_json
from a2i_tf.config import Config, read_json
from a2i_tf.errors import A2IError

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
PAIRS_FILE = "pairs.csv"
INFO_FILE = "dataset.json"

_REQUIRED_COLUMNS = ("id", "source", "label", "start_seconds", "image")
_FACTOR_PREFIX = "factor_"
_BLOCK_BYTES = 2**20
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
        return tuple(pair for pair in self.pairs if pair.effective_split == split)

    def labelled(self, label: str) -> tuple[Pair, ...]:
        """Returns the pairs of a label."""
        return tuple(pair for pair in self.pairs if pair.label == label)

    @cached_property
    def has_split_column(self) -> bool:
        """Whether the dataset splits its sources itself, instead of leaving it to `split_of`."""
        return any(pair.split for pair in self.pairs)

    def without(self, ids: Iterable[str]) -> PairsFolder:
        """Returns the folder without the pairs of the given ids."""
        left_out = set(ids)
        kept = tuple(pair for pair in self.pairs if pair.id not in left_out)
        return PairsFolder(self.root, self.info, kept)


def split_of(source: str) -> Split:
    """Returns the split of a source: a hash of its name, so that adding sources moves none."""
    digest = hashlib.sha256(source.encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < _TRAIN_SHARE:
        return "train"
    return "validation" if place < _TRAIN_SHARE + _VALIDATION_SHARE else "test"


def read_pairs(root: Path) -> PairsFolder:
    """Reads the manifest of a pairs folder.

    Raises:
        A2IError: if the folder, one of its two files, a column or a value is missing or wrong.
    """
    if not root.is_dir():
        raise A2IError(f"{root}: no such folder; run `a2i fetch` or give --data")
    info = DatasetInfo.from_dict(read_json(root / INFO_FILE))
    path = root / PAIRS_FILE
    pairs = []
    for line, row in read_rows(path, info):
        if isinstance(row, A2IError):
            raise A2IError(f"{path}, line {line}: {row}") from row
        pairs.append(row)
    if not pairs:
        raise A2IError(f"{path}: holds no pairs; fetch or import the dataset again")
    repeated = [name for name, count in Counter(pair.id for pair in pairs).items() if count > 1]
    if repeated:
        raise A2IError(f"{path}: id {repeated[0]!r} stands there more than once")
    _check_splits(path, pairs)
    return PairsFolder(root, info, tuple(pairs))


def read_rows(path: Path, info: DatasetInfo) -> Iterator[tuple[int, Pair | A2IError]]:
    """Reads the rows of a manifest one by one, past those that can't be used.

    Args:
        path: The manifest.
        info: What `dataset.json` says.

    Yields:
        (line, pair), or what is wrong with the line, without its place.

    Raises:
        A2IError: if the file can't be read or lacks a column.
    """
    sound_column = "audio" if info.mfcc_setting is None else "mfcc"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            _check_columns(path, reader.fieldnames or (), sound_column)
            for line, row in enumerate(reader, 2):
                try:
                    yield line, _read_row(row, sound_column)
                except A2IError as error:
                    yield line, error
    except FileNotFoundError as error:
        raise A2IError(f"{path}: no such file; is {path.parent} a pairs folder?") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise A2IError(f"{path}: cannot be read: {error}") from error


def write_pairs(root: Path, info: DatasetInfo, pairs: Sequence[Pair]) -> None:
    """Writes the manifest of a pairs folder; `dataset.json` last, as the sign that it's whole."""
    factor_names = list(dict.fromkeys(name for pair in pairs for name in pair.factors))
    sound_column = "audio" if info.mfcc_setting is None else "mfcc"
    split_column = ["split"] if any(pair.split for pair in pairs) else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["id", "source", "label", "start_seconds", sound_column, "image"]
        + split_column
        + [_FACTOR_PREFIX + name for name in factor_names]
    )
    for pair in pairs:
        factors = (pair.factors.get(name) for name in factor_names)
        writer.writerow(
            [pair.id, pair.source, pair.label, _seconds(pair), pair.sound, pair.image]
            + [pair.split or "" for _ in split_column]
            + ["" if factor is None else f"{factor:.6f}" for factor in factors]
        )
    write_bytes(root / PAIRS_FILE, text.getvalue().encode())
    write_json(root / INFO_FILE, info.to_dict())


def _seconds(pair: Pair) -> str:
    """Returns the start to the microsecond, less than a sample, without zeros at its end."""
    return f"{pair.start_seconds:.6f}".rstrip("0").rstrip(".")


def summarize(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Returns the counts of `DatasetInfo`: `num_pairs`, `num_sources`, `label_counts`."""
    return {
        "num_pairs": len(pairs),
        "num_sources": len({pair.source for pair in pairs}),
        "label_counts": dict(sorted(Counter(pair.label for pair in pairs).items())),
    }


def checksum_files(root: Path, pairs: Sequence[Pair]) -> str:
    """Returns the SHA-256 over the names and contents of all files that `pairs` name.

    Where the dataset splits its sources itself, it covers id, source, label and split of every
    pair too: nothing else tells who trains.
    """
    digest = hashlib.sha256()
    for name in sorted({pair.sound for pair in pairs} | {pair.image for pair in pairs}):
        digest.update(f"{_hash_file(root / name)}  {name}\n".encode())
    if any(pair.split for pair in pairs):
        rows = sorted((pair.id, pair.source, pair.label, pair.split or "") for pair in pairs)
        digest.update(json.dumps(rows).encode())
    return digest.hexdigest()


def hash_splits(pairs: Sequence[Pair]) -> str:
    """Returns the SHA-256 over the split of every source, whoever chose it.

    A manifest that was edited by hand keeps its dataset's checksum.
    """
    splits = sorted({(pair.source, pair.effective_split) for pair in pairs})
    return hashlib.sha256(json.dumps(splits).encode()).hexdigest()


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    # A sound may last for hours.
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _check_columns(path: Path, columns: Sequence[str], sound_column: str) -> None:
    missing = [name for name in (*_REQUIRED_COLUMNS, sound_column) if name not in columns]
    if missing:
        raise A2IError(f"{path}: has no column {', '.join(missing)}; add it to the first line")


def _check_splits(path: Path, pairs: Sequence[Pair]) -> None:
    splits: dict[str, Split | None] = {}
    for line, pair in enumerate(pairs, 2):
        first = splits.setdefault(pair.source, pair.split)
        if first != pair.split:
            raise A2IError(
                f"{path}, line {line}: the split of source {pair.source!r} is "
                f"{pair.split or 'empty'} here and {first or 'empty'} before; choose one"
            )


def _read_split(text: str | None) -> Split | None:
    if not text:
        return None
    for split in SPLITS:
        if text == split:
            return split
    raise ValueError(f"split is {text!r}, not one of {', '.join(SPLITS)}")


def _read_row(row: dict[str, str], sound_column: str) -> Pair:
    factors = {
        name.removeprefix(_FACTOR_PREFIX): value
        for name, value in row.items()
        if name and name.startswith(_FACTOR_PREFIX) and value
    }
    try:
        pair = Pair(
            id=row["id"],
            source=row["source"],
            label=row["label"],
            start_seconds=float(row["start_seconds"]),
            sound=row[sound_column],
            image=row["image"],
            factors={name: float(value) for name, value in factors.items()},
            split=_read_split(row.get("split")),
        )
    except (TypeError, ValueError) as error:
        raise A2IError(str(error)) from error
    _check_values(pair)
    return pair


def _check_values(pair: Pair) -> None:
    empty = [
        name for name in ("id", "source", "label", "sound", "image") if not getattr(pair, name)
    ]
    if empty:
        raise A2IError(f"{empty[0]} is empty")
    # A folder that came from a stranger must not reach for other files.
    outside = [name for name in (pair.sound, pair.image) if _leaves_folder(name)]
    if outside:
        raise A2IError(f"{outside[0]!r} lies outside the folder; name a file within it")
    if not (math.isfinite(pair.start_seconds) and pair.start_seconds >= 0):
        raise A2IError(f"start_seconds is {pair.start_seconds:g}, below 0")


def _leaves_folder(name: str) -> bool:
    path = Path(name)
    return path.is_absolute() or bool(path.drive) or ".." in path.parts
