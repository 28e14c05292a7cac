"""Puts a run together and trains it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from a2i_tf.atomic import explain_os_errors, new_folder
from a2i_tf.datasets.check import BadPair, drop_bad_pairs
from a2i_tf.datasets.hearing import vary_hearing
from a2i_tf.datasets.pairs import Pair, PairsFolder, read_pairs
from a2i_tf.datasets.pipeline import Arrays, load_arrays, make_training_batches
from a2i_tf.datasets.statistics import MfccStatistics, measure_statistics
from a2i_tf.errors import A2IError
from a2i_tf.models.config import ModelConfig
from a2i_tf.models.drawing import DrawingModel, write_drawing_model
from a2i_tf.models.gan import AudioToImageGAN
from a2i_tf.models.sketcher import build_sketcher, make_sketches
from a2i_tf.training.callbacks import (
    Budget,
    Checkpoints,
    Records,
    SamplePictures,
    SketchBudget,
    TrainingStatus,
    steps_taken,
)
from a2i_tf.training.run import MODEL_FOLDER, RunConfig
from a2i_tf.training.strategy import make_strategy, use_fast_precision

_STEPS_PER_EPOCH = 100
_CHECKPOINT_SECONDS = 120.0
_CHECKPOINTS_KEPT = 2
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
    on_stage: Callable[[str], None] = lambda _: None,
) -> TrainingResult:
    """Trains a run that `start_run` made, from the beginning or from its last checkpoint.

    Ctrl-C ends it cleanly, with a checkpoint.

    Args:
        run: The run folder.
        config: Its configuration.
        on_status: Called after every step.
        on_stage: Called with a few words when something else than training takes time.

    Raises:
        A2IError: if data are missing or bad, the disk is full, or training diverges.
    """
    strategy = make_strategy(config.strategy)  # type: ignore[arg-type]
    on_stage("checking the dataset")
    folder, bad_pairs = drop_bad_pairs(read_pairs(Path(config.data)), skip_bad=config.skip_bad)
    _check_dataset(folder, config)
    on_stage("loading sounds and pictures")
    known = load_arrays(folder, folder.split("train"), config.mfcc, config.image_size)
    samples = load_arrays(folder, _sample_pairs(folder), config.mfcc, config.image_size)
    statistics = measure_statistics(known.mfcc)
    on_stage("building the networks")
    use_fast_precision()
    keras.utils.set_random_seed(config.seed)
    with strategy.scope():
        gan = AudioToImageGAN(
            config.preset, config.image_size, config.mfcc.shape, statistics, config.seed
        )
        gan.compile(jit_compile=False)
    elapsed_seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
    keeper = _Keeper(run, config, statistics, gan, elapsed_seconds)
    keeper.restore()
    if _is_used(config, steps_taken(gan), float(elapsed_seconds)):
        return TrainingResult(run, steps_taken(gan), float(elapsed_seconds), True, bad_pairs)
    # A resumed run must not see the first epoch's order again.
    batches = _make_batches(known, config, statistics, config.seed + steps_taken(gan))
    if config.preset.sketch_share and not steps_taken(gan):
        on_stage("learning to sketch")
        with strategy.scope():
            sketcher = build_sketcher(config.preset, gan.encoder)
        sketches = batches.map(lambda mfcc, images: (mfcc, make_sketches(images)))
        if not _fit(sketcher, sketches, [SketchBudget(config, elapsed_seconds, on_status)]):
            return TrainingResult(run, 0, float(elapsed_seconds), False, bad_pairs)
        gan.drawing_encoder.set_weights(gan.encoder.get_weights())
    on_stage("training")
    finished = _fit(
        gan,
        batches,
        [
            Budget(config.minutes, config.steps, elapsed_seconds),
            Records(run, elapsed_seconds, on_status),
            SamplePictures(run / "samples", samples.mfcc, samples.images),
            Checkpoints(keeper.save, _CHECKPOINT_SECONDS),
        ],
    )
    on_stage("saving")
    keeper.save()
    return TrainingResult(run, steps_taken(gan), float(elapsed_seconds), finished, bad_pairs)


class _Keeper:
    """Saves and restores the whole state of a run."""

    def __init__(
        self,
        run: Path,
        config: RunConfig,
        statistics: MfccStatistics,
        gan: AudioToImageGAN,
        elapsed_seconds: tf.Variable,
    ) -> None:
        self._run = run
        self._config = config
        self._statistics = statistics
        self._gan = gan
        checkpoint = tf.train.Checkpoint(gan=gan, elapsed_seconds=elapsed_seconds)
        self._manager = tf.train.CheckpointManager(
            checkpoint, str(run / "checkpoints"), max_to_keep=_CHECKPOINTS_KEPT
        )

    def restore(self) -> None:
        """Goes back to the last checkpoint that can be read, if there is any.

        Raises:
            A2IError: if there are checkpoints, and none can be read.
        """
        for path in reversed(self._manager.checkpoints):
            try:
                self._manager.checkpoint.restore(path).assert_existing_objects_matched()
            except (AssertionError, ValueError, tf.errors.OpError):
                continue
            return
        if self._manager.checkpoints:
            raise A2IError(f"{self._run}: none of its checkpoints can be read; train a new run")

    def save(self) -> None:
        """Writes a checkpoint and the networks that draw."""
        step = steps_taken(self._gan)
        with explain_os_errors(self._run / "checkpoints"):
            try:
                self._manager.save(checkpoint_number=step)
            except tf.errors.ResourceExhaustedError as error:
                raise A2IError(f"{self._run}: the disk is full; free some space") from error
        config = self._config
        model = DrawingModel(
            config=ModelConfig(
                mfcc=config.mfcc,
                image_size=config.image_size,
                embedding_dim=config.preset.embedding_dim,
                noise_dim=config.preset.noise_dim,
                preset=config.preset.name,
                dataset=config.dataset,
                labels=config.labels,
                mfcc_mean=tuple(map(float, self._statistics.mean)),
                mfcc_deviation=tuple(map(float, np.sqrt(self._statistics.variance))),
                run=self._run.name,
                steps=step,
            ),
            encoder=self._gan.drawing_encoder,
            generator=self._gan.drawing_generator,
        )
        _replace_model(self._run / MODEL_FOLDER, model)


def _replace_model(path: Path, model: DrawingModel) -> None:
    """Writes the model beside the old one and puts it in its place."""
    outgoing = path.with_name(f".{path.name}.old")
    shutil.rmtree(outgoing, ignore_errors=True)
    fresh = path.with_name(f".{path.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    with new_folder(fresh) as folder:
        write_drawing_model(folder, model)
    with explain_os_errors(path):
        if path.exists():
            path.rename(outgoing)
        fresh.rename(path)
    shutil.rmtree(outgoing, ignore_errors=True)


def _make_batches(
    known: Arrays, config: RunConfig, statistics: MfccStatistics, seed: int
) -> tf.data.Dataset:
    batches = make_training_batches(known, config.preset.batch_size, seed)
    if config.preset.augment:
        batches = vary_hearing(batches, config.mfcc, statistics, seed)
    return batches.prefetch(tf.data.AUTOTUNE)


def _is_used(config: RunConfig, steps: int, elapsed_seconds: float) -> bool:
    if config.minutes is not None:
        return elapsed_seconds >= 60 * config.minutes
    return steps >= (config.steps or 0)


def _fit(
    model: keras.Model, batches: tf.data.Dataset, callbacks: list[keras.callbacks.Callback]
) -> bool:
    try:
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


def _check_dataset(folder: PairsFolder, config: RunConfig) -> None:
    if folder.info.checksum != config.checksum:
        raise A2IError(
            f"{folder.root}: the dataset has changed since the run began; train a new run"
        )
    num_training = len(folder.split("train"))
    if num_training < config.preset.batch_size:
        raise A2IError(
            f"{folder.root}: has {num_training} training pairs, fewer than one batch of "
            f"{config.preset.batch_size}; use more sources"
        )


def _sample_pairs(folder: PairsFolder) -> tuple[Pair, ...]:
    """Returns a pair of every class, from validation sources where there are any."""
    pairs = folder.split("validation") or folder.split("train")
    by_label = {label: [p for p in pairs if p.label == label] for label in folder.labels}
    firsts = [group[len(group) // 2] for group in by_label.values() if group]
    rest = [pairs[place] for place in np.linspace(0, len(pairs) - 1, _SAMPLES).astype(int)]
    return tuple((firsts + rest)[:_SAMPLES] if len(firsts) < _SAMPLES else firsts[:_SAMPLES])
