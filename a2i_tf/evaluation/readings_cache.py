"""What the audio regressor read before: it depends on the dataset and the front end alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
import sklearn
from numpy.typing import NDArray

from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation.audio_regressor import REGRESSOR_VERSION, read_factors_from_audio
from a2i_tf.evaluation.cache import KEY_LENGTH, OnNote, load_or_make_array
from a2i_tf.evaluation.factors import factor_targets


def load_or_read_factors(
    train: Arrays,
    validation: Arrays,
    test_mfcc: NDArray[np.float32],
    factor_names: Sequence[str],
    cache: Path,
    on_note: OnNote | None = None,
) -> NDArray[np.float64]:
    """Returns what `read_factors_from_audio` does: kept readings, or new ones that are then kept.

    Args:
        train: What the regressors learn from.
        validation: What they are chosen on; may be without rows.
        test_mfcc: What they read, float32 [n_test, frames, coefficients].
        factor_names: What they learn to read.
        cache: Where readings are kept.
        on_note: Called with one line when readings can't be read or kept.

    Returns:
        float64 [n_test, num_factors] in [0, 1]; NaN for a factor that the training split doesn't
        have.
    """
    return load_or_make_array(
        cache / _key(train, validation, test_mfcc, factor_names) / "readings.npz",
        "reading of factors from sound",
        lambda: read_factors_from_audio(train, validation, test_mfcc, factor_names),
        on_note,
    )


def _key(
    train: Arrays,
    validation: Arrays,
    test_mfcc: NDArray[np.float32],
    factor_names: Sequence[str],
) -> str:
    """Returns the name under which readings are kept: a hash of all that goes into them."""
    depends_on = (
        train.mfcc,
        validation.mfcc,
        test_mfcc,
        *(factor_targets(arrays.pairs, factor_names) for arrays in (train, validation)),
        [pair.source for pair in train.pairs],
        REGRESSOR_VERSION,
        sklearn.__version__,
    )
    return str(joblib.hash(depends_on))[:KEY_LENGTH]
