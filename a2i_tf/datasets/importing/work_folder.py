"""Where an import works until it's whole.

data/.NAME.import/plan.json       with which options
                  records/*.json  what came of every file that is done
                  dataset/        the pairs folder to be, renamed to data/NAME at the end
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from a2i_tf.atomic import explain_os_errors, write_json
from a2i_tf.config import read_json
from a2i_tf.datasets.importing.jobs import Job, Record, fingerprint, identity
from a2i_tf.datasets.lock import locked
from a2i_tf.datasets.manifest import write_pairs
from a2i_tf.datasets.pairs import DatasetInfo, Pair


class WorkFolder:
    """The folder beside a dataset that is being imported."""

    def __init__(self, root: Path, origin: Path) -> None:
        """Names the folder.

        Args:
            root: The pairs folder to be.
            origin: The folder that imported files are named relative to.
        """
        self._root = root
        self._origin = origin
        self._path = root.parent / f".{root.name}.import"
        self.dataset = self._path / "dataset"

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Holds the folder for this process.

        Raises:
            A2IError: if another process holds it, or it can't be written.
        """
        message = (
            f"{self._root}: is being imported by another process; wait for it, or choose another "
            "--name"
        )
        with locked(self._path / "lock", message):
            yield

    def keep_only(self, plan: dict[str, Any]) -> None:
        """Removes what another plan left in the folder."""
        path = self._path / "plan.json"
        if not path.exists() or read_json(path) != plan:
            for name in ("records", "dataset"):
                shutil.rmtree(self._path / name, ignore_errors=True)
            write_json(path, plan)

    def finished(self, job: Job) -> Record | None:
        """Returns the record of a job that was done before, if its file is still the same."""
        path = self._record_path(job)
        if not path.exists():
            return None
        record = Record.from_dict(read_json(path))
        return record if record.fingerprint == fingerprint(job.path) else None

    def keep(self, job: Job, record: Record) -> None:
        """Writes down that a job is done."""
        write_json(self._record_path(job), record.to_dict())

    def publish(self, info: DatasetInfo, pairs: Sequence[Pair]) -> None:
        """Writes the manifest, removes files that no pair names, and gives the dataset its name."""
        write_pairs(self.dataset, info, pairs)
        named = {self.dataset / name for pair in pairs for name in (pair.sound, pair.image)}
        with explain_os_errors(self._root):
            for folder in (self.dataset / "audio", self.dataset / "images"):
                for path in sorted(folder.rglob("*"), reverse=True):
                    if path.is_dir():
                        with contextlib.suppress(OSError):
                            path.rmdir()
                    elif path not in named:
                        path.unlink()
            self.dataset.replace(self._root)
        self.remove()

    def remove(self) -> None:
        """Removes the folder and all that is in it."""
        shutil.rmtree(self._path, ignore_errors=True)

    def _record_path(self, job: Job) -> Path:
        kind = type(job).__name__.removesuffix("Job").lower()
        about = hashlib.sha256(identity(job, self._origin).encode()).hexdigest()[:8]
        return self._path / "records" / f"{kind}-{job.name}-{about}.json"
