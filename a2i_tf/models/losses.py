"""The losses, as `keras.losses.Loss` objects, so that a strategy scales them by replica."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from a2i_tf.models.presets import Preset
from a2i_tf.models.sketches import make_sketches


@keras.saving.register_keras_serializable(package="a2i")
class GeneratorHinge(keras.losses.Loss):
    """The generator's side of the hinge loss: minus the logits (Lim & Ye 2017, 1705.02894)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Takes targets of 1 and logits, float [batch, 1]; returns float [batch]."""
        return -ops.squeeze(y_true * y_pred, axis=-1)


@keras.saving.register_keras_serializable(package="a2i")
class Reconstruction(keras.losses.Loss):
    """The squared error of pixels, and of sketches (models/sketches.py).

    A squared error, since an absolute one aims at the median, which for thin strokes on black is
    black. Of sketches, since what doesn't fit into a latent should at least have its texture: paid
    for pixels alone, a generator is better off without rain than with rain in other places.

    Args:
        sketch_weight: Weight of the sketches; 0 leaves them out.
    """

    def __init__(self, sketch_weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sketch_weight = sketch_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Takes real and generated images, float [batch, size, size, 3]; returns float [batch]."""
        loss = _mean_squared_error(y_true, y_pred)
        if self.sketch_weight:
            sketches = make_sketches(y_true), make_sketches(y_pred)
            loss += self.sketch_weight * _mean_squared_error(*sketches)
        return loss

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs."""
        return {**super().get_config(), "sketch_weight": self.sketch_weight}


def _mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.square(y_true - y_pred), axis=(1, 2, 3))


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
