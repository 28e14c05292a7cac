"""The best that can be heard: known causes of a scene, read from its sound alone.

A model that draws can't know more than its MFCC tell. Several regressors of different kinds, each
fed with statistics of the MFCC over time, say how much that is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.utils.parallel import Parallel, delayed

from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation.factors import factor_targets

# Raised whenever the same sounds would be read otherwise.
REGRESSOR_VERSION = 1

# The support vector machines' cost grows with the square.
_MOST_ROWS = 6_000
_BLOCK = 512
_THREADS = 2
_FOLDS = 3
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_PENALTIES = np.logspace(-1, 4, 11)

Matrix = NDArray[np.float64]


def read_factors_from_audio(
    train: Arrays,
    validation: Arrays,
    test_mfcc: NDArray[np.float32],
    factor_names: Sequence[str],
    seed: int = 0,
) -> NDArray[np.float64]:
    """Reads factors from sound, each with the regressor that reads it best.

    For every factor, ridge regression, support vector regression, extra trees and the mean of all
    three learn from the training split; the one with the highest R² on the validation split reads
    the test split. Where the factor doesn't vary in validation, R² comes from cross-validation
    over the training sources. A large training split is thinned to 6,000 random rows. Unlike the
    factor reader, it isn't told the class.

    Args:
        train: What they learn from.
        validation: What they are chosen on; may be without rows.
        test_mfcc: What they read, float32 [n_test, frames, coefficients].
        factor_names: What they learn to read.
        seed: Seed of thinning and trees.

    Returns:
        float64 [n_test, num_factors] in [0, 1]; NaN for a factor that the training split doesn't
        have.
    """
    targets = factor_targets(train.pairs, factor_names).T
    chosen = [_thin(np.flatnonzero(np.isfinite(target)), seed) for target in targets]
    needed = np.unique(np.concatenate(chosen))
    known = summarize(train.mfcc[needed])
    held_out, heard = summarize(validation.mfcc), summarize(test_mfcc)
    sources = np.array([pair.source for pair in train.pairs])
    readings = np.full((len(heard), len(factor_names)), np.nan)
    held_out_targets = factor_targets(validation.pairs, factor_names).T
    columns = [column for column, rows in enumerate(chosen) if len(rows)]

    def read(column: int) -> Matrix:
        rows, has = chosen[column], np.isfinite(held_out_targets[column])
        return _read_one(
            (known[np.searchsorted(needed, rows)], targets[column][rows], sources[rows]),
            (held_out[has], held_out_targets[column][has]),
            heard,
            seed,
        )

    # Each regressor uses a single core.
    answers = Parallel(_THREADS, prefer="threads")(delayed(read)(column) for column in columns)
    for column, answer in zip(columns, answers, strict=True):
        readings[:, column] = answer
    return readings


def summarize(mfcc: NDArray[np.float32]) -> Matrix:
    """Describes how every coefficient behaves over time.

    Args:
        mfcc: float32 [n, frames, coefficients], at least 2 frames.

    Returns:
        Mean, deviation and five quantiles, then deviation and mean size of the steps from frame
        to frame: float64 [n, 9 * coefficients].
    """
    # In blocks, since what is made on the way is several times as large.
    starts = range(0, max(1, len(mfcc)), _BLOCK)
    return np.concatenate([_summarize_block(mfcc[start : start + _BLOCK]) for start in starts])


def _summarize_block(mfcc: NDArray[np.float32]) -> Matrix:
    values = mfcc.astype(np.float64)
    steps = np.diff(values, axis=1)
    parts = [
        values.mean(axis=1),
        values.std(axis=1),
        *np.quantile(values, _QUANTILES, axis=1),
        steps.std(axis=1),
        np.abs(steps).mean(axis=1),
    ]
    return np.concatenate(parts, axis=1)


def _read_one(
    known: tuple[Matrix, Matrix, NDArray[np.str_]],
    held_out: tuple[Matrix, Matrix],
    heard: Matrix,
    seed: int,
) -> Matrix:
    """Returns one factor for every row of `heard`: float64 [n_test]."""
    features, target, sources = known
    candidates = _candidates(features.shape[1], seed)
    fitted = [candidate.fit(features, target) for candidate in candidates]
    answers = _clipped([candidate.predict(heard) for candidate in fitted])
    if len(held_out[1]) > 1 and np.ptp(held_out[1]) > 0:
        trials = _clipped([candidate.predict(held_out[0]) for candidate in fitted])
        truth = held_out[1]
    elif len(np.unique(sources)) > 1:
        folds = GroupKFold(min(_FOLDS, len(np.unique(sources))))
        trials = _clipped(
            [cross_val_predict(c, features, target, groups=sources, cv=folds) for c in candidates]
        )
        truth = target
    else:
        return answers[-1]
    return answers[int(np.argmax([r2_score(truth, trial) for trial in trials]))]


def _candidates(num_features: int, seed: int) -> list[RegressorMixin]:
    # Settings that did best on the validation split of the built-in scenes.
    smooth = SVR(C=0.3, epsilon=0.1, gamma=0.3 / num_features)
    trees = ExtraTreesRegressor(100, min_samples_leaf=3, max_features=0.25, random_state=seed)
    return [
        make_pipeline(StandardScaler(), RidgeCV(_PENALTIES)),
        make_pipeline(StandardScaler(), smooth),
        trees,
    ]


def _clipped(readings: list[Matrix]) -> list[Matrix]:
    """Returns the readings and their mean, all in [0, 1] as factors are."""
    return [reading.clip(0, 1) for reading in (*readings, np.mean(readings, axis=0))]


def _thin(rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    if len(rows) <= _MOST_ROWS:
        return rows
    return np.random.default_rng(seed).choice(rows, _MOST_ROWS, replace=False)
