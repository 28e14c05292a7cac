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

from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation.factors import factor_targets

# The support vector machines' cost grows with the square.
_MOST_ROWS = 6_000
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
    the test split. Where validation has no item with the factor, R² comes from cross-validation
    over the training sources. A large training split is thinned to 6,000 random rows.

    Args:
        train: What they learn from.
        validation: What they are chosen on; may be without rows.
        test_mfcc: What they read, float32 [n_test, frames, coefficients].
        factor_names: What they learn to read.
        seed: Seed of thinning and trees.

    Returns:
        float64 [n_test, num_factors]; NaN for a factor that the training split doesn't have.
    """
    known, held_out, heard = (summarize(mfcc) for mfcc in (train.mfcc, validation.mfcc, test_mfcc))
    sources = np.array([pair.source for pair in train.pairs])
    readings = np.full((len(heard), len(factor_names)), np.nan)
    for column, (known_target, held_out_target) in enumerate(
        zip(
            factor_targets(train.pairs, factor_names).T,
            factor_targets(validation.pairs, factor_names).T,
            strict=True,
        )
    ):
        rows = _thin(np.flatnonzero(np.isfinite(known_target)), seed)
        has = np.isfinite(held_out_target)
        if len(rows):
            readings[:, column] = _read_one(
                (known[rows], known_target[rows], sources[rows]),
                (held_out[has], held_out_target[has]),
                heard,
                seed,
            )
    return readings


def summarize(mfcc: NDArray[np.float32]) -> Matrix:
    """Describes how every coefficient behaves over time.

    Args:
        mfcc: float32 [n, frames, coefficients], at least 2 frames.

    Returns:
        Mean, deviation and five quantiles, then deviation and mean size of the steps from frame
        to frame: float64 [n, 9 * coefficients].
    """
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
    answers = _with_mean([candidate.predict(heard) for candidate in fitted])
    if len(held_out[1]) > 1:
        trials = _with_mean([candidate.predict(held_out[0]) for candidate in fitted])
        truth = held_out[1]
    elif len(np.unique(sources)) > 1:
        folds = GroupKFold(min(_FOLDS, len(np.unique(sources))))
        trials = _with_mean(
            [cross_val_predict(c, features, target, groups=sources, cv=folds) for c in candidates]
        )
        truth = target
    else:
        return answers[-1]
    return answers[int(np.argmax([r2_score(truth, trial) for trial in trials]))]


def _candidates(num_features: int, seed: int) -> list[RegressorMixin]:
    # Settings that did best on the validation split of the built-in scenes.
    smooth = SVR(C=1.0, epsilon=0.1, gamma=0.3 / num_features)
    trees = ExtraTreesRegressor(
        100, min_samples_leaf=3, max_features=0.25, n_jobs=2, random_state=seed
    )
    return [
        make_pipeline(StandardScaler(), RidgeCV(_PENALTIES)),
        make_pipeline(StandardScaler(), smooth),
        trees,
    ]


def _with_mean(readings: list[Matrix]) -> list[Matrix]:
    return [*readings, np.mean(readings, axis=0)]


def _thin(rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    if len(rows) <= _MOST_ROWS:
        return rows
    return np.random.default_rng(seed).choice(rows, _MOST_ROWS, replace=False)
