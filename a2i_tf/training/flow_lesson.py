"""What comes after the adversarial training: the flows learn on, from memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.datasets.records.preparation import OnCount
from a2i_tf.models.flow_lesson import FlowLesson
from a2i_tf.models.latent_gan import LatentGAN
from a2i_tf.training.budget import LessonBudget
from a2i_tf.training.run import RunConfig
from a2i_tf.training.status import TrainingStatus, flow_steps_alone, steps_taken
from a2i_tf.training.warm_up import Fit

# Of 128 pairs: 84 MB of descriptions, and a minute of one core to make them.
_MOST_BATCHES = 256
_LEAST_SHARE = 1e-6

Descriptions = tuple[NDArray[np.float32], ...]


def teach_flows(
    gan: LatentGAN,
    batches: tf.data.Dataset,
    num_examples: int,
    config: RunConfig,
    elapsed_seconds: tf.Variable,
    strategy: tf.distribute.Strategy,
    fit: Fit,
    callbacks: list[keras.callbacks.Callback],
    on_status: Callable[[TrainingStatus], None] | None,
    on_count: OnCount,
) -> bool:
    """Trains the flows alone, for what is left of their share of the budget.

    Args:
        gan: Its flows are trained in place; its other networks have learnt.
        batches: (mfcc, images in [-1, 1]), `preset.lesson_batch_size` pairs each, without an end.
        num_examples: Pairs in all.
        config: Preset and budget.
        elapsed_seconds: A variable with the time used so far.
        strategy: Where the networks were made.
        fit: Trains a model.
        callbacks: What else is done while the flows learn.
        on_status: Called after every step.
        on_count: Called with what is done, things done, and things in all.

    Returns:
        Whether it came to its end, and wasn't interrupted.
    """
    if share_left(gan, config, float(elapsed_seconds)) <= 0:
        return True
    with strategy.scope():
        lesson = FlowLesson(gan)
    size = config.preset.lesson_batch_size
    try:
        started = time.monotonic()
        count = min(_MOST_BATCHES, math.ceil(num_examples / size))
        descriptions = _describe(lesson, batches.take(count), count, on_count)
        elapsed_seconds.assign_add(time.monotonic() - started)
    except KeyboardInterrupt:
        return False
    budget = LessonBudget(
        config,
        # One step, if describing took longer than there was time.
        max(_LEAST_SHARE, share_left(gan, config, float(elapsed_seconds))),
        elapsed_seconds,
        on_status,
        step=steps_taken(gan),
        counted=(1 - config.preset.flow_share, 1.0),
    )
    examples = tf.data.Dataset.from_tensor_slices(descriptions)
    examples = examples.shuffle(count * size, seed=config.seed).repeat()
    return fit(lesson, examples.batch(size, drop_remainder=True), [*callbacks, budget])


def share_left(gan: LatentGAN, config: RunConfig, elapsed_seconds: float) -> float:
    """Returns the share of the budget that is left for the flows, 0 or less for none.

    Args:
        gan: Tells how many steps its flows took alone.
        config: Preset and budget.
        elapsed_seconds: Time used, for whatever.
    """
    if config.minutes is not None:
        return 1 - elapsed_seconds / (60 * config.minutes)
    return config.preset.flow_share - flow_steps_alone(gan) / (config.steps or 1)


def _describe(
    lesson: FlowLesson, batches: tf.data.Dataset, count: int, on_count: OnCount
) -> Descriptions:
    describe = tf.function(lesson.describe)
    rows = []
    for done, batch in enumerate(batches, 1):
        rows.append([part.numpy() for part in describe(*batch)])
        on_count("describing pictures", done, count)
    return tuple(np.concatenate(parts) for parts in zip(*rows, strict=True))
