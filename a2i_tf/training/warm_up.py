"""What comes before the adversarial training: learning to hear, and what can be seen of it."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from a2i_tf.datasets.records.preparation import OnStage
from a2i_tf.models.alignment import Alignment
from a2i_tf.models.gan import AudioToImageGAN
from a2i_tf.models.latent_gan import LatentGAN
from a2i_tf.models.sketcher import build_sketcher
from a2i_tf.models.sketches import make_sketches
from a2i_tf.training.budget import LessonBudget
from a2i_tf.training.callbacks import AlignmentMeasures
from a2i_tf.training.run import RunConfig
from a2i_tf.training.status import TrainingStatus

# Enough pairs to align sound and sight by, and few enough to be held in memory: sketching them
# takes several times as long as learning from them.
_ALIGNED_BATCHES = 64

Fit = Callable[[keras.Model, tf.data.Dataset, list[keras.callbacks.Callback]], bool]
"""(model, batches, callbacks) → whether it wasn't interrupted."""


def warm_up(
    gan: AudioToImageGAN,
    batches: tf.data.Dataset,
    config: RunConfig,
    elapsed_seconds: tf.Variable,
    strategy: tf.distribute.Strategy,
    fit: Fit,
    on_status: Callable[[TrainingStatus], None] | None,
    on_stage: OnStage,
) -> bool:
    """Teaches the encoder to sketch, and aligns it with the sketch reader, as the preset wants.

    Args:
        gan: Its networks are trained in place.
        batches: (mfcc, images in [-1, 1]), `preset.lesson_batch_size` pairs each, without an end.
        config: Preset and budget.
        elapsed_seconds: A variable with the time used so far.
        strategy: Where the networks were made.
        fit: Trains a model.
        on_status: Called after every step.
        on_stage: Called with a few words for every part.

    Returns:
        Whether it came to its end.
    """
    preset = config.preset
    if not preset.sketch_share:
        return True
    sketches = batches.map(
        lambda mfcc, images: (mfcc, make_sketches(images)), num_parallel_calls=tf.data.AUTOTUNE
    )

    def fit_part(
        model: keras.Model,
        pairs: tf.data.Dataset,
        share: float,
        *others: keras.callbacks.Callback,
    ) -> bool:
        budget = LessonBudget(config, share, elapsed_seconds, on_status)
        return fit(model, pairs, [*others, budget])

    on_stage("learning to sketch")
    with strategy.scope():
        sketcher = build_sketcher(preset, gan.encoder)
    if not fit_part(sketcher, sketches, preset.sketch_share):
        return False
    if isinstance(gan, LatentGAN):
        on_stage("aligning sound and sight")
        with strategy.scope():
            alignment = Alignment(preset, gan.encoder, gan.sketch_reader)
        pairs = sketches.take(_ALIGNED_BATCHES).cache()
        measure = AlignmentMeasures(pairs, elapsed_seconds)
        if not fit_part(alignment, pairs.repeat(), preset.alignment_share, measure):
            return False
    gan.drawing_encoder.set_weights(gan.encoder.get_weights())
    return True
