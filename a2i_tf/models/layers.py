"""Small layers that several networks share."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import scipy.fft
from keras import ops


@keras.saving.register_keras_serializable(package="a2i")
class SmoothUpsampling(keras.initializers.Initializer):
    """Starts a transposed convolution of stride 2 as nearest-neighbour upsampling and a 2 x 2 one.

    Every weight is laid down twice in both directions, so that all four pixels that come from
    one read the same weights: no checkerboard to unlearn (Aitken et al. 2017, arXiv 1707.02937).
    """

    def __init__(self, seed: int | None = None) -> None:
        self._glorot = keras.initializers.GlorotUniform(seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Returns weights of `shape`: [height, width, filters, channels], even sizes."""
        height, width, filters, channels = shape
        weights = self._glorot((height // 2, width // 2, filters, channels), dtype)
        return ops.repeat(ops.repeat(weights, 2, axis=0), 2, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs."""
        return {"seed": self._glorot.get_config()["seed"]}


def unit_mean_square(inputs: Any, epsilon: float = 1e-6) -> Any:
    """Scales float [..., channels] to unit mean square along the last axis."""
    mean_square = ops.mean(ops.square(inputs), axis=-1, keepdims=True)
    return inputs * ops.rsqrt(mean_square + epsilon)


@keras.saving.register_keras_serializable(package="a2i")
class PixelNormalization(keras.layers.Layer):
    """Scales every pixel's feature vector to unit mean square (Karras et al. 2018, section 4.2).

    It needs no statistics of the batch, so that a picture doesn't depend on its neighbours and
    two replicas take the same step as one.
    """

    def __init__(self, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs: Any) -> Any:
        """Normalizes float [..., channels] along the last axis."""
        return unit_mean_square(inputs, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs."""
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="a2i")
class InverseCosineTransform(keras.layers.Layer):
    """Turns cepstra back into as many bands of a log spectrum, smoothed where some are missing.

    The inverse of the orthonormal cosine transform (type II) of the same length.
    """

    def call(self, inputs: Any) -> Any:
        """Takes float [..., coefficients]; returns float of the same shape, low bands first."""
        basis = scipy.fft.idct(np.eye(inputs.shape[-1]), norm="ortho", axis=-1)
        return ops.matmul(inputs, ops.cast(basis, inputs.dtype))


@keras.saving.register_keras_serializable(package="a2i")
class FeatureWiseModulation(keras.layers.Layer):
    """Scales and shifts feature maps by a condition (FiLM, Perez et al. 2018, equation 2)."""

    def build(self, input_shape: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
        """Creates the layer that turns the condition into scales and shifts."""
        features_shape, condition_shape = input_shape
        self.projection = keras.layers.Dense(2 * features_shape[-1], name="projection")
        self.projection.build(condition_shape)
        super().build(input_shape)

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """Modulates.

        Args:
            inputs: Feature maps, float [batch, height, width, channels], and the condition,
                float [batch, conditions].

        Returns:
            Feature maps of the same shape.
        """
        features, condition = inputs
        modulation = self.projection(condition)[:, None, None, :]
        scale, shift = ops.split(modulation, 2, axis=-1)
        return features * (1.0 + scale) + shift

    def compute_output_shape(
        self, input_shape: tuple[tuple[int, ...], tuple[int, ...]]
    ) -> tuple[int, ...]:
        """Returns the shape of the feature maps."""
        return input_shape[0]
