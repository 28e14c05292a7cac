"""Saves and restores the whole state of a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf

from a2i_tf.atomic import explain_os_errors, new_folder
from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.errors import A2IError
from a2i_tf.models.config import ModelConfig
from a2i_tf.models.drawing import DrawingModel, write_drawing_model
from a2i_tf.models.gan import AudioToImageGAN
from a2i_tf.models.latent_gan import LatentGAN
from a2i_tf.training.run import MODEL_FOLDER, RunConfig
from a2i_tf.training.status import flow_steps_alone, steps_taken

_CHECKPOINTS_KEPT = 2
_SEED_STATE = "seed_generator_state"


class Keeper:
    """Saves and restores the whole state of a run.

    Args:
        run: The run folder.
        config: Its configuration.
        statistics: Of the training split; they are kept with the model.
        gan: The networks and their optimizers.
        elapsed_seconds: Training time used so far.
    """

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
        self._manager = tf.train.CheckpointManager(
            make_checkpoint(gan, elapsed_seconds),
            str(run / "checkpoints"),
            max_to_keep=_CHECKPOINTS_KEPT,
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
        """Writes the networks that draw, then a checkpoint.

        In this order: a run whose checkpoint says that all is done has its model.
        """
        self._write_model()
        step = steps_taken(self._gan)
        alone = flow_steps_alone(self._gan) if isinstance(self._gan, LatentGAN) else 0
        with explain_os_errors(self._run / "checkpoints"):
            try:
                self._manager.save(checkpoint_number=step + alone)
            except tf.errors.ResourceExhaustedError as error:
                raise A2IError(f"{self._run}: the disk is full; free some space") from error

    def _write_model(self) -> None:
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
                steps=steps_taken(self._gan),
            ),
            encoder=self._gan.drawing_encoder,
            generator=self._gan.drawing_generator,
        )
        _replace_model(self._run / MODEL_FOLDER, model)


def make_checkpoint(gan: AudioToImageGAN, elapsed_seconds: tf.Variable) -> tf.train.Checkpoint:
    """Returns a checkpoint of all that changes while training.

    TensorFlow finds every variable of the model but those of Keras' seed generators, without which
    a run that goes on would drop out what it dropped out before.
    """
    seeds = [variable.value for variable in gan.variables if variable.name == _SEED_STATE]
    return tf.train.Checkpoint(gan=gan, elapsed_seconds=elapsed_seconds, seeds=seeds)


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
