"""Where training stands: steps taken, time and budget used."""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras
import numpy as np

from a2i_tf.errors import A2IError
from a2i_tf.models.gan import AudioToImageGAN
from a2i_tf.models.latent_gan import LatentGAN
from a2i_tf.training.run import RunConfig


@dataclass(frozen=True)
class TrainingStatus:
    """Where training stands.

    Attributes:
        step: Steps taken since the run began.
        elapsed_seconds: Training time since the run began, over all resumptions.
        progress: Share of the budget that is used, in [0, 1].
        images_per_second: Speed over the last few steps; in a lesson, since it began.
        losses: Running means by name.
    """

    step: int
    elapsed_seconds: float
    progress: float
    images_per_second: float
    losses: dict[str, float]

    @property
    def remaining_seconds(self) -> float:
        """Training time that is left at this pace; infinite before the first step."""
        if not self.progress:
            return math.inf
        return self.elapsed_seconds * (1 - self.progress) / self.progress


def steps_taken(gan: AudioToImageGAN) -> int:
    """Returns the number of steps since the run began; checkpoints keep it."""
    return int(_read(gan.generator_optimizer.iterations))


def progress_made(gan: AudioToImageGAN, config: RunConfig) -> float:
    """Returns the share of the budget that is used, in [0, 1], but for the flows' own lesson."""
    return _read(gan.progress) * (1 - config.flow_share)


def flow_steps_alone(gan: LatentGAN) -> int:
    """Returns the number of steps that only the flows took; checkpoints keep it."""
    # In every other step, they take one each.
    return int(_read(gan.flow_optimizer.iterations)) - steps_taken(gan)


def check_finite(status: TrainingStatus) -> None:
    """Looks whether the losses are numbers.

    Raises:
        A2IError: if one isn't.
    """
    diverged = [name for name, value in status.losses.items() if not math.isfinite(value)]
    if diverged:
        raise A2IError(
            f"training diverged at step {status.step}: the loss {diverged[0]} is not finite; "
            "train a new run with another --seed"
        )


def _read(variable: keras.Variable) -> float:
    # Python's own int() and float() fail on a variable that a strategy has mirrored.
    return float(np.asarray(variable.value))
