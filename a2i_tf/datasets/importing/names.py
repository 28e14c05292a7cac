"""Names for the files of a dataset, made from paths that a person chose."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_UNSAFE = re.compile(r"[^\w.]+")
# File systems take 255; endings, hashes and temporary names come on top.
MAX_NAME_BYTES = 120


def unique_names(paths: Iterable[Path], root: Path) -> dict[Path, str]:
    """Names files after their paths below `root`, with letters, digits and `_.-` only.

    Files whose names would be the same, or differ in case only, get a hash of their path at the
    end, so that a name doesn't depend on the order.

    Returns:
        The name by path.
    """
    plain = {path: _plain_name(path, root) for path in paths}
    taken = Counter(name.casefold() for name in plain.values())
    return {
        path: name if taken[name.casefold()] == 1 else f"{name}-{_short_hash(path, root)}"
        for path, name in plain.items()
    }


def readable(text: str) -> str:
    """Returns a name that UTF-8 can hold; file names may be any bytes."""
    return text.encode("utf-8", "replace").decode()


def _plain_name(path: Path, root: Path) -> str:
    inside = _relative(path, root).with_suffix("")
    safe = _UNSAFE.sub("-", inside.as_posix()).strip("-.").encode()
    return safe[:MAX_NAME_BYTES].decode(errors="ignore").rstrip("-.") or "file"


def _short_hash(path: Path, root: Path) -> str:
    return hashlib.sha256(os.fsencode(_relative(path, root))).hexdigest()[:8]


def _relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
