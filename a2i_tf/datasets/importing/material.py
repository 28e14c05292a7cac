"""What a person gives to be imported, whatever form it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from a2i_tf.datasets.importing.jobs import Job, Record
from a2i_tf.datasets.importing.options import ImportOptions
from a2i_tf.datasets.pairs import Pair

UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class Linked:
    """The pairs of an import.

    Attributes:
        pairs: The pairs, those of a source together.
        left_out: Number of things that found no place, by what they are.
        notes: What else a person should know: one line each.
    """

    pairs: Sequence[Pair]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()


class Material(Protocol):
    """Files that belong together in one of the three forms."""

    @property
    def root(self) -> Path:
        """The folder that files are named relative to."""

    @property
    def description(self) -> str:
        """What was recognized, such as "12 videos in 3 classes"."""

    @property
    def jobs(self) -> Sequence[Job]:
        """The files."""

    @property
    def choices(self) -> Sequence[object]:
        """What was said about the files, without their paths: labels, and who belongs together."""

    @property
    def problems(self) -> Sequence[str]:
        """What was wrong with the list or the folders: one line each."""

    def link(self, records: Mapping[Job, Record], options: ImportOptions) -> Linked:
        """Pairs what came of the files; those without a record are left out."""
