"""What the server does about memory by itself."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os

# gRPC holds a message until after its handler has returned; others' calls take seconds.
_AFTER_SECONDS = (0.1, 5.0)


def use_system_allocator() -> None:
    """Lets TensorFlow's memory come from malloc; to be called before TensorFlow has a device.

    TensorFlow has an allocator of its own for oneDNN, which never gives anything back: ten minutes
    of sound once would cost hundreds of mebibytes for good. Source: `mkl_cpu_allocator.h` of
    https://github.com/tensorflow/tensorflow/tree/v2.17.1/tensorflow/core/common_runtime
    """
    os.environ["TF_ONEDNN_USE_SYSTEM_ALLOCATOR"] = "1"


def set_aside() -> None:
    """Frees what nobody holds any more, and takes the rest out of Python's garbage collection.

    Libraries and a loaded version are half a million objects. Each full collection that looked
    through them would stop all requests for a fifth of a second, so this is called whenever a
    version has come or gone: what an unloaded one held in cycles wouldn't be found otherwise.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Lets glibc return the free pages of all its arenas; another C library does so by itself.

    Otherwise what a large request took stays with the process wherever a small block that is still
    in use lies above it. Source: malloc_trim(3).
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return


def give_back_soon() -> None:
    """Gives memory back a moment from now, and once more when what runs beside may have ended.

    To be called in the event loop.
    """
    loop = asyncio.get_running_loop()
    for seconds in _AFTER_SECONDS:
        loop.call_later(seconds, loop.run_in_executor, None, give_back)
