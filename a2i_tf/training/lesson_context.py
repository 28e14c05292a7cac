"""What the lessons before and after the adversarial training have in common."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import tensorflow as tf

from a2i_tf.datasets.records.preparation import OnCount, OnStage
from a2i_tf.errors import A2IError
from a2i_tf.training.run import RunConfig
from a2i_tf.training.status import TrainingStatus

# Of 128 pairs: 32,768 of them are a minute of one core to describe or to sketch, and some 100 MB
# or, with their MFCC, 500 MB to keep.
_MOST_BATCHES = 256

Fit = Callable[[keras.Model, tf.data.Dataset, list[keras.callbacks.Callback]], bool]
"""(model, batches, callbacks) → whether it wasn't interrupted."""


@dataclass(frozen=True)
class LessonContext:
    """What a lesson runs in.

    Attributes:
        config: Preset and budget.
        batches: (mfcc, images in [-1, 1]), `preset.lesson_batch_size` pairs each, without an end;
            sounds are varied, if the preset wants it.
        plain_batches: The same, sounds as they are.
        num_examples: Training pairs in all.
        elapsed_seconds: A variable with the time used so far.
        strategy: Where the networks were made.
        fit: Trains a model.
        on_status: Called after every step.
        on_stage: Called with a few words for every lesson.
        on_count: Called with what is done, things done, and things in all.
    """

    config: RunConfig
    batches: tf.data.Dataset
    plain_batches: tf.data.Dataset
    num_examples: int
    elapsed_seconds: tf.Variable
    strategy: tf.distribute.Strategy
    fit: Fit
    on_status: Callable[[TrainingStatus], None] | None
    on_stage: OnStage
    on_count: OnCount

    @property
    def num_batches_in_memory(self) -> int:
        """How many batches are prepared once, where learning is cheaper than preparing."""
        size = self.config.preset.lesson_batch_size
        return min(_MOST_BATCHES, math.ceil(self.num_examples / size))


@contextlib.contextmanager
def explain_lost_records() -> Iterator[None]:
    """Turns TensorFlow's errors of reading records into an `A2IError` that says what to do."""
    try:
        yield
    except (tf.errors.NotFoundError, tf.errors.DataLossError) as error:
        raise A2IError(
            "the records were removed or damaged while training; go on with --resume, which "
            "makes them anew"
        ) from error
