"""The embedding flow: from what was heard to what most likely is to be seen of it."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from a2i_tf.models.velocity_field import TimeFeatures

_STEPS = 8
_BLOCKS = 2


@keras.saving.register_keras_serializable(package="a2i")
class EmbeddingFlow(keras.layers.Layer):
    """Tells the embedding that pictures of a sound most likely have.

    A prior over embeddings of pictures, given what was heard (Ramesh et al. 2022, arXiv
    2204.06125, section 2.2), by conditional flow matching (Lipman et al. 2023, arXiv 2210.02747).
    To draw, it follows the field not from noise but from the middle of the noise, zero: where a
    sound allows several scenes, that leads to the likeliest one, and not in between as the mean
    would; where it allows more or less rain, to about the middle. (By Euler's method: there is no
    spread that its steps could lose.)

    Args:
        dim: Length of an embedding, and of what was heard.
    """

    def __init__(self, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dim = dim
        self.field = _build_field(dim)

    def call(self, heard: Any) -> Any:
        """Takes what was heard, float [batch, dim]; returns embeddings, float [batch, dim]."""

        def follow(step: Any, embedding: Any) -> Any:
            time = ops.zeros_like(heard[:, :1]) + ops.cast(step, heard.dtype) / _STEPS
            return embedding + self.field([embedding, time, heard]) / _STEPS

        return ops.fori_loop(0, _STEPS, follow, ops.zeros_like(heard))

    def compute_output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Returns the shape of the embeddings."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs."""
        return {**super().get_config(), "dim": self.dim}


def _build_field(dim: int) -> keras.Model:
    """Builds (embedding [batch, dim], time [batch, 1], heard [batch, dim]) → velocity."""
    width = 4 * dim

    # Layers
    leave = keras.layers.Dense(dim, kernel_initializer="zeros", dtype="float32", name="velocity")

    # Functional graph
    embedding = keras.Input((dim,), name="embedding")
    time = keras.Input((1,), name="time")
    heard = keras.Input((dim,), name="heard")
    x = keras.layers.Concatenate(name="condition")([embedding, TimeFeatures()(time), heard])
    x = keras.layers.Dense(width, "silu", name="enter")(x)
    for number in range(_BLOCKS):
        x = keras.layers.Add()([x, keras.layers.Dense(width, "silu", name=f"think_{number}")(x)])

    # Configuration
    return keras.Model([embedding, time, heard], leave(x), name="embedding_field")
