"""How well known causes of a scene can be read back: one R² a factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.pairs import Pair
from a2i_tf.evaluation.report import Score

MEAN_NAME = "mean"
_RESAMPLES = 50
# Factors lie in [0, 1]: what varies less than this is rounding.
_LEAST_VARIATION = 1e-9


def factor_targets(pairs: Sequence[Pair], factor_names: Sequence[str]) -> NDArray[np.float64]:
    """Returns the true factors: float64 [n, num_factors], NaN where a class lacks one."""
    rows = [[pair.factors.get(name, np.nan) for name in factor_names] for pair in pairs]
    return np.array(rows, np.float64).reshape(len(pairs), len(factor_names))


def factor_scores(
    readings: NDArray[np.floating],
    targets: NDArray[np.float64],
    sources: NDArray[np.str_],
    rng: np.random.Generator,
    factor_names: Sequence[str],
) -> dict[str, Score]:
    """Measures how much of each factor was read: R² = 1 - SS_res / SS_tot, as in scikit-learn.

    Args:
        readings: float [n, num_factors], what was read.
        targets: float64 [n, num_factors], from `factor_targets`.
        sources: str [n], the source of every item.
        rng: Resamples the sources for the spread.
        factor_names: Names of the columns.

    Returns:
        R² over the items that have it, for every factor that varies; under "mean", the mean over
        them. The spread is the standard deviation over bootstrap resamples of the sources, whose
        items resemble each other. Empty if no factor varies.
    """
    sums = _sum_by_source(readings, targets, sources)
    num_sources = len(sums.count)
    scores = sums.r2(np.ones((1, num_sources)))[0]
    known = np.isfinite(scores)
    if not known.any():
        return {}
    weights = rng.multinomial(num_sources, np.full(num_sources, 1 / num_sources), _RESAMPLES)
    resampled = sums.r2(weights.astype(np.float64))[:, known]
    names = [name for name, here in zip(factor_names, known, strict=True) if here]
    means = np.append(scores[known], scores[known].mean())
    spreads = np.append(np.nanstd(resampled, axis=0), np.nanstd(np.nanmean(resampled, axis=1)))
    return {
        name: Score(float(mean), float(spread))
        for name, mean, spread in zip([*names, MEAN_NAME], means, spreads, strict=True)
    }


@dataclass(frozen=True)
class _SourceSums:
    """Sums over every source's items that have a factor: float64 [num_sources, num_factors].

    R² over any choice of sources follows from them, however often each is chosen.
    """

    count: NDArray[np.float64]
    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    residual: NDArray[np.float64]

    def r2(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns R² where a source counts as often as `weights` says.

        Args:
            weights: float64 [choices, num_sources].

        Returns:
            float64 [choices, num_factors], NaN where a factor doesn't vary.
        """
        count, total, squares, residual = (
            weights @ sums for sums in (self.count, self.total, self.squares, self.residual)
        )
        variation = squares - total**2 / np.maximum(count, 1)
        varies = variation > _LEAST_VARIATION * count
        return np.where(varies, 1 - residual / np.where(varies, variation, 1), np.nan)


def _sum_by_source(
    readings: NDArray[np.floating], targets: NDArray[np.float64], sources: NDArray[np.str_]
) -> _SourceSums:
    _, source_of_item = np.unique(sources, return_inverse=True)
    has = np.isfinite(targets)
    values = np.where(has, targets, 0.0)

    def by_source(of_items: NDArray[np.floating]) -> NDArray[np.float64]:
        total = np.zeros((source_of_item.max() + 1, targets.shape[1]))
        np.add.at(total, source_of_item, of_items)
        return total

    return _SourceSums(
        count=by_source(has.astype(np.float64)),
        total=by_source(values),
        squares=by_source(np.square(values)),
        residual=by_source(np.square(np.where(has, targets - readings, 0.0))),
    )
