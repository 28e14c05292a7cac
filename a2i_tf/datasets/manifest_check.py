"""The manifest of a pairs folder, read past its faults, so that all of them can be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from a2i_tf.config import read_json
from a2i_tf.datasets.finding import Finding, findings_of
from a2i_tf.datasets.manifest import INFO_FILE, PAIRS_FILE, read_rows
from a2i_tf.datasets.pairs import DatasetInfo, Pair, PairsFolder
from a2i_tf.errors import A2IError


@dataclass(frozen=True)
class _Row:
    line: int
    pair: Pair


def check_manifest(root: Path) -> tuple[PairsFolder | None, list[Finding]]:
    """Reads what `read_pairs` reads, without stopping at the first fault.

    Returns:
        The folder with the rows that can be used, None if there are none, and the findings.

    Raises:
        A2IError: if there is no such folder.
    """
    if not root.is_dir():
        raise A2IError(f"{root}: no such folder; run `a2i fetch`, or name a pairs folder")
    try:
        info = DatasetInfo.from_dict(read_json(root / INFO_FILE))
        rows, faults = _read_rows(root / PAIRS_FILE, info)
    except A2IError as error:
        return None, findings_of("unreadable-manifest", [str(error)])
    findings = [
        *findings_of("bad-row", faults),
        *findings_of("repeated-id", _repeated_ids(rows)),
        *findings_of("split-conflict", _split_conflicts(rows)),
    ]
    if not rows:
        findings += findings_of("unreadable-manifest", [f"{root / PAIRS_FILE}: holds no pairs"])
        return None, findings
    return PairsFolder(root, info, tuple(row.pair for row in rows)), findings


def _read_rows(path: Path, info: DatasetInfo) -> tuple[list[_Row], list[str]]:
    """Returns the rows that can be used, and what is wrong with the others."""
    rows, faults = [], []
    for line, row in read_rows(path, info):
        if isinstance(row, A2IError):
            faults.append(f"line {line}: {row}")
        else:
            rows.append(_Row(line, row))
    return rows, faults


def _repeated_ids(rows: Iterable[_Row]) -> list[str]:
    lines = defaultdict(list)
    for row in rows:
        lines[row.pair.id].append(row.line)
    return [f"{name} on lines {_listed(found)}" for name, found in lines.items() if len(found) > 1]


def _split_conflicts(rows: Iterable[_Row]) -> list[str]:
    splits: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        splits[row.pair.source].setdefault(row.pair.split or "empty", row.line)
    return [
        f"{source}: " + ", ".join(f"{split} on line {line}" for split, line in lines.items())
        for source, lines in splits.items()
        if len(lines) > 1
    ]


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
