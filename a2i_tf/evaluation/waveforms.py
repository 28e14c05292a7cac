"""The sound behind a pair, for what needs more of it than its MFCC."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.audio.graph_decode import decode_audio
from a2i_tf.audio.mfcc import mfcc
from a2i_tf.audio.settings import MfccConfig
from a2i_tf.datasets.pairs import Pair, PairsFolder

_BATCH_SIZE = 64


def load_windows(
    folder: PairsFolder, pairs: Sequence[Pair], config: MfccConfig
) -> NDArray[np.float32]:
    """Loads every pair's window of sound, decoded as for training.

    Args:
        folder: A dataset with sounds, at the rate and window of `config`.
        pairs: Some of its pairs.
        config: The front end that the windows are meant for.

    Returns:
        float32 [n, window_samples], full scale at -1 and 1, zero-padded where a file ends.
    """
    windows = np.zeros((len(pairs), config.window_samples), np.float32)
    for window, pair in zip(windows, pairs, strict=True):
        waveform = decode_audio(tf.io.read_file(str(folder.root / pair.sound)), "wav").numpy()
        start = round(pair.start_seconds * config.sample_rate)
        heard = waveform[start : start + config.window_samples]
        window[: len(heard)] = heard
    return windows


def hear(windows: NDArray[np.float32], config: MfccConfig) -> NDArray[np.float32]:
    """Returns the MFCC of windows in bounded batches: float32 [n, frames, coefficients].

    Args:
        windows: float32 [n, window_samples]; what lies beyond full scale is clipped, as a file
            would clip it.
        config: The front end.
    """
    batches = [
        mfcc(tf.constant(windows[start : start + _BATCH_SIZE].clip(-1, 1)), config).numpy()
        for start in range(0, len(windows), _BATCH_SIZE)
    ]
    return np.concatenate(batches)
