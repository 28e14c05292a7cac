"""What a judge saw in the training pictures before: it depends on both alone."""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation.cache import KEY_LENGTH, OnNote, load_or_make_array
from a2i_tf.evaluation.judge import JUDGE_VERSION, Judge


def load_or_see_features(
    folder: PairsFolder,
    train: Arrays,
    judge: Judge,
    cache: Path,
    on_note: OnNote | None = None,
) -> NDArray[np.float32]:
    """Returns the judge's features of the training pictures: kept ones, or new ones, then kept.

    Args:
        folder: The dataset.
        train: Its training split at the size that the judge was built for.
        judge: The judge.
        cache: Where features are kept.
        on_note: Called with one line when features can't be read or kept.

    Returns:
        float32 [n_train, features].
    """
    return load_or_make_array(
        cache / _key(folder, train, judge) / "features.npz",
        "view of the training pictures",
        lambda: judge.features(train.images),
        on_note,
    )


def _key(folder: PairsFolder, train: Arrays, judge: Judge) -> str:
    """Returns the name under which features are kept."""
    depends_on = (
        folder.info.checksum,
        [pair.id for pair in train.pairs],
        # Trained again, as after damage, a judge can differ in its last bits.
        judge.network.get_weights(),
        JUDGE_VERSION,
    )
    return str(joblib.hash(depends_on))[:KEY_LENGTH]
