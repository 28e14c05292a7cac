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
    """The squared error of averaged areas, and of sketches (models/sketches.py).

    A squared error, since an absolute one aims at the median, which for thin strokes on black is
    black. Of areas, since where every drop of rain falls isn't in a latent: paid for pixels, a
    generator leaves the rain out. Sketches still ask how much of it there is.

    Args:
        size: Width that pictures are averaged down to, in pixels; a larger one leaves them.
        sketch_weight: Weight of the sketches; 0 leaves them out.
    """

    def __init__(self, size: int, sketch_weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size
        self.sketch_weight = sketch_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Takes real and generated images, float [batch, size, size, 3]; returns float [batch]."""
        area = max(1, y_true.shape[1] // self.size)
        areas = [ops.average_pool(images, area, area) for images in (y_true, y_pred)]
        loss = _mean_squared_error(*areas)
        if self.sketch_weight:
            sketches = make_sketches(y_true), make_sketches(y_pred)
            loss += self.sketch_weight * _mean_squared_error(*sketches)
        return loss

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs."""
        own = {"size": self.size, "sketch_weight": self.sketch_weight}
        return {**super().get_config(), **own}


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
