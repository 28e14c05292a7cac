"""`windows.cut_windows` in TensorFlow operations, for `tf.data` and exported graphs."""

from __future__ import annotations

import tensorflow as tf


def cut_windows_tf(waveform: tf.Tensor, window_samples: int) -> tf.Tensor:
    """Cuts a clip into half-overlapping windows; see `windows.window_starts` for the rule.

    Args:
        waveform: float32 [num_samples]; the length may be unknown when tracing.
        window_samples: Length of a window, at least 1.

    Returns:
        float32 [num_windows, window_samples]. A clip shorter than a window is zero-padded at its
        end.

    Raises:
        ValueError: if `window_samples` is below 1.
    """
    if window_samples < 1:
        raise ValueError(f"window_samples must be at least 1, not {window_samples}")
    hop = max(window_samples // 2, 1)
    num_samples = tf.shape(waveform)[0]
    last = tf.maximum(num_samples - window_samples, 0)
    count = -(-last // hop) + 1
    starts = tf.minimum(tf.range(count) * hop, last)
    padded = tf.pad(waveform, [[0, tf.maximum(window_samples - num_samples, 0)]])
    return tf.gather(padded, starts[:, tf.newaxis] + tf.range(window_samples))
