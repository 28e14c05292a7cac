"""Where versions come from: numeric folders below a base path, as for TF Serving."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from a2i_tf.errors import A2IError

_SAVED_MODEL_FILE = "saved_model.pb"
LARGEST_VERSION = 2**63 - 1

# Relative path, bytes and time of the last change of every file and folder.
Contents = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class VersionFolders:
    """The folder of versions, or one version alone.

    Attributes:
        base: The folder whose numeric folders are versions.
        only: The one version to take, or None for all.
    """

    base: Path
    only: Path | None = None

    def find(self) -> dict[int, Path]:
        """Returns the folders that are there now, by version; none if the base path is gone."""
        if self.only is not None:
            return {_version_number(self.only.name) or 1: self.only}
        try:
            folders = [path for path in self.base.iterdir() if path.is_dir()]
        except OSError:
            return {}
        numbers = {folder: _version_number(folder.name) for folder in folders}
        return {number: folder for folder, number in numbers.items() if number is not None}


def find_version_folders(path: Path) -> VersionFolders:
    """Reads what a person names as the model.

    Args:
        path: An export's folder of versions, or one version folder.

    Raises:
        A2IError: if it is something else.
    """
    try:
        return _find(path)
    except PermissionError as error:
        raise A2IError(f"{path}: permission denied; make the export readable to you") from error


def _find(path: Path) -> VersionFolders:
    if (path / _SAVED_MODEL_FILE).is_file():
        return VersionFolders(path.parent, only=path)
    if (path / "model").is_dir() and (path / "config.json").is_file():
        raise A2IError(
            f"{path}: is a run, and what is served is an export; run `a2i export --run {path}`, "
            "then `a2i serve`"
        )
    if not path.is_dir():
        raise A2IError(f"{path}: no such folder; run `a2i export`, or name an export with --model")
    folders = VersionFolders(path)
    if not folders.find():
        raise A2IError(
            f"{path}: holds no version folder such as {path / '1'}; run `a2i export --to {path}`"
        )
    return folders


def read_contents(folder: Path) -> Contents:
    """Returns what tells one state of a folder's files from another."""
    found = []
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            try:
                status = path.stat()
            except OSError:
                continue
            found.append((str(path.relative_to(folder)), status.st_size, status.st_mtime_ns))
    return tuple(sorted(found))


def _version_number(name: str) -> int | None:
    """Returns the number if the name is one, written as a number is."""
    if not (name.isascii() and name.isdecimal() and len(name) < 20):
        return None
    number = int(name)
    return number if str(number) == name and number <= LARGEST_VERSION else None
