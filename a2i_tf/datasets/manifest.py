"""The manifest of a pairs folder: one form for every dataset.

    pairs.csv       id, source, label, start_seconds, audio (or mfcc), image, [split], [factor_*]
    dataset.json    name, licence, counts, how it was made, checksum
    audio/**.wav    16-bit PCM; a source may have several
    images/**.png   pictures; pairs may share one

`start_seconds` is where a pair's window begins in its sound's file. A dataset whose audio is
already features has the column `mfcc` in place of `audio`: a float32 `.npy` file a source, [rows,
frames, coefficients], where row k holds the window that begins at k windows. The column `split`
says which sources train, validate and test; without it, a hash of the source's name does.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from a2i_tf.atomic import write_bytes, write_json
from a2i_tf.config import read_json
from a2i_tf.datasets.pairs import SPLITS, DatasetInfo, Pair, PairsFolder, Split
from a2i_tf.errors import A2IError

PAIRS_FILE = "pairs.csv"
INFO_FILE = "dataset.json"

_REQUIRED_COLUMNS = ("id", "source", "label", "start_seconds", "image")
_FACTOR_PREFIX = "factor_"


def read_pairs(root: Path) -> PairsFolder:
    """Reads the manifest of a pairs folder.

    Raises:
        A2IError: if the folder, one of its two files, a column or a value is missing or wrong.
    """
    if not root.is_dir():
        raise A2IError(f"{root}: no such folder; run `a2i fetch`, or name another")
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
    # As text: a `Path` for each of many thousands takes seconds.
    steps = name.replace("\\", "/").split("/")
    has_drive = steps[0][1:2] == ":"
    return not steps[0] or has_drive or ".." in steps
