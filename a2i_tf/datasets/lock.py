"""A lock that one process holds, and that goes away with it however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from a2i_tf.atomic import explain_os_errors, make_folder
from a2i_tf.errors import A2IError


@contextlib.contextmanager
def locked(path: Path, message: str) -> Iterator[None]:
    """Holds a lock file for the time of the block.

    The block may remove the file, and its folder.

    Args:
        path: The file; it and its folder are made where they are missing.
        message: What to say if another process holds it.

    Raises:
        A2IError: if another process holds it, or it can't be written.
    """
    file = None
    while file is None:
        file = _claim(path, message)
    with file:
        yield


def _claim(path: Path, message: str) -> TextIO | None:
    """Returns the file, locked; None if whoever held it before has just removed it."""
    make_folder(path.parent)
    with explain_os_errors(path), contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("w"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                stack.pop_all()
                return file
        except FileNotFoundError:
            pass
        except BlockingIOError as error:
            raise A2IError(message) from error
    return None
