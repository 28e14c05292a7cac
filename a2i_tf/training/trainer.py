"""Puts a run together and trains it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from a2i_tf.datasets.check import BadPair, drop_bad_pairs
from a2i_tf.datasets.hearing import vary_hearing
from a2i_tf.datasets.manifest import read_pairs
from a2i_tf.datasets.pairs import Pair, PairsFolder
from a2i_tf.datasets.pipeline import Arrays, load_arrays
from a2i_tf.datasets.quantity import quantity
from a2i_tf.datasets.records.batches import make_training_batches
from a2i_tf.datasets.records.index import RecordsFolder
from a2i_tf.datasets.records.preparation import OnCount, OnStage, prepare_records
from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.errors import A2IError
from a2i_tf.models.gan import AudioToImageGAN
from a2i_tf.models.latent_gan import LatentGAN, build_gan
from a2i_tf.training.budget import Budget, adversarial_progress
from a2i_tf.training.callbacks import Checkpoints, Records, SamplePictures
from a2i_tf.training.flow_lesson import share_left, teach_flows
from a2i_tf.training.keeper import Keeper
from a2i_tf.training.lesson_context import LessonContext, explain_lost_records
from a2i_tf.training.run import RunConfig, check_splits, rewrite_run
from a2i_tf.training.status import TrainingStatus, steps_taken
from a2i_tf.training.strategy import make_strategy, use_fast_precision
from a2i_tf.training.warm_up import warm_up

_STEPS_PER_EPOCH = 100
_CHECKPOINT_SECONDS = 120.0
_SAMPLES = 9


@dataclass(frozen=True)
class TrainingResult:
    """What came of a run.

    Attributes:
        run: The run folder.
        steps: Steps taken since the run began.
        elapsed_seconds: Training time since the run began.
        finished: Whether the whole budget was used; false after Ctrl-C.
        bad_pairs: Pairs that were left out.
    """

    run: Path
    steps: int
    elapsed_seconds: float
    finished: bool
    bad_pairs: list[BadPair]


def train(
    run: Path,
    config: RunConfig,
    on_status: Callable[[TrainingStatus], None] | None = None,
    on_stage: OnStage = lambda _: None,
    on_count: OnCount = lambda _what, _done, _total: None,
) -> TrainingResult:
    """Trains a run that `start_run` made, from the beginning or from its last checkpoint.

    Ctrl-C ends it cleanly: with a checkpoint, once the adversarial training has begun.

    Args:
        run: The run folder.
        config: Its configuration.
        on_status: Called after every step.
        on_stage: Called with a few words when something else than training takes time.
        on_count: Called with what is done, things done, and things in all, while records are
            written or checked and pictures described.

    Raises:
        A2IError: if data are missing or bad, the disk is full, or training diverges.
    """
    strategy = make_strategy(config.strategy, by_the_clock=config.minutes is not None)  # type: ignore[arg-type]
    data = _load_data(run, config, on_stage, on_count)
    # Not before: what is refused leaves a run that goes on as it was.
    rewrite_run(run, config)
    statistics = data.records.index.statistics
    on_stage("building the networks")
    gan = _build(config, statistics, strategy)
    elapsed_seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
    keeper = Keeper(run, config, statistics, gan, elapsed_seconds)
    keeper.restore()
    if _is_used(gan, config, float(elapsed_seconds)):
        return TrainingResult(run, steps_taken(gan), float(elapsed_seconds), True, data.bad_pairs)
    # A resumed run must not see the first epoch's order again.
    seed = config.seed + steps_taken(gan)
    plain = make_training_batches(data.records, config.preset.lesson_batch_size, seed)
    lessons = LessonContext(
        config,
        _vary(plain, data.records, config, seed),
        plain,
        data.records.index.num_examples,
        elapsed_seconds,
        strategy,
        _fit,
        on_status,
        on_stage,
        on_count,
    )
    if not steps_taken(gan) and not warm_up(gan, lessons):
        return TrainingResult(run, 0, float(elapsed_seconds), False, data.bad_pairs)
    samples = SamplePictures(gan, run / "samples", data.samples.mfcc, data.samples.images)
    checkpoints = Checkpoints(keeper.save, _CHECKPOINT_SECONDS)
    batches = make_training_batches(data.records, config.preset.batch_size, seed)
    batches = _vary(batches, data.records, config, seed)
    records = Records(run, config, elapsed_seconds, on_status)
    finished = _train_adversarially(gan, batches, lessons, [records, samples, checkpoints])
    if finished and isinstance(gan, LatentGAN):
        finished = teach_flows(gan, lessons, [checkpoints])
        samples.draw()
    on_stage("saving")
    keeper.save()
    steps = steps_taken(gan)
    return TrainingResult(run, steps, float(elapsed_seconds), finished, data.bad_pairs)


def _build(
    config: RunConfig, statistics: MfccStatistics, strategy: tf.distribute.Strategy
) -> AudioToImageGAN:
    use_fast_precision()
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        gan = build_gan(config.preset, config.image_size, config.mfcc, statistics, config.seed)
        gan.compile(jit_compile=False)
    return gan


def _train_adversarially(
    gan: AudioToImageGAN,
    batches: tf.data.Dataset,
    context: LessonContext,
    callbacks: list[keras.callbacks.Callback],
) -> bool:
    """Trains all networks, unless that is done; returns whether it wasn't interrupted."""
    config, elapsed_seconds = context.config, context.elapsed_seconds
    progress = adversarial_progress(config, steps_taken(gan), float(elapsed_seconds))
    # One step at least, however long it took to get here.
    if progress >= 1.0 and steps_taken(gan):
        return True
    context.on_stage("training")
    return context.fit(gan, batches, [Budget(config, elapsed_seconds), *callbacks])


@dataclass(frozen=True)
class _Data:
    """What a run learns from: no manifest, which would stay in memory all the while."""

    records: RecordsFolder
    samples: Arrays
    bad_pairs: list[BadPair]


def _load_data(run: Path, config: RunConfig, on_stage: OnStage, on_count: OnCount) -> _Data:
    folder = read_pairs(Path(config.data))
    if folder.info.checksum != config.checksum:
        raise A2IError(
            f"{folder.root}: the dataset has changed since the run began; train a new run"
        )
    check_splits(run, config, folder)
    records, bad_pairs = prepare_records(
        folder,
        config.mfcc,
        config.image_size,
        place=config.records,
        skip_bad=config.skip_bad,
        on_stage=on_stage,
        on_count=on_count,
    )
    if records.index.num_examples < config.preset.batch_size:
        raise A2IError(
            f"{folder.root}: has {quantity(records.index.num_examples, 'training pair')}, fewer "
            f"than one batch of {config.preset.batch_size}; use more sources"
        )
    return _Data(records, _load_samples(folder, bad_pairs, config), bad_pairs)


def _load_samples(folder: PairsFolder, bad_pairs: list[BadPair], config: RunConfig) -> Arrays:
    kept = folder.without(item.pair.id for item in bad_pairs)
    # With whole records, nobody has looked at the dataset's files.
    chosen, _ = drop_bad_pairs(
        PairsFolder(folder.root, folder.info, _sample_pairs(kept)), skip_bad=config.skip_bad
    )
    return load_arrays(folder, chosen.pairs, config.mfcc, config.image_size)


def _vary(
    batches: tf.data.Dataset, records: RecordsFolder, config: RunConfig, seed: int
) -> tf.data.Dataset:
    if config.preset.augment:
        batches = vary_hearing(batches, config.mfcc, records.index.statistics, seed)
    return batches.prefetch(tf.data.AUTOTUNE)


def _is_used(gan: AudioToImageGAN, config: RunConfig, elapsed_seconds: float) -> bool:
    if adversarial_progress(config, steps_taken(gan), elapsed_seconds) < 1.0:
        return False
    return not isinstance(gan, LatentGAN) or share_left(gan, config, elapsed_seconds) <= 0


def _fit(
    model: keras.Model, batches: tf.data.Dataset, callbacks: list[keras.callbacks.Callback]
) -> bool:
    try:
        with explain_lost_records():
            model.fit(
                batches,
                epochs=2**31,
                steps_per_epoch=_STEPS_PER_EPOCH,
                verbose=0,
                shuffle=False,
                callbacks=callbacks,
            )
    except KeyboardInterrupt:
        return False
    return True


def _sample_pairs(folder: PairsFolder) -> tuple[Pair, ...]:
    """Returns nine pairs of as many classes as can be, from validation sources if there are any."""
    pairs = folder.split("validation") or folder.split("train")
    by_label = {label: [p for p in pairs if p.label == label] for label in folder.labels}
    firsts = [group[len(group) // 2] for group in by_label.values() if group]
    rest = [pairs[place] for place in np.linspace(0, len(pairs) - 1, _SAMPLES).astype(int)]
    return tuple((firsts + rest)[:_SAMPLES] if len(firsts) < _SAMPLES else firsts[:_SAMPLES])
