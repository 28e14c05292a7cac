"""How a clip of any length becomes windows of one length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def window_starts(num_samples: int, window_samples: int) -> NDArray[np.int64]:
    """Returns where each window of a clip begins.

    Windows overlap by half. The last one is aligned to the end of the clip, so no sample is left
    out and none but a short clip is padded: starts are min(i * hop, n - W) with hop = W // 2.

    Args:
        num_samples: Length of the clip, n.
        window_samples: Length of a window, W, at least 1.

    Returns:
        int64 [num_windows], increasing, at least one entry. A clip of up to W samples has the one
        start 0.

    Raises:
        ValueError: if `window_samples` is below 1.
    """
    if window_samples < 1:
        raise ValueError(f"window_samples must be at least 1, not {window_samples}")
    hop = max(window_samples // 2, 1)
    last = max(num_samples - window_samples, 0)
    count = -(-last // hop) + 1
    return np.minimum(np.arange(count, dtype=np.int64) * hop, last)


def cut_windows(waveform: NDArray[np.float32], window_samples: int) -> NDArray[np.float32]:
    """Cuts a clip into half-overlapping windows; see `window_starts` for the rule.

    Args:
        waveform: float32 [num_samples].
        window_samples: Length of a window, at least 1.

    Returns:
        float32 [num_windows, window_samples]. A clip shorter than a window is zero-padded at its
        end.

    Raises:
        ValueError: if `window_samples` is below 1.
    """
    starts = window_starts(len(waveform), window_samples)
    padded = np.pad(waveform, (0, max(window_samples - len(waveform), 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, window_samples)[starts]
