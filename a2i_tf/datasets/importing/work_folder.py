"""Where an import works until it's whole.

data/.NAME.import/plan.json       with which options
                  records/*.json  what came of every file that is done
                  dataset/        the pairs folder to be, renamed to data/NAME at the end
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from a2i_tf.atomic import explain_os_errors, make_folder, write_json
from a2i_tf.config import read_json
from a2i_tf.datasets.importing.jobs import Job, Record, fingerprint
from a2i_tf.datasets.pairs import DatasetInfo, Pair, write_pairs
from a2i_tf.errors import A2IError


class WorkFolder:
    """The folder beside a dataset that is being imported."""

    def __init__(self, root: Path) -> None:
        """Names the folder.

        Args:
            root: The pairs folder to be.
        """
        self._root = root
        self._path = root.parent / f".{root.name}.import"
        self.dataset = self._path / "dataset"

    @contextlib.contextmanager
    def claimed(self, plan: dict[str, Any]) -> Iterator[None]:
        """Holds the folder for this process; what another plan left in it is removed.

        Raises:
            A2IError: if another process holds it, or it can't be written.
        """
        make_folder(self._path)
        with explain_os_errors(self._path):
            lock = (self._path / "lock").open("w")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise A2IError(
                    f"{self._root}: is being imported by another process; wait for it, or choose "
                    "another --name"
                ) from error
            self._keep_only(plan)
            yield

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

    def _keep_only(self, plan: dict[str, Any]) -> None:
        path = self._path / "plan.json"
        if not path.exists() or read_json(path) != plan:
            for name in ("records", "dataset"):
                shutil.rmtree(self._path / name, ignore_errors=True)
            write_json(path, plan)

    def _record_path(self, job: Job) -> Path:
        kind = type(job).__name__.removesuffix("Job").lower()
        about = hashlib.sha256(json.dumps([kind, repr(job)]).encode()).hexdigest()[:8]
        return self._path / "records" / f"{kind}-{job.name}-{about}.json"
