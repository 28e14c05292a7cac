"""What one worker of the suite makes, and the others take as it is."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Returns a folder that the first worker who asks for it makes.

    Args:
        factory: Knows the folder of this run of the suite.
        name: Of the folder.
        make: Fills the empty folder that it's given. No path that it writes may be absolute: the
            folder is renamed afterwards.
    """
    common = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    folder, unfinished = common / name, common / f"{name}.new"
    with (common / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(folder)
    return folder
