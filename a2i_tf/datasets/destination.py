"""Where a dataset goes: is it there already, is something in the way, is there room for it?"""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path
from typing import Any

from a2i_tf.atomic import explain_os_errors
from a2i_tf.config import read_json
from a2i_tf.datasets.pairs import INFO_FILE
from a2i_tf.errors import A2IError

_LEFTOVER_SECONDS = 3_600


def is_made(root: Path, options: dict[str, Any]) -> bool:
    """Tells whether `root` is a finished dataset that was made with `options`.

    Args:
        root: The pairs folder.
        options: What its `made_with` must hold; it may hold more.

    Raises:
        A2IError: if it was made with others.
    """
    if not (root / INFO_FILE).exists():
        return False
    made_with = read_json(root / INFO_FILE).get("made_with", {})
    found = {name: made_with.get(name) for name in options}
    if found != options:
        raise A2IError(
            f"{root}: holds another dataset (made with {found}, not {options}); remove it, or "
            "choose another folder with --data-dir"
        )
    return True


def check_not_in_the_way(root: Path) -> None:
    """Makes sure that there is nothing at `root`, or a dataset.

    Raises:
        A2IError: if there is anything else.
    """
    if (root / INFO_FILE).exists() or not root.exists():
        return
    if not root.is_dir() or any(root.iterdir()):
        raise A2IError(
            f"{root}: is in the way and no dataset; remove it, or choose another folder with "
            "--data-dir"
        )


def check_disk(root: Path, num_bytes: int, advice: str) -> None:
    """Makes sure that `num_bytes` more fit onto the disk that `root` lies on or will lie on.

    Args:
        root: A folder, which needn't exist yet.
        num_bytes: What is going to be written.
        advice: What a person can do other than to free some space.

    Raises:
        A2IError: if they don't fit.
    """
    existing = next(path for path in (root, *root.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if num_bytes > free:
        raise A2IError(
            f"{root}: needs {num_bytes / 1e6:.0f} MB and the disk has {free / 1e6:.0f} MB free; "
            f"free some space, or {advice}"
        )


def remove_leftovers(root: Path) -> None:
    """Removes what killed processes left of `new_folder(root)`; the young may be another's work."""
    with explain_os_errors(root.parent):
        for leftover in root.parent.glob(f".{root.name}.*"):
            # Another process may finish in between.
            with contextlib.suppress(FileNotFoundError):
                if time.time() - leftover.stat().st_mtime > _LEFTOVER_SECONDS:
                    shutil.rmtree(leftover, ignore_errors=True)
