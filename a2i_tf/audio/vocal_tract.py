"""What another vocal tract does to cepstra."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.audio.filterbank import cepstral_matrix
from a2i_tf.audio.settings import MfccConfig


def has_spectrum(config: MfccConfig) -> bool:
    """Whether the cepstra of a recipe lead back to a (smoothed) log mel spectrum.

    Liftered cepstra, or those with the log energy in place of the first, don't.
    """
    return not (config.lifter or config.log_energy)


def warp_matrix(config: MfccConfig, factor: float) -> NDArray[np.float32]:
    """Returns what cepstra are multiplied by when every frequency is divided by `factor`.

    Formants move up or down together, as with a shorter or longer vocal tract (Jaitly & Hinton,
    "Vocal Tract Length Perturbation (VTLP) improves speech recognition", ICML workshop 2013). The
    highest band stands for those above it.

    Args:
        config: A recipe that `has_spectrum`.
        factor: 1 for no change; above 1, all frequencies fall.

    Returns:
        float32 [num_mfccs, num_mfccs], to be multiplied from the right.
    """
    bank = config.mel_filters()
    frequencies = np.linspace(0.0, config.sample_rate / 2, len(bank))
    centres = frequencies @ bank / bank.sum(axis=0)
    bands = np.arange(config.num_mel_bins)
    heard = np.interp(factor * centres, centres, bands)
    # Row m holds the shares of the old bands in the new band m.
    shares = np.maximum(0.0, 1.0 - np.abs(heard[:, None] - bands))
    transform = cepstral_matrix(config.num_mel_bins, config.num_mfccs, config.lifter)
    return (transform.T @ shares.T @ transform).astype(np.float32)
