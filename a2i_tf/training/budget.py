"""What stops the training: the time or the steps that it was given."""

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


class Budget(keras.callbacks.Callback):
    """Counts time and steps, tells the model how far it has come, and stops it.

    Args:
        minutes: Training time in all, or
        steps: training steps in all.
        elapsed_seconds: A variable with the time used so far; it is kept in checkpoints.
    """

    def __init__(
        self, minutes: float | None, steps: int | None, elapsed_seconds: tf.Variable
    ) -> None:
        super().__init__()
        self._minutes = minutes
        self._steps = steps
        self._elapsed_seconds = elapsed_seconds
        self._used_before = float(elapsed_seconds)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._started = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Updates the progress, and stops when all is used."""
        elapsed = self._used_before + time.monotonic() - self._started
        self._elapsed_seconds.assign(elapsed)
        if self._minutes is not None:
            progress = elapsed / (60 * self._minutes)
        else:
            progress = steps_taken(self.model) / (self._steps or 1)
        self.model.advance(min(1.0, progress))
        if progress >= 1.0:
            self.model.stop_training = True


class WarmUpBudget(keras.callbacks.Callback):
    """Slows a part of the warm-up down, stops it when its share is used, and reports the status.

    Args:
        config: Gives the budget.
        share: Share of the budget for this part.
        elapsed_seconds: A variable with the time used so far.
        on_status: Called after every step.
    """

    def __init__(
        self,
        config: RunConfig,
        share: float,
        elapsed_seconds: tf.Variable,
        on_status: Callable[[TrainingStatus], None] | None,
    ) -> None:
        super().__init__()
        self._share = share
        self._decay_share = config.preset.decay_share
        self._seconds = 60 * config.minutes if config.minutes else None
        self._steps = config.steps
        self._batch_size = config.preset.pairs_per_step
        self._elapsed_seconds = elapsed_seconds
        self._on_status = on_status

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._started = time.monotonic()
        self._used_before = float(self._elapsed_seconds)
        self._taken = 0
        self._rate = float(self.model.optimizer.learning_rate.numpy())

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Reports, and stops when the share is used."""
        self._taken += 1
        seconds = time.monotonic() - self._started
        elapsed = self._used_before + seconds
        self._elapsed_seconds.assign(elapsed)
        used = seconds / self._seconds if self._seconds else self._taken / (self._steps or 1)
        losses = {self.model.name: float((logs or {}).get("loss", math.nan))}
        speed = self._taken * self._batch_size / seconds
        # Counted in steps, the warm-up comes before the budget, not out of it.
        progress = elapsed / self._seconds if self._seconds else 0.0
        status = TrainingStatus(0, elapsed, progress, speed, losses)
        check_finite(status)
        if self._on_status:
            self._on_status(status)
        share = min(1.0, used / self._share)
        self.model.optimizer.learning_rate.assign(self._rate * decay(share, self._decay_share))
        if share >= 1.0:
            self.model.stop_training = True
