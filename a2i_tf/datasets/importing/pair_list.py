"""A list of sounds and the pictures that belong to them."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from a2i_tf.datasets.importing.jobs import Job, PictureJob, Record, SoundJob, sound_name
from a2i_tf.datasets.importing.material import UNLABELLED, Linked
from a2i_tf.datasets.importing.names import unique_names
from a2i_tf.datasets.importing.options import ImportOptions
from a2i_tf.datasets.importing.splitting import link_with_splits
from a2i_tf.datasets.importing.table import read_table
from a2i_tf.datasets.pairs import Pair
from a2i_tf.datasets.quantity import quantity
from a2i_tf.errors import A2IError

COLUMNS = ("audio", "image")


@dataclass(frozen=True)
class ListedPair:
    """A row of the list.

    Attributes:
        audio: The sound.
        image: The picture.
        label: Class of the scene.
        source: The recording that it comes from.
        start_seconds: Where the window begins; None takes all windows of the sound.
    """

    audio: Path
    image: Path
    label: str
    source: str
    start_seconds: float | None


@dataclass(frozen=True)
class PairList:
    """Sounds with their pictures; see `Material`."""

    rows: tuple[ListedPair, ...]
    root: Path
    problems: list[str] = field(default_factory=list)

    @cached_property
    def sounds(self) -> dict[Path, SoundJob]:
        """The sounds by path."""
        starts: dict[Path, set[float | None]] = {}
        for row in self.rows:
            starts.setdefault(row.audio, set()).add(row.start_seconds)
        names = unique_names(starts, self.root)
        return {
            path: SoundJob(
                names[path],
                path,
                tuple(sorted(start for start in wanted if start is not None)),
                None in wanted,
            )
            for path, wanted in starts.items()
        }

    @cached_property
    def pictures(self) -> dict[Path, PictureJob]:
        """The pictures by path."""
        names = unique_names(dict.fromkeys(row.image for row in self.rows), self.root)
        return {path: PictureJob(name, path) for path, name in names.items()}

    @property
    def jobs(self) -> list[Job]:
        """The sounds and the pictures."""
        return [*self.sounds.values(), *self.pictures.values()]

    @property
    def description(self) -> str:
        """What was recognized."""
        return (
            f"a list of {quantity(len(self.rows), 'pair')} of "
            f"{quantity(len(self.sounds), 'sound')} and "
            f"{quantity(len(self.pictures), 'picture')}"
        )

    @property
    def choices(self) -> list[tuple[str, str, str, str, float | None]]:
        """The rows, with names in place of paths."""
        return [
            (
                self.sounds[row.audio].name,
                self.pictures[row.image].name,
                row.label,
                row.source,
                row.start_seconds,
            )
            for row in self.rows
        ]

    def link(self, records: Mapping[Job, Record], options: ImportOptions) -> Linked:
        """See `Material.link`."""
        pairs: dict[str, list[Pair]] = {}
        counts: Counter[str] = Counter()
        for row in self.rows:
            sound, picture = self.sounds[row.audio], self.pictures[row.image]
            if sound not in records or picture not in records or not records[picture].images:
                continue
            for start in _starts_of(row, records[sound], options):
                pairs.setdefault(row.source, []).append(
                    Pair(
                        id=f"{sound.name}-{counts[sound.name]:05d}",
                        source=row.source,
                        label=row.label,
                        start_seconds=start,
                        sound=sound_name(sound.name),
                        image=records[picture].images[0],
                    )
                )
                counts[sound.name] += 1
        return link_with_splits([pair for of_source in pairs.values() for pair in of_source])


def read_pair_list(path: Path, label: str | None) -> PairList:
    """Reads a CSV of `audio,image[,label][,source][,start_seconds]`.

    Paths are relative to the CSV. A row without a label has `label`, or "unlabelled"; one without
    a source is of its own sound file; one without a start means the whole sound. Rows whose files
    are missing are left out and told.

    Raises:
        A2IError: if the file can't be read, a column is missing, a value is wrong, a sound has two
            sources, or no row's files are there.
    """
    root = path.parent
    rows, problems = [], []
    sources: dict[Path, str] = {}
    for line, row in read_table(path, COLUMNS):
        listed = _read_row(path, line, row, label or UNLABELLED)
        first = sources.setdefault(listed.audio, listed.source)
        if first != listed.source:
            raise A2IError(
                f"{path}, line {line}: the source of {listed.audio} is {listed.source!r} here and "
                f"{first!r} before; a sound has one"
            )
        missing = [file for file in (listed.audio, listed.image) if not file.is_file()]
        if missing:
            problems.append(f"{path}, line {line}: {missing[0]}: no such file")
        else:
            rows.append(listed)
    if not rows:
        raise A2IError(
            f"{problems[0]}, and no other row's files are there; paths are relative to {root}"
        )
    return PairList(tuple(rows), root, problems)


def _read_row(path: Path, line: int, row: Mapping[str, str], label: str) -> ListedPair:
    for column in COLUMNS:
        if not row[column] or "\0" in row[column]:
            raise A2IError(
                f"{path}, line {line}: {column} is empty; name a file, or remove the line"
            )
    text = row.get("start_seconds", "")
    try:
        start = float(text) if text else None
    except ValueError as error:
        raise A2IError(f"{path}, line {line}: start_seconds is {text!r}, not a number") from error
    if start is not None and not (math.isfinite(start) and start >= 0):
        raise A2IError(f"{path}, line {line}: start_seconds is {text}; give 0 or more")
    # However it's typed, a file has one path.
    audio, image = (os.path.relpath(path.parent / row[column], path.parent) for column in COLUMNS)
    return ListedPair(
        audio=path.parent / audio,
        image=path.parent / image,
        label=row.get("label") or label,
        source=row.get("source") or audio,
        start_seconds=start,
    )


def _starts_of(row: ListedPair, record: Record, options: ImportOptions) -> list[float]:
    if row.start_seconds is None:
        return [start for start in record.starts if options.is_window_start(start)]
    return [start for start in record.starts if start == row.start_seconds]
