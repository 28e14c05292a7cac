"""Mean shift: from an embedding between two things to that of the nearer one."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops
from numpy.typing import NDArray

# Of the kernel; embeddings have one of about 1 in every direction.
_VARIANCE = 0.5
_STEPS = 5


@keras.saving.register_keras_serializable(package="a2i")
class MeanShift(keras.layers.Layer):
    """Moves embeddings to where those of training sounds lie close together.

    A word that was half understood is told as something between two words, and drawn as that. Mean
    shift (Fukunaga & Hostetler 1975; Cheng 1995, "Mean shift, mode seeking, and clustering") with a
    Gaussian kernel climbs to the nearest mode of their density instead: no labels are needed. Where
    all that lies between two sounds is a sound, too, as with less and more rain, it would forget
    the difference.

    Until `remember` was called, embeddings stay as they are.

    Args:
        num_points: How many embeddings are remembered.
    """

    def __init__(self, num_points: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_points = num_points

    def build(self, input_shape: tuple[int | None, int]) -> None:
        """Makes place for the points, and for how far to move: 0 without points, else 1."""
        self.points = self.add_weight(
            (self.num_points, input_shape[-1]), "zeros", trainable=False, name="points"
        )
        self.strength = self.add_weight((), "zeros", trainable=False, name="strength")

    def remember(self, points: NDArray[Any]) -> None:
        """Remembers embeddings.

        Args:
            points: float [num_points, dim].
        """
        self.points.assign(points)
        self.strength.assign(1.0)

    def call(self, embedding: Any) -> Any:
        """Takes and returns embeddings, float [batch, dim]."""
        squares = ops.sum(ops.square(self.points), axis=1)
        shifted = embedding
        for _ in range(_STEPS):
            # The kernels' logarithms but for the embedding's own square, which softmax divides by.
            near = (ops.matmul(shifted, ops.transpose(self.points)) - squares / 2) / _VARIANCE
            shifted = ops.matmul(ops.softmax(near), self.points)
        return embedding + self.strength * (shifted - embedding)

    def compute_output_shape(self, input_shape: tuple[int | None, int]) -> tuple[int | None, int]:
        """Returns the shape of the embeddings."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs."""
        return {**super().get_config(), "num_points": self.num_points}
