"""Keeping what native libraries write to stderr to what a person should read."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator

_STDERR = 2
# LiteRT's notices, Abseil's (severity, then the date), and Abseil's about itself.
_NOTICES = (b"INFO:", b"I0000", b"W0000", b"WARNING: All log messages before absl")


@contextlib.contextmanager
def quiet_native_logs() -> Iterator[None]:
    """Holds back stderr while the block runs, then lets through all but notices.

    LiteRT announces its XNNPACK delegate and TensorFlow's converter the options it ignores, and
    neither has a setting against it. It is for blocks of seconds: if the process is killed in
    one, what was held back is lost.
    """
    original = os.dup(_STDERR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(original, _STDERR)
            os.close(original)
            held.seek(0)
            for line in held:
                if not line.startswith(_NOTICES):
                    os.write(_STDERR, line)
