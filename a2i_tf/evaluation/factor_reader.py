"""The factor reader: reads a scene's known causes from its picture, by kernel ridge regression.

Like the judge, it has only ever seen real training images. Unlike the judge it sees how bright a
picture is: that's how night looks. It learns from every picture twice, as it is and worn (somewhat
blurred, somewhat noisy): else it would read single pixels, and be wrong about any picture that is
not as crisp as those it learnt from, real or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from sklearn.base import RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation.factors import factor_targets
from a2i_tf.evaluation.picture_statistics import describe_pictures
from a2i_tf.evaluation.systems import evenly_spread

# The cost grows with the cube.
_MOST_ROWS = 600
_FOLDS = 3
# Standard deviation of the blur as a share of the width, and of the noise in levels of 256.
_MOST_BLUR = 0.8 / 64
_MOST_NOISE = 8.0
# Around what did best on the validation split of the built-in scenes.
_WIDTHS = (0.05, 0.1, 0.2)
_PENALTY = 0.03

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class FactorReader:
    """Trained regressors of pictures.

    Attributes:
        image_size: Width and height of the pictures they learned from, in pixels.
        factor_names: What can be read.
        regressors: By label and factor name, what takes float64 [n, num_statistics] of
            `describe_pictures` and predicts float [n].
    """

    image_size: int
    factor_names: tuple[str, ...]
    regressors: Mapping[tuple[int, str], RegressorMixin]

    def read(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Returns every factor as the picture shows it.

        It's told the true class, since a factor belongs to the sound that made the item: "rain" of
        a beach is looked for as rain on a beach, whatever was drawn.

        Args:
            images: uint8 [n, size, size, 3], at the size it was trained on.
            labels: int64 [n], the true class of every item.

        Returns:
            float32 [n, num_factors] in [0, 1]; NaN where the class has no such factor.

        Raises:
            ValueError: if the images are not uint8 of that shape.
        """
        statistics = describe_pictures(images).astype(np.float64)
        if images.shape[1] != self.image_size:
            raise ValueError(f"images must be {self.image_size} px wide, not {images.shape[1]} px")
        readings = np.full((len(images), len(self.factor_names)), np.nan, np.float32)
        for (label, name), regressor in self.regressors.items():
            rows = np.flatnonzero(labels == label)
            if len(rows):
                column = self.factor_names.index(name)
                readings[rows, column] = regressor.predict(statistics[rows])
        return readings.clip(0, 1)

    def knows(self, label: int, factor_name: str) -> bool:
        """Returns whether a class has a factor."""
        return (label, factor_name) in self.regressors


def train_factor_reader(
    train: Arrays, validation: Arrays, factor_names: Sequence[str]
) -> FactorReader:
    """Trains a reader: a kernel ridge regression (scikit-learn's) for every class and factor.

    The width of the kernel is that with the highest R² on the validation split; where it can't
    tell, that of a cross-validation over the training sources. What has a single source, or never
    varies, is read as its mean. Each class learns from up to 600 pictures, evenly spread, and from
    worn copies of them.

    Args:
        train: What it learns from.
        validation: What the widths are chosen on; may be without rows.
        factor_names: What it learns to read, factors in [0, 1].

    Returns:
        The reader.
    """
    names = tuple(factor_names)
    regressors: dict[tuple[int, str], RegressorMixin] = {}
    for label in np.unique(train.labels).tolist():
        rows = np.flatnonzero(train.labels == label)
        rows = rows[evenly_spread(len(rows), _MOST_ROWS)]
        worn = wear_out(train.images[rows], np.random.default_rng(label))
        known = _examples(
            train, np.tile(rows, 2), np.concatenate([train.images[rows], worn]), names
        )
        rows = np.flatnonzero(validation.labels == label)
        held_out = _examples(validation, rows, validation.images[rows], names)
        for column, name in enumerate(names):
            examples = known.with_factor(column)
            if len(examples.targets):
                regressors[label, name] = _fit(examples, held_out.with_factor(column))
    return FactorReader(train.images.shape[1], names, regressors)


@dataclass(frozen=True)
class _Examples:
    """Pictures of a class.

    Attributes:
        statistics: float64 [n, num_statistics].
        targets: float64 [n, num_factors], NaN where unknown; [n] for a single factor.
        sources: str [n].
    """

    statistics: Matrix
    targets: Matrix
    sources: NDArray[np.str_]

    def with_factor(self, column: int) -> _Examples:
        """Returns the pictures that have a factor, with that alone."""
        has = np.isfinite(self.targets[:, column])
        return _Examples(self.statistics[has], self.targets[has, column], self.sources[has])

    @property
    def can_tell(self) -> bool:
        """Whether R² can be measured on them."""
        return len(self.targets) > 1 and bool(np.ptp(self.targets) > 0)


def wear_out(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blurs each picture by up to 0.8 px at 64 px, then adds noise of up to 8 levels of 256.

    Args:
        images: uint8 [n, size, size, 3].
        rng: Where the amounts and the noise come from.
    """
    worn = np.empty(images.shape, np.float32)
    most_blur = _MOST_BLUR * images.shape[1]
    for picture, image in zip(worn, images, strict=True):
        deviation = rng.uniform(0, most_blur)
        picture[:] = gaussian_filter(image.astype(np.float32), (deviation, deviation, 0))
        picture += rng.uniform(0, _MOST_NOISE) * rng.standard_normal(image.shape, np.float32)
    return worn.round().clip(0, 255).astype(np.uint8)


def _examples(
    arrays: Arrays, rows: NDArray[np.int64], images: NDArray[np.uint8], names: Sequence[str]
) -> _Examples:
    """Returns rows of a split, with these pictures."""
    if not len(rows):
        return _Examples(np.zeros((0, 1)), np.zeros((0, len(names))), np.zeros(0, str))
    pairs = [arrays.pairs[row] for row in rows]
    return _Examples(
        describe_pictures(images).astype(np.float64),
        factor_targets(pairs, names),
        np.array([pair.source for pair in pairs]),
    )


def _fit(known: _Examples, held_out: _Examples) -> RegressorMixin:
    """Returns the regressor of one factor of one class."""
    num_sources = len(np.unique(known.sources))
    if num_sources < 2 or not known.can_tell:
        return DummyRegressor().fit(known.statistics, known.targets)
    candidates = [_candidate(known.statistics.shape[1], gamma) for gamma in _WIDTHS]
    if held_out.can_tell:
        for candidate in candidates:
            candidate.fit(known.statistics, known.targets)
        trials = [candidate.predict(held_out.statistics) for candidate in candidates]
        return candidates[_best(held_out.targets, trials)]
    folds = GroupKFold(min(_FOLDS, num_sources))
    trials = [
        cross_val_predict(c, known.statistics, known.targets, groups=known.sources, cv=folds)
        for c in candidates
    ]
    best = candidates[_best(known.targets, trials)]
    return best.fit(known.statistics, known.targets)


def _candidate(num_statistics: int, gamma: float) -> RegressorMixin:
    ridge = KernelRidge(kernel="rbf", gamma=gamma / num_statistics, alpha=_PENALTY)
    # A ridge has no intercept.
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), ridge), transformer=StandardScaler(with_std=False)
    )


def _best(truth: Matrix, trials: Sequence[Matrix]) -> int:
    return int(np.argmax([r2_score(truth, trial) for trial in trials]))
