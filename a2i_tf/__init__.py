"""a2i turns sound into pictures.

import a2i_tf

model = a2i_tf.load("runs/0001-scenes-default")
image = model.generate(waveform, seed=0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a2i_tf.errors import A2IError
from a2i_tf.version import __version__

if TYPE_CHECKING:
    from a2i_tf.inference.loading import load

__all__ = ["A2IError", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Loads `load` on first use: the command line's `--help` must not wait for NumPy."""
    if name == "load":
        from a2i_tf.inference.loading import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
