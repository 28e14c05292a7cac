"""What can be wrong with a pairs folder, and how much it matters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Weight = Literal["error", "warning"]


@dataclass(frozen=True)
class Kind:
    """A kind of thing that can be wrong.

    Attributes:
        weight: "error" where training fails or evaluation isn't honest, else "warning".
        title: What it is, in the plural.
        advice: What to do about it.
    """

    weight: Weight
    title: str
    advice: str


# In the order in which they are told: the heaviest first.
KINDS: dict[str, Kind] = {
    "unreadable-manifest": Kind(
        "error", "files of the manifest that can't be used", "fetch or import the dataset again"
    ),
    "bad-row": Kind("error", "wrong rows of pairs.csv", "mend these lines"),
    "repeated-id": Kind("error", "ids that stand on several rows", "give every row its own id"),
    "split-conflict": Kind(
        "error", "sources that lie in several splits", "write one split into all rows of a source"
    ),
    "missing-file": Kind(
        "error", "pairs that lack a file", "copy it back, or train without them: --skip-bad"
    ),
    "bad-picture": Kind(
        "error", "pairs whose picture doesn't open", "replace it, or train with --skip-bad"
    ),
    "bad-sound": Kind(
        "error", "pairs whose sound can't be used", "replace it, or train with --skip-bad"
    ),
    "empty-split": Kind("error", "splits without pairs", "add sources, or set the column split"),
    "label-not-trained": Kind(
        "error",
        "classes that are tested and never trained",
        "add sources of theirs, or set the column split",
    ),
    "shared-sound": Kind(
        "error", "sounds that lie in several splits", "put all of their pairs into one source"
    ),
    "near-duplicate": Kind(
        "error",
        "pictures that are the same as one in another split",
        "put both into one source, or remove one",
    ),
    "look-alike": Kind(
        "warning",
        "pictures that are very like one in another split",
        "look at them: copies belong into one source, simple pictures may well be alike",
    ),
    "label-not-tested": Kind(
        "warning",
        "classes that are trained and never tested",
        "add sources of theirs, or set the column split",
    ),
    "label-not-validated": Kind(
        "warning",
        "classes that are trained and never validated",
        "add sources of theirs, or set the column split",
    ),
    "no-validation": Kind(
        "warning",
        "splits without pairs, where training can do without",
        "training watches itself instead; add sources, or set the column split",
    ),
    "one-source": Kind(
        "warning",
        "classes with one source",
        "what such a class sounds like can't be told from what its source does: add sources",
    ),
    "mixed-labels": Kind(
        "warning",
        "sources with several labels, where others have one",
        "look whether the labels are right",
    ),
    "rare-label": Kind(
        "warning",
        "classes with less than a fifth of the usual pairs",
        "add pairs, or leave these classes out",
    ),
    "blank-picture": Kind(
        "warning", "pictures of a single colour", "leave these pairs out: they teach nothing"
    ),
    "picture-size": Kind(
        "warning",
        "pictures of another size than dataset.json says",
        "training scales all to one square; import them again to crop what isn't square",
    ),
    "wrong-count": Kind(
        "warning",
        "counts in dataset.json that aren't those of pairs.csv",
        "fetch or import the dataset again",
    ),
    "wrong-checksum": Kind(
        "warning",
        "checksums in dataset.json that aren't those of the files",
        "the files were changed since it was made; runs on it can't be compared with earlier ones",
    ),
}


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a pairs folder.

    Attributes:
        kind: Key of `KINDS`; stable, for programs.
        items: Every place where it is so.
    """

    kind: str
    items: tuple[str, ...]

    @property
    def weight(self) -> Weight:
        """How much it matters."""
        return KINDS[self.kind].weight

    @property
    def title(self) -> str:
        """What it is, with the number of places."""
        return f"{KINDS[self.kind].title}: {len(self.items)}"

    @property
    def advice(self) -> str:
        """What to do about it."""
        return KINDS[self.kind].advice


def findings_of(kind: str, items: Iterable[str]) -> list[Finding]:
    """Returns the finding of `kind`, or nothing where there are no places."""
    places = tuple(items)
    return [Finding(kind, places)] if places else []


def by_weight(findings: Sequence[Finding]) -> list[Finding]:
    """Returns the findings in the order of `KINDS`."""
    order = list(KINDS)
    return sorted(findings, key=lambda finding: order.index(finding.kind))
