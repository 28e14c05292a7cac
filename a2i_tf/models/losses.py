"""The losses, as `keras.losses.Loss` objects, so that a strategy scales them by replica."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from a2i_tf.models.presets import Preset


@keras.saving.register_keras_serializable(package="a2i")
class GeneratorHinge(keras.losses.Loss):
    """The generator's side of the hinge loss: minus the logits (Lim & Ye 2017, 1705.02894)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Takes targets of 1 and logits, float [batch, 1]; returns float [batch]."""
        return -ops.squeeze(y_true * y_pred, axis=-1)


def build_discriminator_loss(preset: Preset) -> keras.losses.Loss:
    """Returns the loss of (targets: 1 for real, 0 for generated; logits)."""
    if preset.adversarial_loss == "hinge":
        return keras.losses.Hinge(name="discriminator_loss")
    return keras.losses.BinaryCrossentropy(from_logits=True, name="discriminator_loss")


def build_generator_loss(preset: Preset) -> keras.losses.Loss:
    """Returns the loss of (targets of 1; logits of generated images)."""
    if preset.adversarial_loss == "hinge":
        return GeneratorHinge(name="generator_loss")
    return keras.losses.BinaryCrossentropy(from_logits=True, name="generator_loss")
