"""The evaluation itself: every system on the same test items, in the same run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.datasets.pipeline import load_arrays
from a2i_tf.errors import A2IError
from a2i_tf.evaluation.baselines import BASELINES
from a2i_tf.evaluation.cache import CACHE_FOLDER, OnNote
from a2i_tf.evaluation.comparison import choose_items, comparison_picture
from a2i_tf.evaluation.controls import measure_controls
from a2i_tf.evaluation.factor_reader import FactorReader, train_factor_reader
from a2i_tf.evaluation.features_cache import load_or_see_features
from a2i_tf.evaluation.judge import Judge
from a2i_tf.evaluation.judge_cache import load_or_train_judge
from a2i_tf.evaluation.readings_cache import load_or_read_factors
from a2i_tf.evaluation.report import WEAK_JUDGE_ACCURACY, Report, Scores, score_over_seeds
from a2i_tf.evaluation.scorer import Scorer
from a2i_tf.evaluation.splits import OnStep, Splits, choose_pairs, load_splits, notes_on_test
from a2i_tf.evaluation.streams import random_stream
from a2i_tf.evaluation.systems import System, model_system
from a2i_tf.models.drawing import DrawingModel

MODEL_NAME = "model"
SHUFFLED_AUDIO = "shuffled_audio"
AUDIO_REGRESSOR = "audio_regressor"
RESERVED_NAMES = frozenset({*BASELINES, SHUFFLED_AUDIO, AUDIO_REGRESSOR})
"""Names of rows that no model may have."""

_PICTURED_BASELINES = ("nearest_audio", "class_mean")
_PICTURED_ITEMS_PER_CLASS = 1


def evaluate(
    models: DrawingModel | Mapping[str, DrawingModel],
    folder: PairsFolder,
    *,
    seeds: Mapping[str, Sequence[str]] | None = None,
    items: int | None = None,
    skip_bad: bool = False,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> Report:
    """Measures models and all baselines on the test split.

    Nothing is written but what is kept for the next evaluation (evaluation/cache.py).

    Args:
        models: One model, reported as "model", or several by name. They may hear through
            different front ends; the baselines hear through the first one's. The first one is
            also what `shuffled_audio` and the controls are made of.
        folder: The dataset.
        seeds: Names of models that are alike but for their seed, by the name of the row that
            tells of all of them.
        items: At most so many test items, evenly spread over the test split; by default all.
        skip_bad: Whether pairs that can't be used are left out, instead of raising an error.
        seed: Seed of noise, random baselines and the choice of pictured items. The judge's own
            seed is fixed, so that reports of several seeds have the same judge.
        on_step: Called with (what is done, steps done, steps in all of that kind).

    Returns:
        The report.

    Raises:
        A2IError: if the models' image sizes differ, a split is empty, a class has no training
            source, pairs are bad, or the dataset doesn't fit a model.
        ValueError: if there is no model, or one has the name of another row.
    """
    named = {MODEL_NAME: models} if isinstance(models, DrawingModel) else dict(models)
    _check_names([*named, *(seeds or {})])
    size = _common_image_size(named)
    tell = on_step or (lambda _what, _done, _total: None)
    first = next(iter(named.values()))
    notes: list[str] = []
    mfcc = first.config.mfcc
    tell("checking the pairs", 0, 1)
    folder = choose_pairs(folder, items, mfcc, size, skip_bad=skip_bad, on_note=notes.append)
    splits = load_splits(folder, mfcc, size, tell, notes.append)
    notes += notes_on_test(folder, splits.test)
    judge = _load_judge(folder, splits, tell, notes.append)
    seen = _see_training_pictures(folder, splits, judge, tell, notes.append)
    reader = _train_reader(folder, splits, tell)
    scorer = Scorer(seen, splits.test, judge, reader, seed)
    rows = choose_items(
        splits.test.labels, _PICTURED_ITEMS_PER_CLASS, random_stream(seed, "picture")
    )
    scores, pictured = _score_all(scorer, _make_systems(named, folder, splits), rows, tell)
    scores |= _score_audio_regressor(scorer, folder, splits, tell, notes.append)
    controls = measure_controls(
        first, folder, splits.test.pairs, judge, reader, seed=seed, on_step=on_step
    )
    accuracy = scores["real"]["class_accuracy"].mean
    columns = {name: pictured[name] for name in ("real", *named, *_PICTURED_BASELINES)}
    labels = [folder.labels[label] for label in splits.test.labels[rows]]
    return Report(
        dataset=folder.info.name,
        checksum=folder.info.checksum,
        num_test=len(splits.test.images),
        judge_accuracy=accuracy,
        factors=folder.factor_names,
        systems=_in_order(scores, list(named), seeds or {}),
        controls=controls,
        notes=(*notes, *controls.notes, *_notes_on_judge(accuracy)),
        picture=comparison_picture(columns, labels),
    )


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise ValueError("there is no model to evaluate")
    taken = sorted(set(names) & RESERVED_NAMES)
    if taken:
        raise ValueError(f"a model can't be called {taken[0]!r}: another row has that name")


def _common_image_size(models: Mapping[str, DrawingModel]) -> int:
    sizes = {name: model.config.image_size for name, model in models.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} {size} px" for name, size in sizes.items())
        raise A2IError(f"models of different image sizes ({told}) can't be compared; retrain one")
    return next(iter(sizes.values()))


def _load_judge(folder: PairsFolder, splits: Splits, tell: OnStep, note: OnNote) -> Judge:
    return load_or_train_judge(
        folder,
        splits.train,
        splits.validation,
        cache=folder.root / CACHE_FOLDER,
        on_epoch=lambda done, total: tell("training the judge", done, total),
        on_note=note,
    )


def _see_training_pictures(
    folder: PairsFolder, splits: Splits, judge: Judge, tell: OnStep, note: OnNote
) -> NDArray[np.float32]:
    tell("looking at the training pictures", 0, 1)
    cache = folder.root / CACHE_FOLDER
    return load_or_see_features(folder, splits.train, judge, cache, note)


def _train_reader(folder: PairsFolder, splits: Splits, tell: OnStep) -> FactorReader | None:
    if not folder.factor_names:
        return None
    tell("training the factor reader", 0, 1)
    return train_factor_reader(splits.train, splits.validation, folder.factor_names)


def _make_systems(
    models: Mapping[str, DrawingModel], folder: PairsFolder, splits: Splits
) -> list[System]:
    """Returns the models, the first one first, and the baselines."""
    test = splits.test
    (first, *_) = models.values()
    heard = {first.config.mfcc: test.mfcc}
    for model in models.values():
        config = model.config
        if config.mfcc not in heard:
            other = load_arrays(folder, test.pairs, config.mfcc, config.image_size)
            heard[config.mfcc] = other.mfcc
    return [
        *(model_system(name, model, heard[model.config.mfcc]) for name, model in models.items()),
        *(make(splits.train, test) for make in BASELINES.values()),
    ]


def _score_all(
    scorer: Scorer, systems: Sequence[System], rows: NDArray[np.int64], tell: OnStep
) -> tuple[dict[str, Scores], dict[str, NDArray[np.uint8]]]:
    """Returns every system's scores, and what it drew for the items to be pictured.

    What the first one drew, scored against other items, is `shuffled_audio`.
    """
    scores, pictured = {}, {}
    for done, system in enumerate(systems):
        tell("measuring", done, len(systems))
        drawn = scorer.draw(system)
        measure = scorer.score_real if system.name == "real" else scorer.score
        scores[system.name] = measure(drawn)
        pictured[system.name] = drawn.images[rows]
        if system is systems[0]:
            scores[SHUFFLED_AUDIO] = scorer.score(scorer.exchange(drawn))
    tell("measuring", len(systems), len(systems))
    return scores, pictured


def _score_audio_regressor(
    scorer: Scorer, folder: PairsFolder, splits: Splits, tell: OnStep, note: OnNote
) -> dict[str, Scores]:
    if not folder.factor_names:
        return {}
    tell("reading the factors from sound", 0, 1)
    readings = load_or_read_factors(
        splits.train,
        splits.validation,
        splits.test.mfcc,
        folder.factor_names,
        folder.root / CACHE_FOLDER,
        note,
    )
    return {AUDIO_REGRESSOR: scorer.score_factors(readings)}


def _in_order(
    scores: Mapping[str, Scores], models: Sequence[str], seeds: Mapping[str, Sequence[str]]
) -> dict[str, Scores]:
    """Puts the models first, then the rows over several seeds, and the ceilings last."""
    rows = {name: scores[name] for name in models}
    rows |= {
        name: score_over_seeds([scores[member] for member in members])
        for name, members in seeds.items()
    }
    rest = [name for name in (*BASELINES, SHUFFLED_AUDIO) if name != "real"]
    return rows | {
        name: scores[name] for name in (*rest, AUDIO_REGRESSOR, "real") if name in scores
    }


def _notes_on_judge(accuracy: float) -> list[str]:
    if accuracy >= WEAK_JUDGE_ACCURACY:
        return []
    return [
        f"the judge is weak: it names {accuracy:.1%} of the real test images, so class_accuracy "
        "says little; use more sources"
    ]
