"""What comes after the adversarial training: the flows learn on, from memory."""

from __future__ import annotations

import math
import time

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.datasets.autotuning import without_autotuning
from a2i_tf.models.flow_lesson import FlowLesson
from a2i_tf.models.latent_gan import LatentGAN
from a2i_tf.training.budget import LessonBudget
from a2i_tf.training.lesson_context import LessonContext, explain_lost_records
from a2i_tf.training.run import RunConfig
from a2i_tf.training.status import flow_steps_alone, steps_taken

_LEAST_SHARE = 1e-6
# Of the lesson's time, on a slow machine: fewer pictures are then described.
_MOST_DESCRIBING = 0.5

Descriptions = tuple[NDArray[np.float32], ...]


def teach_flows(
    gan: LatentGAN, context: LessonContext, callbacks: list[keras.callbacks.Callback]
) -> bool:
    """Trains the flows alone, for what is left of their share of the budget.

    Args:
        gan: Its flows are trained in place; its other networks have learnt.
        context: What it runs in.
        callbacks: What else is done while the flows learn.

    Returns:
        Whether it came to its end, and wasn't interrupted.
    """
    config, elapsed_seconds = context.config, context.elapsed_seconds
    left = share_left(gan, config, float(elapsed_seconds))
    if left <= 0:
        return True
    context.on_stage("learning what sounds leave open")
    with context.strategy.scope():
        lesson = FlowLesson(gan)
    started = time.monotonic()
    seconds = 60 * config.minutes * left if config.minutes else math.inf
    try:
        with explain_lost_records():
            descriptions = _describe(lesson, context, seconds * _MOST_DESCRIBING)
    except KeyboardInterrupt:
        return False
    finally:
        elapsed_seconds.assign_add(time.monotonic() - started)
    budget = LessonBudget(
        config,
        # One step, if describing took longer than there was time.
        max(_LEAST_SHARE, share_left(gan, config, float(elapsed_seconds))),
        elapsed_seconds,
        context.on_status,
        step=steps_taken(gan),
        counted=(1 - config.flow_share, 1.0),
    )
    examples = tf.data.Dataset.from_tensor_slices(descriptions)
    examples = examples.shuffle(len(descriptions[0]), seed=config.seed).repeat()
    batches = examples.batch(config.preset.lesson_batch_size, drop_remainder=True)
    finished = context.fit(lesson, without_autotuning(batches), [*callbacks, budget])
    if config.preset.mean_shift:
        with explain_lost_records():
            gan.remember_sounds(context.plain_batches)
    return finished


def share_left(gan: LatentGAN, config: RunConfig, elapsed_seconds: float) -> float:
    """Returns the share of the budget that is left for the flows, 0 or less for none.

    Args:
        gan: Tells how many steps its flows took alone.
        config: Preset and budget.
        elapsed_seconds: Time used, for whatever.
    """
    if config.minutes is not None:
        return 1 - elapsed_seconds / (60 * config.minutes)
    return config.flow_share - flow_steps_alone(gan) / (config.steps or 1)


def _describe(lesson: FlowLesson, context: LessonContext, seconds: float) -> Descriptions:
    started = time.monotonic()
    describe = tf.function(lesson.describe)
    count = context.num_batches_in_memory
    rows = []
    varied = context.config.preset.flow_augment
    batches = context.batches if varied else context.plain_batches
    for done, batch in enumerate(batches.take(count), 1):
        rows.append([part.numpy() for part in describe(*batch)])
        context.on_count("describing pictures", done, count)
        if time.monotonic() - started >= seconds:
            break
    return tuple(np.concatenate(parts) for parts in zip(*rows, strict=True))
