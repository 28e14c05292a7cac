"""How many connections a process can have: each is an open file."""

from __future__ import annotations

import resource

from a2i_tf.serving.http_protocol import MOST_REFUSED

# How many connections the event loop takes before it looks at any; these have a file, too.
BACKLOG = 256
# TensorFlow's, the versions', the log's, the decoders' pipes.
_OTHER_FILES = 200


def allowed_connections(wanted: int) -> int:
    """Raises the process's limit on open files as far as needed, or else as far as may be.

    Args:
        wanted: How many connections REST should get, and gRPC as many again.

    Returns:
        How many each of them can have.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    others = _OTHER_FILES + MOST_REFUSED + BACKLOG
    needed = others + 2 * wanted
    if _fewer(soft, needed):
        soft = hard if _fewer(hard, needed) else needed
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, (soft - others) // 2) if _fewer(soft, needed) else wanted


def _fewer(limit: int, needed: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < needed
