"""An import from beginning to end: resumable, and whole or not there."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a2i_tf.config import read_json
from a2i_tf.datasets.checksum import checksum_files
from a2i_tf.datasets.destination import check_not_in_the_way, is_made
from a2i_tf.datasets.importing.jobs import Job, Record, fingerprint, identity
from a2i_tf.datasets.importing.material import Material
from a2i_tf.datasets.importing.options import SAMPLE_RATE, ImportOptions
from a2i_tf.datasets.importing.work_folder import WorkFolder
from a2i_tf.datasets.importing.workers import JobRunner
from a2i_tf.datasets.manifest import INFO_FILE, read_pairs
from a2i_tf.datasets.pairs import SPLITS, DatasetInfo, Pair, PairsFolder, summarize
from a2i_tf.errors import A2IError

# Raised whenever the same files and options would give other pairs.
_VERSION = 2
_BYTES_PER_MEGABYTE = 1_000_000
_ADVICE = "choose another --name"

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
    check_not_in_the_way(root, _ADVICE)
    if not is_made(root, _plan(options), _ADVICE):
        return False
    if read_json(root / INFO_FILE)["made_with"].get("files") != _digest(material):
        raise A2IError(
            f"{root}: was imported from other files, or they changed since; remove it, or {_ADVICE}"
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
        root: The pairs folder; it must not be there, or be empty, or hold just this import.
        material: What to import.
        options: How files become pairs.
        workers: Number of processes.
        on_progress: Called with (megabytes done, megabytes in all) as the work goes on.

    Raises:
        A2IError: if no pair comes out, or the dataset can't be written. What is done is kept for
            the next time.
    """
    work = WorkFolder(root, material.root)
    with work.claimed():
        # Another process may have finished it since somebody looked.
        if is_imported(root, material, options):
            work.remove()
            return ImportResult(read_pairs(root), {}, [], ["another process has just imported it"])
        work.keep_only(_plan(options))
        records, skipped = _import_files(work, material.jobs, options, workers, on_progress)
        skipped = [*material.problems, *skipped]
        linked = material.link(records, options)
        left_out = sum((Counter(record.left_out) for record in records.values()), Counter())
        left_out.update(linked.left_out)
        if not linked.pairs:
            work.remove()
            raise A2IError(_nothing_left(root, skipped, left_out))
        made_with = {
            **_plan(options),
            "form": material.description,
            "files": _digest(material),
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
    notes += [*linked.notes, *_notes_on_splits(linked.pairs)]
    return ImportResult(read_pairs(root), left_out, skipped, notes)


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


def _digest(material: Material) -> str:
    """Returns a hash of what is imported, wherever its folder lies."""
    digest = hashlib.sha256(repr(material.choices).encode())
    for job in material.jobs:
        digest.update(f"{identity(job, material.root)} {fingerprint(job.path)}".encode())
    return digest.hexdigest()


def _nothing_left(root: Path, skipped: Sequence[str], left_out: Mapping[str, int]) -> str:
    reasons = [f"{count} {what}" for what, count in left_out.items()]
    if skipped:
        reasons.append(f"skipped {len(skipped)}, first {skipped[0]}")
    advice = "; --no-skip-silent keeps silence, black and repetition" if left_out else ""
    return f"{root}: nothing is left to import: {', '.join(reasons) or 'no windows'}{advice}"


def _notes_on_splits(pairs: Sequence[Pair]) -> list[str]:
    splits: dict[str, set[str | None]] = {}
    for pair in pairs:
        splits.setdefault(pair.label, set()).add(pair.split)
    few = sorted(label for label, found in splits.items() if len(found) < len(SPLITS))
    if not few:
        return []
    return [
        f"not in all of {', '.join(SPLITS)}: {', '.join(few)}; a class needs three sources that "
        "share neither sound nor picture"
    ]
