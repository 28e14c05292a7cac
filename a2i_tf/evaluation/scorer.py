"""All metrics of one system, held against the same real pictures as every other's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation.factor_reader import FactorReader
from a2i_tf.evaluation.factors import MEAN_NAME, factor_scores, factor_targets
from a2i_tf.evaluation.judge import Judge
from a2i_tf.evaluation.kid import kid
from a2i_tf.evaluation.metrics import dark_fraction, hss, psnr, ssim
from a2i_tf.evaluation.report import Score, Scores, only_finite, score_by_source
from a2i_tf.evaluation.retrieval import class_ranks, pair_ranks
from a2i_tf.evaluation.streams import random_stream
from a2i_tf.evaluation.systems import System, evenly_spread, items_of_others
from a2i_tf.evaluation.variety import class_distances, mean_pairwise_distance, nearest_distance

SAMPLED_SOUNDS = 128
SAMPLES_OF_A_SOUND = 16

# Sounds whose samples are in memory at once.
_SAMPLED_BLOCK = 32

_FACTOR_METRIC = "factor_r2"


@dataclass(frozen=True)
class Drawn:
    """What a system drew, as the judge sees it.

    Attributes:
        images: A picture for every test item, uint8 [n_test, size, size, 3].
        features: Their features, float32 [n_test, features].
        sample_means: For each of the sampled sounds the mean of its samples, uint8
            [sampled, size, size, 3].
        sample_distances: How far the features of its samples lie apart, float64 [sampled].
    """

    images: NDArray[np.uint8]
    features: NDArray[np.float32]
    sample_means: NDArray[np.uint8]
    sample_distances: NDArray[np.float64]


@dataclass(frozen=True)
class Scorer:
    """Measures systems; what is the same for all of them is computed once.

    Attributes:
        train_features: The judge's features of the training pictures, float32 [n_train, features].
        test: The items that every system draws for.
        judge: Names classes, and gives the features.
        reader: Reads the factors; None where the dataset has none.
        seed: Seed of all random choices.
    """

    train_features: NDArray[np.float32]
    test: Arrays
    judge: Judge
    reader: FactorReader | None
    seed: int

    def draw(self, system: System) -> Drawn:
        """Lets a system draw for all test items, and some samples of a few of their sounds.

        All systems get the same streams of random numbers, and so models the same noise.
        """
        everything = np.arange(len(self.test.images))
        images = system.draw(everything, random_stream(self.seed, "drawing"))
        stream = random_stream(self.seed, "samples")
        means, distances = [], []
        for start in range(0, len(self._sampled), _SAMPLED_BLOCK):
            block = self._sampled[start : start + _SAMPLED_BLOCK]
            samples = system.draw_samples(block, SAMPLES_OF_A_SOUND, stream)
            means.append(np.round(samples.mean(axis=1)).astype(np.uint8))
            distances.append(self._distance_between(samples, system.varies))
        features = self.judge.features(images)
        return Drawn(images, features, np.concatenate(means), np.concatenate(distances))

    def exchange(self, drawn: Drawn) -> Drawn:
        """Gives every item what was drawn for an item of another source, and each away once.

        What was sampled is exchanged among the sampled sounds.
        """
        stream = random_stream(self.seed, "exchange")
        others = items_of_others(self._sources, stream)
        sampled_others = items_of_others(self._sources[self._sampled], stream)
        return Drawn(
            drawn.images[others],
            drawn.features[others],
            drawn.sample_means[sampled_others],
            drawn.sample_distances[sampled_others],
        )

    def score(self, drawn: Drawn) -> Scores:
        """Returns all metrics of what a system drew."""
        images, features = drawn.images, drawn.features
        by_item = {
            "class_accuracy": self.judge.recognizes(images, self.test.labels),
            **self._retrieval(features),
            "ssim": ssim(images, self.test.images),
            "psnr": psnr(images, self.test.images),
            "hss": hss(images, self.test.images),
            "dark_fraction": dark_fraction(images),
            "memorization": nearest_distance(features, self.train_features) / self._real_nearest,
        }
        scores = {name: score_by_source(values, self._sources) for name, values in by_item.items()}
        if min(len(images), len(self.train_features)) > 1:
            scores["kid"] = kid(features, self._test_features, random_stream(self.seed, "kid"))
        scores |= self._score_samples(drawn)
        if self.reader:
            scores |= self.score_factors(self.reader.read(images, self.test.labels))
        return only_finite(scores)

    def score_real(self, drawn: Drawn) -> Scores:
        """Returns the ceiling of all metrics, of what `real` drew.

        `diversity` is 1, as what the others are held against. `kid` compares real training
        pictures with the real test pictures, since a set has no distance to itself.
        """
        scores = self.score(drawn) | {"diversity": Score(1.0, 0.0)}
        if "kid" in scores:
            stream = random_stream(self.seed, "kid")
            scores["kid"] = kid(self.train_features, self._test_features, stream)
        return only_finite(scores)

    def score_factors(self, readings: NDArray[np.floating]) -> Scores:
        """Returns `factor_r2` and one such metric for every factor.

        Args:
            readings: float [n_test, num_factors], as read from pictures or sounds.
        """
        if self.reader is None:
            return {}
        names = self.reader.factor_names
        targets = factor_targets(self.test.pairs, names)
        stream = random_stream(self.seed, "factors")
        scores = factor_scores(readings, targets, self._sources, stream, names)
        return only_finite(
            {
                _FACTOR_METRIC if name == MEAN_NAME else f"{_FACTOR_METRIC}_{name}": scores[name]
                for name in (MEAN_NAME, *names)
                if name in scores
            }
        )

    def _retrieval(self, features: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        ranks = {
            "retrieval": pair_ranks(features, self._test_features),
            "retrieval_class": class_ranks(features, self._test_features, self.test.labels),
        }
        return {
            f"{name}_r{most}": (found < most).astype(np.float64)
            for name, found in ranks.items()
            for most in (1, 10)
        }

    def _score_samples(self, drawn: Drawn) -> Scores:
        rows = self._sampled
        class_distances = self._class_distances[self.test.labels[rows]]
        by_item = {
            "ssim_of_mean": ssim(drawn.sample_means, self.test.images[rows]),
            "diversity": drawn.sample_distances / class_distances,
        }
        sources = self._sources[rows]
        return {name: score_by_source(values, sources) for name, values in by_item.items()}

    def _distance_between(self, samples: NDArray[np.uint8], varies: bool) -> NDArray[np.float64]:
        if not varies:
            return np.zeros(len(samples))
        features = self.judge.features(samples.reshape(-1, *samples.shape[2:]))
        return mean_pairwise_distance(features.reshape(*samples.shape[:2], -1))

    @cached_property
    def _sampled(self) -> NDArray[np.int64]:
        """The test items of whose sounds samples are drawn."""
        return evenly_spread(len(self.test.images), SAMPLED_SOUNDS)

    @cached_property
    def _sources(self) -> NDArray[np.str_]:
        return np.array([pair.source for pair in self.test.pairs])

    @cached_property
    def _test_features(self) -> NDArray[np.float32]:
        return self.judge.features(self.test.images)

    @cached_property
    def _real_nearest(self) -> float:
        """Mean distance of a real test picture to the nearest training picture; NaN for 0."""
        return nearest_distance(self._test_features, self.train_features).mean() or np.nan

    @cached_property
    def _class_distances(self) -> NDArray[np.float64]:
        """Mean distance between two real test pictures of a class, by label; NaN for 0."""
        stream = random_stream(self.seed, "classes")
        distances = class_distances(self._test_features, self.test.labels, stream)
        return np.where(distances > 0, distances, np.nan)
