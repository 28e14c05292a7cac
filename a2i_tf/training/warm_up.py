"""What comes before the adversarial training: learning to hear, and what can be seen of it."""

from __future__ import annotations

import keras
import tensorflow as tf

from a2i_tf.models.alignment import Alignment
from a2i_tf.models.gan import AudioToImageGAN
from a2i_tf.models.latent_gan import LatentGAN
from a2i_tf.models.sketcher import build_sketcher
from a2i_tf.models.sketches import make_sketches, make_strips
from a2i_tf.training.budget import LessonBudget
from a2i_tf.training.callbacks import AlignmentMeasures
from a2i_tf.training.lesson_context import LessonContext


def warm_up(gan: AudioToImageGAN, context: LessonContext) -> bool:
    """Teaches the encoder to sketch, and aligns it with the sketch reader, as the preset wants.

    Args:
        gan: Its networks are trained in place.
        context: What it runs in.

    Returns:
        Whether it came to its end.
    """
    if not gan.preset.sketch_share:
        return True
    finished = _learn_to_sketch(gan, context)
    if finished and isinstance(gan, LatentGAN):
        finished = _align(gan, context)
    if finished:
        gan.drawing_encoder.set_weights(gan.encoder.get_weights())
    return finished


def _learn_to_sketch(gan: AudioToImageGAN, context: LessonContext) -> bool:
    context.on_stage("learning to sketch")
    with context.strategy.scope():
        sketcher = build_sketcher(gan.preset, gan.encoder)
    sketches = context.batches.map(
        # Every ear is to say the same.
        lambda mfcc, images: (mfcc, make_sketches(images)[:, None]),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    return _fit(sketcher, sketches, gan.preset.sketch_share, context)


def _align(gan: LatentGAN, context: LessonContext) -> bool:
    context.on_stage("aligning sound and sight")
    with context.strategy.scope():
        alignment = Alignment(gan.preset, gan.encoder, gan.sketch_reader)
    strips = context.batches.take(context.num_batches_in_memory).map(
        lambda mfcc, images: (mfcc, make_strips(images)), num_parallel_calls=tf.data.AUTOTUNE
    )
    pairs = strips.cache()
    measure = AlignmentMeasures(pairs, context.elapsed_seconds)
    return _fit(alignment, pairs.repeat(), gan.preset.alignment_share, context, measure)


def _fit(
    model: keras.Model,
    pairs: tf.data.Dataset,
    share: float,
    context: LessonContext,
    *others: keras.callbacks.Callback,
) -> bool:
    budget = LessonBudget(context.config, share, context.elapsed_seconds, context.on_status)
    return context.fit(model, pairs, [*others, budget])
