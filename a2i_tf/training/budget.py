"""What stops a part of the training: its share of the time or of the steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from a2i_tf.models.schedule import decay
from a2i_tf.training.run import RunConfig
from a2i_tf.training.status import TrainingStatus, check_finite, steps_taken

# So that a share of 0.2 - 0.15 of 80 steps is 4 steps.
_ROUNDING = 1e-9


class Budget(keras.callbacks.Callback):
    """Counts time and steps, tells the model how far it has come, and stops it.

    Args:
        config: Gives time or steps; what comes after the adversarial training takes its share of
            the time.
        elapsed_seconds: A variable with the time used so far; it is kept in checkpoints.
    """

    def __init__(self, config: RunConfig, elapsed_seconds: tf.Variable) -> None:
        super().__init__()
        self._config = config
        self._elapsed_seconds = elapsed_seconds
        self._used_before = float(elapsed_seconds)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._started = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Updates the progress, and stops when all is used."""
        elapsed = self._used_before + time.monotonic() - self._started
        self._elapsed_seconds.assign(elapsed)
        progress = adversarial_progress(self._config, steps_taken(self.model), elapsed)
        self.model.advance(progress)
        if progress >= 1.0:
            self.model.stop_training = True


def adversarial_progress(config: RunConfig, steps: int, elapsed_seconds: float) -> float:
    """Returns how far training has come towards the flows' own lesson, in [0, 1].

    By steps, those of the adversarial training; by minutes, all time that was used, also before it.

    Args:
        config: The budget.
        steps: Adversarial steps taken.
        elapsed_seconds: Time used, for whatever.
    """
    if config.minutes is None:
        return min(1.0, steps / (config.steps or 1))
    return min(1.0, elapsed_seconds / (60 * config.minutes * (1 - config.flow_share)))


class LessonBudget(keras.callbacks.Callback):
    """Slows down what is learnt before or after the adversarial training, reports it, stops it.

    Args:
        config: Gives the budget.
        share: Share of the budget for this lesson.
        elapsed_seconds: A variable with the time used so far.
        on_status: Called after every step.
        step: Adversarial steps taken.
        counted: Progress before and after it where steps are counted: those of a lesson come
            beside the budget, not out of it.
    """

    def __init__(
        self,
        config: RunConfig,
        share: float,
        elapsed_seconds: tf.Variable,
        on_status: Callable[[TrainingStatus], None] | None,
        step: int = 0,
        counted: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        super().__init__()
        self._step = step
        self._counted = counted
        self._share = share
        self._decay_share = config.preset.decay_share
        self._seconds = 60 * config.minutes if config.minutes else None
        self._steps = config.steps
        self._batch_size = config.preset.lesson_batch_size
        self._elapsed_seconds = elapsed_seconds
        self._on_status = on_status

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._started = time.monotonic()
        self._used_before = float(self._elapsed_seconds)
        self._taken = 0
        self._rate = float(self.model.optimizer.learning_rate.numpy())

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Sets the learning rate: where steps are counted, by what is used after this one."""
        share = self._share_used(time.monotonic() - self._started, self._taken + 1)
        self.model.optimizer.learning_rate.assign(self._rate * decay(share, self._decay_share))

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Reports, and stops when the share is used."""
        self._taken += 1
        seconds = time.monotonic() - self._started
        elapsed = self._used_before + seconds
        self._elapsed_seconds.assign(elapsed)
        losses = {self.model.name: float((logs or {}).get("loss", math.nan))}
        speed = self._taken * self._batch_size / seconds
        share = self._share_used(seconds, self._taken)
        before, after = self._counted
        counted = before + share * (after - before)
        progress = min(1.0, elapsed / self._seconds) if self._seconds else counted
        status = TrainingStatus(self._step, elapsed, progress, speed, losses)
        check_finite(status)
        if self._on_status:
            self._on_status(status)
        if share >= 1.0:
            self.model.stop_training = True

    def _share_used(self, seconds: float, steps: int) -> float:
        used = seconds / self._seconds if self._seconds else steps / (self._steps or 1)
        return min(1.0, used / self._share + _ROUNDING)
