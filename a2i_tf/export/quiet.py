"""Keeping TensorFlow to what a person should read."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from a2i_tf.inference.native_logs import quiet_native_logs


@contextlib.contextmanager
def quiet_logs() -> Iterator[None]:
    """Lets only errors of TensorFlow and absl through while the block runs.

    The native converter logs past their settings; see `quiet_native_logs`.
    """
    loggers = [logging.getLogger(name) for name in ("tensorflow", "absl")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with quiet_native_logs():
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
