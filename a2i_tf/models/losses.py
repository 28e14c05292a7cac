"""The losses, as `keras.losses.Loss` objects, so that a strategy scales them by replica."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from a2i_tf.models.presets import Preset

_PATCH_SIZE = 8
# The root of zero has no slope.
_TINY = 1e-6


@keras.saving.register_keras_serializable(package="a2i")
class GeneratorHinge(keras.losses.Loss):
    """The generator's side of the hinge loss: minus the logits (Lim & Ye 2017, 1705.02894)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Takes targets of 1 and logits, float [batch, 1]; returns float [batch]."""
        return -ops.squeeze(y_true * y_pred, axis=-1)


@keras.saving.register_keras_serializable(package="a2i")
class EnergyScore(keras.losses.Loss):
    """How far two pictures of a sound lie from the real one, less how far they lie apart.

    The energy score, E|x - y| - E|x - x'| / 2 over independent samples x and x', is least when
    the samples are spread as the real pictures are (Gneiting & Raftery 2007, section 4.2). An
    absolute error would be least at their median, one picture for all seeds.

    The distance is the root mean square over patches of 8 x 8 pixels, averaged over patches and
    over scales, down to the picture shrunk to 8 x 8: whole pictures at full size all lie about
    equally far from each other. Half as much spread is asked for at every finer scale, where
    the discriminator knows better than noise how pictures differ.

    Args:
        spread: Share of the true spread that is asked for at the coarsest scales.
    """

    def __init__(self, spread: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spread = spread

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Scores two samples of every picture.

        Args:
            y_true: Real images, float [batch, 1, size, size, 3].
            y_pred: Generated images, float [batch, 2, size, size, 3].

        Returns:
            float [batch].
        """
        real, first, second = y_true[:, 0], y_pred[:, 0], y_pred[:, 1]
        to_real = [_distances(first - real), _distances(second - real)]
        apart = _distances(first - second)
        asked = [self.spread * min(1.0, 2.0 ** (1 - scale)) for scale in range(len(apart))]
        terms = [
            (a + b - share * c) / 2 for a, b, c, share in zip(*to_real, apart, asked, strict=True)
        ]
        return sum(terms) / len(terms)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs."""
        return {**super().get_config(), "spread": self.spread}


def _distances(difference: Any) -> list[Any]:
    """Returns the root mean squares of a difference, float [batch], from coarse to fine."""
    distances: list[Any] = []
    while difference.shape[1] >= _PATCH_SIZE:
        squares = ops.mean(ops.square(difference), axis=-1, keepdims=True)
        patches = ops.average_pool(squares, _PATCH_SIZE)
        distances.insert(0, ops.mean(ops.sqrt(patches + _TINY), axis=(1, 2, 3)))
        difference = ops.average_pool(difference, 2)
    return distances


def build_reconstruction_loss(preset: Preset) -> keras.losses.Loss:
    """Returns the loss of (real images; generated images, as many a sound as the preset says)."""
    if preset.reconstruction_loss == "energy":
        return EnergyScore(preset.spread, name="reconstruction_loss")
    return keras.losses.MeanAbsoluteError(name="reconstruction_loss")


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
