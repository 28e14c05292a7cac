"""Where tests find the real recordings that aren't part of the repository."""

from __future__ import annotations

import os
import unittest
from pathlib import Path

_DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data"
SHARED_DATA = Path(os.environ.get("A2I_SHARED_DATA", _DEFAULT))

needs_esc10 = unittest.skipUnless((SHARED_DATA / "esc10").is_dir(), "ESC-10 is not here")


def esc10_clips(count: int) -> list[Path]:
    """Returns `count` OGG Vorbis clips, spread evenly over the ten classes."""
    clips = sorted((SHARED_DATA / "esc10").glob("*/*.ogg"))
    return clips[:: len(clips) // count][:count]
