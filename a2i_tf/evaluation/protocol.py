"""The evaluation itself: every system on the same test items, in the same run."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.datasets.pairs import SPLITS, PairsFolder
from a2i_tf.datasets.pipeline import Arrays, load_arrays
from a2i_tf.errors import A2IError
from a2i_tf.evaluation.baselines import BASELINES
from a2i_tf.evaluation.comparison import choose_items, comparison_picture
from a2i_tf.evaluation.judge import Judge
from a2i_tf.evaluation.judge_cache import load_or_train_judge
from a2i_tf.evaluation.metrics import dark_fraction, hss, ssim
from a2i_tf.evaluation.report import WEAK_JUDGE_ACCURACY, Report, Score, score_by_source
from a2i_tf.models.drawing import DrawingModel

MODEL_NAME = "model"
_PICTURED_BASELINES = ("nearest_audio", "class_mean")
_PICTURED_ITEMS_PER_CLASS = 1

OnStep = Callable[[str, int, int], None]
Metric = Callable[["Drawn"], NDArray[np.float64]]


@dataclass(frozen=True)
class Drawn:
    """What a metric may look at: one system's images, and what they are held against."""

    images: NDArray[np.uint8]
    test: Arrays
    judge: Judge


METRICS: dict[str, Metric] = {
    "class_accuracy": lambda drawn: drawn.judge.recognizes(drawn.images, drawn.test.labels),
    "ssim": lambda drawn: ssim(drawn.images, drawn.test.images),
    "hss": lambda drawn: hss(drawn.images, drawn.test.images),
    "dark_fraction": lambda drawn: dark_fraction(drawn.images),
}
"""All metrics by name, each giving float64 [n], one value an item."""


def evaluate(
    models: DrawingModel | Mapping[str, DrawingModel],
    folder: PairsFolder,
    *,
    seed: int = 0,
    judge_cache: Path | None = None,
    on_step: OnStep | None = None,
) -> Report:
    """Measures models and all baselines on the test split.

    Nothing is written but the judge's cache.

    Args:
        models: One model, reported as "model", or several by name. They may hear through
            different front ends; `nearest_audio` hears through the first one's.
        folder: The dataset.
        seed: Seed of noise, random baselines and the choice of pictured items. The judge's own
            seed is fixed, so that reports of several seeds have the same judge.
        judge_cache: Where trained judges are kept; by default in the dataset's folder.
        on_step: Called with (what is done, steps done, steps in all of that kind).

    Returns:
        The report.

    Raises:
        A2IError: if a split is empty, a class has no training sources, or the image sizes differ.
        ValueError: if there is no model, or one has the name of a baseline.
    """
    named = {MODEL_NAME: models} if isinstance(models, DrawingModel) else dict(models)
    _check_names(named)
    size = _common_image_size(named)
    _check_splits(folder)
    tell = on_step or (lambda _what, _done, _total: None)
    splits = _load_splits(folder, next(iter(named.values())).config.mfcc, size, tell)
    notes = _notes_on_classes(folder, splits)
    judge = load_or_train_judge(
        folder,
        splits.train,
        splits.validation,
        cache=judge_cache,
        on_epoch=lambda done, total: tell("training the judge", done, total),
        on_note=notes.append,
    )
    rows = choose_items(splits.test.labels, _PICTURED_ITEMS_PER_CLASS, _stream(seed, "picture"))
    systems, pictured = {}, {}
    for done, (name, drawn) in enumerate(_draw_all(named, folder, splits, seed), 1):
        systems[name] = _measure(Drawn(drawn, splits.test, judge))
        pictured[name] = drawn[rows]
        tell("measuring", done, len(named) + len(BASELINES))
    accuracy = systems["real"]["class_accuracy"].mean
    return Report(
        dataset=folder.info.name,
        checksum=folder.info.checksum,
        num_test=len(splits.test.images),
        judge_accuracy=accuracy,
        systems=systems,
        notes=(*notes, *_notes_on_judge(accuracy)),
        picture=comparison_picture(
            {name: pictured[name] for name in ("real", *named, *_PICTURED_BASELINES)},
            [folder.labels[label] for label in splits.test.labels[rows]],
        ),
    )


@dataclass(frozen=True)
class _Splits:
    train: Arrays
    validation: Arrays
    test: Arrays


def _check_names(models: Mapping[str, DrawingModel]) -> None:
    if not models:
        raise ValueError("there is no model to evaluate")
    taken = sorted(set(models) & set(BASELINES))
    if taken:
        raise ValueError(f"a model can't be called {taken[0]!r}: a baseline has that name")


def _common_image_size(models: Mapping[str, DrawingModel]) -> int:
    sizes = {name: model.config.image_size for name, model in models.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} {size} px" for name, size in sizes.items())
        raise A2IError(f"models of different image sizes ({told}) can't be compared; retrain one")
    return next(iter(sizes.values()))


def _check_splits(folder: PairsFolder) -> None:
    for split in SPLITS:
        if not folder.split(split):
            raise A2IError(
                f"{folder.root}: no source falls into the {split} split; use more sources"
            )
    trained = {pair.label for pair in folder.split("train")}
    missing = [label for label in folder.labels if label not in trained]
    if missing:
        raise A2IError(
            f"{folder.root}: no source of {', '.join(missing)} falls into the train split; "
            "use more sources"
        )


def _load_splits(folder: PairsFolder, mfcc: MfccConfig, size: int, tell: OnStep) -> _Splits:
    loaded = []
    for done, split in enumerate(SPLITS, 1):
        loaded.append(load_arrays(folder, folder.split(split), mfcc, size))
        tell("loading", done, len(SPLITS))
    return _Splits(*loaded)


def _notes_on_classes(folder: PairsFolder, splits: _Splits) -> list[str]:
    tested = set(splits.test.labels)
    missing = [label for place, label in enumerate(folder.labels) if place not in tested]
    return [f"no source of {', '.join(missing)} falls into the test split"] if missing else []


def _notes_on_judge(accuracy: float) -> list[str]:
    if accuracy >= WEAK_JUDGE_ACCURACY:
        return []
    return [
        f"the judge is weak: it names {accuracy:.1%} of the real test images, so class_accuracy "
        "says little; use more sources"
    ]


def _draw_all(
    models: Mapping[str, DrawingModel], folder: PairsFolder, splits: _Splits, seed: int
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yields every system's name and what it draws for the test items, one at a time."""
    test = splits.test
    heard = {next(iter(models.values())).config.mfcc: test.mfcc}
    for name, model in models.items():
        config = model.config
        if config.mfcc not in heard:
            other = load_arrays(folder, test.pairs, config.mfcc, config.image_size)
            heard[config.mfcc] = other.mfcc
        shape = (len(test.images), config.noise_dim)
        noise = _stream(seed, "noise").standard_normal(shape, dtype=np.float32)
        yield name, model.draw(heard[config.mfcc], noise)
    for name, draw in BASELINES.items():
        yield name, draw(splits.train, test, _stream(seed, name))


def _measure(drawn: Drawn) -> dict[str, Score]:
    sources = np.array([pair.source for pair in drawn.test.pairs])
    return {name: score_by_source(metric(drawn), sources) for name, metric in METRICS.items()}


def _stream(seed: int, name: str) -> np.random.Generator:
    """Returns the numbers of one purpose, so that one more system changes no other's."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
