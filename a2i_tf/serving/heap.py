"""Giving memory back to the system."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Lets glibc return the free pages of all its arenas; another C library does so by itself.

    Otherwise what a large request took stays with the process wherever a small block that is still
    in use lies above it. Source: malloc_trim(3).
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return
