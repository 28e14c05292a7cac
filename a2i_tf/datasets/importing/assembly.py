"""An import from beginning to end: resumable, and whole or not there."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a2i_tf.config import read_json
from a2i_tf.datasets.importing.jobs import Job, Record, fingerprint
from a2i_tf.datasets.importing.material import Material
from a2i_tf.datasets.importing.options import SAMPLE_RATE, ImportOptions
from a2i_tf.datasets.importing.work_folder import WorkFolder
from a2i_tf.datasets.importing.workers import JobRunner
from a2i_tf.datasets.pairs import (
    INFO_FILE,
    DatasetInfo,
    Pair,
    PairsFolder,
    checksum_files,
    read_pairs,
    summarize,
)
from a2i_tf.errors import A2IError

# Raised whenever the same files and options would give other pairs.
_VERSION = 1
_BYTES_PER_MEGABYTE = 1_000_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ImportResult:
    """What came of an import.

    Attributes:
        folder: The dataset.
        left_out: Number of windows, pictures and recordings left out, by what they are.
        skipped: Files that can't be read and rows without files: one line each.
        notes: What else a person should know: one line each.
    """

    folder: PairsFolder
    left_out: Mapping[str, int]
    skipped: Sequence[str]
    notes: Sequence[str]


def is_imported(root: Path, material: Material, options: ImportOptions) -> bool:
    """Tells whether `root` holds just this import, whole.

    Raises:
        A2IError: if it holds anything else.
    """
    if not (root.exists() or root.is_symlink()):
        return False
    if root.is_dir() and not any(root.iterdir()):
        return False
    advice = "remove it, or choose another --name"
    if not (root / INFO_FILE).is_file():
        raise A2IError(f"{root}: is in the way and no dataset; {advice}")
    made_with = read_json(root / INFO_FILE).get("made_with", {})
    wanted = _made_with(material, options)
    if any(made_with.get(key) != value for key, value in wanted.items()):
        raise A2IError(
            f"{root}: holds another dataset, or this one from other files or with other options; "
            f"{advice}"
        )
    return True


def import_dataset(
    root: Path,
    material: Material,
    options: ImportOptions,
    workers: int,
    on_progress: Progress,
) -> ImportResult:
    """Imports files as a pairs folder, or what is still missing after an interruption.

    Args:
        root: The pairs folder; it must not be there, or be empty.
        material: What to import.
        options: How files become pairs.
        workers: Number of processes.
        on_progress: Called with (megabytes done, megabytes in all) as the work goes on.

    Raises:
        A2IError: if no pair comes out, or the dataset can't be written. What is done is kept for
            the next time.
    """
    work = WorkFolder(root)
    with work.claimed(_plan(options)):
        records, skipped = _import_files(work, material.jobs, options, workers, on_progress)
        skipped = [*material.problems, *skipped]
        linked = material.link(records, options)
        left_out = sum((Counter(record.left_out) for record in records.values()), Counter())
        left_out.update(linked.left_out)
        if not linked.pairs:
            work.remove()
            raise A2IError(_nothing_left(root, skipped, left_out))
        made_with = {
            **_made_with(material, options),
            "left_out": dict(left_out),
            "skipped": len(skipped),
        }
        info = DatasetInfo(
            name=root.name,
            licence="that of the imported files",
            window_seconds=options.window_seconds,
            sample_rate=SAMPLE_RATE,
            image_size=options.frame_size,
            made_with=made_with,
            checksum=checksum_files(work.dataset, linked.pairs),
            **summarize(linked.pairs),
        )
        work.publish(info, linked.pairs)
    notes = [f"{job.path}: {record.note}" for job, record in records.items() if record.note]
    return ImportResult(
        read_pairs(root), left_out, skipped, [*notes, *_notes_on_sources(linked.pairs)]
    )


def _import_files(
    work: WorkFolder,
    jobs: Sequence[Job],
    options: ImportOptions,
    workers: int,
    on_progress: Progress,
) -> tuple[dict[Job, Record], list[str]]:
    """Runs the jobs that aren't done yet; returns all records, and why files are skipped."""
    done = {job: record for job in jobs if (record := work.finished(job))}
    missing = [job for job in jobs if job not in done]
    sizes = [_megabytes(job) for job in missing]
    before = sum(_megabytes(job) for job in done)

    def show(shares: Sequence[float]) -> None:
        part = sum(share * size for share, size in zip(shares, sizes, strict=False))
        on_progress(round(before + part), round(before + sum(sizes)))

    skipped = []
    for job, outcome in JobRunner(missing, work.dataset, options, workers, show).run():
        if isinstance(outcome, Record):
            work.keep(job, outcome)
            done[job] = outcome
        else:
            skipped.append(str(outcome))
    return {job: done[job] for job in jobs if job in done}, sorted(skipped)


def _megabytes(job: Job) -> float:
    # Small files take their time too.
    return max(job.path.stat().st_size / _BYTES_PER_MEGABYTE, 0.1) if job.path.exists() else 0.1


def _plan(options: ImportOptions) -> dict[str, Any]:
    return {"version": _VERSION, "command": "a2i import", **options.to_dict()}


def _made_with(material: Material, options: ImportOptions) -> dict[str, Any]:
    """Returns what tells one import from another."""
    digest = hashlib.sha256(repr(material).encode())
    for job in material.jobs:
        digest.update(fingerprint(job.path).encode())
    return {**_plan(options), "form": material.description, "files": digest.hexdigest()}


def _nothing_left(root: Path, skipped: Sequence[str], left_out: Mapping[str, int]) -> str:
    reasons = [f"{count} {what}" for what, count in left_out.items()]
    if skipped:
        reasons.append(f"skipped {len(skipped)}, first {skipped[0]}")
    advice = "; --no-skip-silent keeps silence, black and repetition" if left_out else ""
    return f"{root}: nothing is left to import: {', '.join(reasons) or 'no windows'}{advice}"


def _notes_on_sources(pairs: Sequence[Pair]) -> list[str]:
    sources: dict[str, set[str]] = {}
    for pair in pairs:
        sources.setdefault(pair.label, set()).add(pair.source)
    few = sorted(label for label, names in sources.items() if len(names) < 3)
    if not few:
        return []
    return [
        f"fewer than three sources: {', '.join(few)}; a class needs three to be trained, validated "
        "and tested"
    ]
