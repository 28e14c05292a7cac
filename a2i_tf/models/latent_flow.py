"""The latent flow: from noise, and what was heard, to what can't be heard."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from a2i_tf.models.layers import unit_mean_square
from a2i_tf.models.presets import Preset

# Halves of turns, so that no two times look alike.
_FREQUENCIES = np.array([1.5, 3.0, 6.0, 12.0], np.float32)


@keras.saving.register_keras_serializable(package="a2i")
class FlowBlock(keras.layers.Layer):
    """Two dense layers beside a shortcut; embedding and time scale and shift what they see.

    Args:
        width: Units.
    """

    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.heard = keras.layers.Dense(2 * width, name="heard")
        self._time = keras.layers.Dense(2 * width, use_bias=False, name="time")
        self._enter = keras.layers.Dense(width, activation="silu", name="enter")
        self._leave = keras.layers.Dense(width, name="leave")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for features [batch, width]."""
        self._time.build((None, 2 * len(_FREQUENCIES)))
        for layer in (self.heard, self._enter, self._leave):
            layer.build(input_shape)
        self.built = True

    def call(self, inputs: tuple[Any, Any, Any]) -> Any:
        """Takes float features [batch, width], what `heard` gave, and turns of the time."""
        x, heard, turns = inputs
        scale, shift = ops.split(heard + self._time(turns), 2, axis=-1)
        return x + self._leave(self._enter(_standardize(x) * (1.0 + scale) + shift))

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs."""
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable(package="a2i")
class LatentFlow(keras.layers.Layer):
    """Carries noise to latents along a velocity field that depends on an embedding.

    Conditional flow matching (Lipman et al. 2023, arXiv 2210.02747) in the space of latents (Dao
    et al. 2023, arXiv 2307.08698): while training, noise and latent are joined by a straight line,
    and `velocity` learns its direction at any point; to draw, noise follows the field from time 0
    to 1. Blocks of dense layers with a shortcut; embedding and time scale and shift what they see.

    Args:
        width: Units of the dense layers.
        steps: Steps from time 0 to 1 (Euler's method).
        temperature: Noise is made smaller by this factor, so that samples keep to what is likely.
    """

    def __init__(self, width: int, steps: int, temperature: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.steps = steps
        self.temperature = temperature
        self._listen = keras.layers.Dense(width, activation="silu", name="listen")
        self._enter = keras.layers.Dense(width, name="enter")
        # Attributes, as checkpoints don't look into a layer's lists.
        self._first = FlowBlock(width, name="first")
        self._second = FlowBlock(width, name="second")
        self._third = FlowBlock(width, name="third")

    @property
    def _blocks(self) -> tuple[FlowBlock, ...]:
        return self._first, self._second, self._third

    def build(self, input_shape: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
        """Creates the weights."""
        embedding_shape, noise_shape = input_shape
        inside = (None, self.width)
        # Still at first: the shortest way to an average velocity.
        self._leave = keras.layers.Dense(noise_shape[-1], kernel_initializer="zeros", name="leave")
        self._listen.build(embedding_shape)
        self._enter.build(noise_shape)
        self._leave.build(inside)
        for block in self._blocks:
            block.build(inside)
        super().build(input_shape)

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """Samples latents.

        Args:
            inputs: An embedding, float [batch, embedding_dim], and standard normal noise, float
                [batch, latent_dim].

        Returns:
            Latents of unit mean square, float [batch, latent_dim].
        """
        embedding, noise = inputs
        heard = self.listen(embedding)
        latent = noise * self.temperature
        for step in range(self.steps):
            time = np.full((1, 1), step / self.steps, np.float32)
            latent = latent + self.velocity(latent, ops.convert_to_tensor(time), heard) / self.steps
        # As large as what the generator has learnt from, however little noise there was.
        return unit_mean_square(latent)

    def listen(self, embedding: Any) -> list[Any]:
        """Returns what the embedding says to every block, the same at all times.

        Args:
            embedding: float [batch, embedding_dim].

        Returns:
            float [batch, 2 * width] for each block.
        """
        heard = self._listen(embedding)
        return [block.heard(heard) for block in self._blocks]

    def velocity(self, latent: Any, time: Any, heard: list[Any]) -> Any:
        """Returns where to go.

        Args:
            latent: float [batch, latent_dim], on the way from noise to a latent.
            time: float [batch, 1] or [1, 1] in [0, 1].
            heard: What `listen` gave.

        Returns:
            float [batch, latent_dim].
        """
        turns = ops.concatenate([ops.sin(time * _FREQUENCIES), ops.cos(time * _FREQUENCIES)], -1)
        x = self._enter(latent)
        for block, what in zip(self._blocks, heard, strict=True):
            x = block([x, what, turns])
        return self._leave(_standardize(x))

    def compute_output_shape(
        self, input_shape: tuple[tuple[int, ...], tuple[int, ...]]
    ) -> tuple[int, ...]:
        """Returns the shape of the noise."""
        return input_shape[1]

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs."""
        own = {"width": self.width, "steps": self.steps, "temperature": self.temperature}
        return {**super().get_config(), **own}


def build_sampler(preset: Preset) -> keras.Model:
    """Builds a functional model around a `LatentFlow`.

    Args:
        preset: Sizes of the flow, and of what goes in and out.

    Returns:
        (embedding float32 [batch, embedding_dim], noise float32 [batch, noise_dim]) → latent
        float32 [batch, noise_dim].
    """
    # Layers
    flow = LatentFlow(
        preset.flow_width, preset.flow_steps, preset.temperature, dtype="float32", name="flow"
    )

    # Functional graph
    embedding = keras.Input((preset.embedding_dim,), name="embedding")
    noise = keras.Input((preset.noise_dim,), name="noise")
    latent = flow([embedding, noise])

    # Configuration
    return keras.Model([embedding, noise], latent, name="sampler")


def _standardize(x: Any) -> Any:
    """Layer normalization (Ba et al. 2016) without weights: the modulation has them."""
    mean = ops.mean(x, axis=-1, keepdims=True)
    centred = x - mean
    return centred * ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + 1e-3)
