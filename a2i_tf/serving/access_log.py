"""The access log: one JSON object a line for every request answered."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from datetime import datetime, timezone
from logging.handlers import WatchedFileHandler
from pathlib import Path

from a2i_tf.atomic import explain_os_errors
from a2i_tf.serving.answered import Answered

_MAX_PATH_LENGTH = 200


class AccessLog:
    """Writes lines to a file, or to stderr.

    A line holds the time, the client's address, the method, the path without its query, the
    status, the bytes of the answer, the seconds that it took, and the rows of the batch. It holds
    no header and nothing of what was sent or answered.

    Args:
        path: A file to append to, or None for stderr. It may be rotated away at any time.

    Raises:
        A2IError: if the file can't be written to.
    """

    def __init__(self, path: Path | None) -> None:
        # A full disk under the log is no reason to fail requests or to flood stderr.
        logging.raiseExceptions = False
        self._logger = logging.Logger("a2i.access")
        if path is None:
            self._logger.addHandler(logging.StreamHandler(sys.stderr))
            return
        with explain_os_errors(path):
            self._logger.addHandler(WatchedFileHandler(path))

    def write(self, answered: Answered) -> None:
        """Writes a line."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = {
            "time": now.replace("+00:00", "Z"),
            "client": answered.client,
            "method": answered.method,
            "path": answered.path[:_MAX_PATH_LENGTH],
            "status": answered.status,
            "bytes": answered.num_bytes,
            "seconds": round(answered.seconds, 6),
            "batch": answered.notes.batch,
        }
        with contextlib.suppress(OSError):
            # Its folder may be gone, which `WatchedFileHandler` doesn't handle.
            self._logger.info(json.dumps(line))
