"""How learning rates fall."""

from __future__ import annotations

# Of a learning rate, at the very end.
_LAST = 0.02


def decay(progress: float, share: float) -> float:
    """Returns what a learning rate is multiplied by: 1, then a straight way down.

    Args:
        progress: How far training has come, in [0, 1].
        share: Share of the training at its end in which the rate falls; 0 for never.
    """
    return min(1.0, (1.0 - progress) / share + _LAST) if share else 1.0
