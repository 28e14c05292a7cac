"""Where a dataset goes: is it there already, is something in the way, is there room for it?"""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from pathlib import Path
from typing import Any

from a2i_tf.atomic import explain_os_errors
from a2i_tf.config import read_json
from a2i_tf.datasets.manifest import INFO_FILE
from a2i_tf.errors import A2IError

_LEFTOVER_SECONDS = 3_600
_ADVICE = "choose another folder with --data-dir"


def is_made(root: Path, options: dict[str, Any], advice: str = _ADVICE) -> bool:
    """Tells whether `root` is a finished dataset that was made with `options`.

    Args:
        root: The pairs folder.
        options: What its `made_with` must hold; it may hold more.
        advice: What a person can do other than to remove it.

    Raises:
        A2IError: if it was made with others.
    """
    if not (root / INFO_FILE).exists():
        return False
    made_with = read_json(root / INFO_FILE).get("made_with", {})
    different = [name for name, value in options.items() if made_with.get(name) != value]
    if different:
        # Another command has other options altogether.
        named = ["command"] if "command" in different else different
        reasons = ", ".join(
            f"{name.replace('_', ' ')} is {_in_words(made_with.get(name))}, "
            f"not {_in_words(options[name])}"
            for name in named
        )
        raise A2IError(f"{root}: holds another dataset: its {reasons}; remove it, or {advice}")
    return True


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not given" if value is None else str(value)


def check_not_in_the_way(root: Path, advice: str = _ADVICE) -> None:
    """Makes sure that there is nothing at `root`, or a dataset.

    Args:
        root: The pairs folder to be.
        advice: What a person can do other than to remove it.

    Raises:
        A2IError: if there is anything else.
    """
    if (root / INFO_FILE).exists() or not (root.exists() or root.is_symlink()):
        return
    if not root.is_dir() or any(root.iterdir()):
        raise A2IError(f"{root}: is in the way and no dataset; remove it, or {advice}")


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
        for path in root.parent.glob(".*"):
            # Eight characters of `tempfile`: other work beside `root` is called otherwise.
            if not re.fullmatch(rf"\.{re.escape(root.name)}\.[a-z0-9_]{{8}}", path.name):
                continue
            # Another process may finish in between.
            with contextlib.suppress(FileNotFoundError):
                files = [inside for inside in path.rglob("*") if not inside.is_dir()]
                changed = max(file.lstat().st_mtime for file in (path, *files))
                if time.time() - changed > _LEFTOVER_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)
