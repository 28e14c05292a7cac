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
from a2i_tf.serving.request_notes import RequestNotes

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

    def write(
        self,
        client: str,
        method: str,
        path: str,
        status: int | str,
        num_bytes: int,
        seconds: float,
        notes: RequestNotes,
    ) -> None:
        """Writes a line.

        Args:
            client: Address without the port.
            method: Of HTTP, or "GRPC".
            path: The path asked, or the full name of the gRPC method.
            status: Of HTTP, or the name of the gRPC code.
            num_bytes: Of the answer's body.
            seconds: From the request's first byte to the answer's last.
            notes: What was learnt of it meanwhile.
        """
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = {
            "time": now.replace("+00:00", "Z"),
            "client": client,
            "method": method,
            "path": path[:_MAX_PATH_LENGTH],
            "status": status,
            "bytes": num_bytes,
            "seconds": round(seconds, 6),
            "batch": notes.batch,
        }
        with contextlib.suppress(OSError):
            # Its folder may be gone, which `WatchedFileHandler` doesn't handle.
            self._logger.info(json.dumps(line))
