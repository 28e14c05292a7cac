"""The latent flow: from noise and an embedding to what can't be heard."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from a2i_tf.models.layers import unit_mean_square
from a2i_tf.models.presets import Preset
from a2i_tf.models.velocity_field import build_velocity_field


@keras.saving.register_keras_serializable(package="a2i")
class LatentFlow(keras.layers.Layer):
    """Carries noise to latents along a velocity field that depends on an embedding.

    Conditional flow matching (Lipman et al. 2023, arXiv 2210.02747) in the space of latents (Dao
    et al. 2023, arXiv 2307.08698): while training, noise and latent are joined by a straight line,
    and `field` learns its direction at any point; to draw, noise follows the field from time 0 to
    1. The field has also learnt without any sound, the embedding being zero; to draw, it's
    followed further in the direction that the sound makes a difference in (classifier-free
    guidance, Ho & Salimans 2022, arXiv 2207.12598, equation 6).

    Args:
        latent_shape: (height, width, channels) of a latent.
        embedding_dim: Length of the embedding.
        width: Channels inside the field.
        blocks: Blocks of the field.
        steps: Steps from time 0 to 1, of two evaluations of the field each (the midpoint
            method).
        guidance: How far to go in the sound's direction: 0 ignores it, 1 goes as far as learnt.
    """

    def __init__(
        self,
        latent_shape: tuple[int, ...],
        embedding_dim: int,
        width: int,
        blocks: int,
        steps: int,
        guidance: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.latent_shape = tuple(latent_shape)
        self.embedding_dim = embedding_dim
        self.width = width
        self.blocks = blocks
        self.steps = steps
        self.guidance = guidance
        self.field = build_velocity_field(self.latent_shape, embedding_dim, width, blocks)

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """Samples latents.

        Args:
            inputs: An embedding, float [batch, embedding_dim], and standard normal noise, float
                [batch, noise_dim].

        Returns:
            Latents, float [batch, *latent_shape], of unit mean square at every place.
        """
        embedding, noise = inputs
        latent = ops.reshape(noise, (-1, *self.latent_shape))
        # One row with the sound and one without it, side by side.
        told = ops.concatenate([embedding, ops.zeros_like(embedding)])

        def guided_velocity(latent: Any, time: Any) -> Any:
            times = ops.zeros_like(told[:, :1]) + time
            latents = ops.concatenate([latent, latent])
            velocities = self.field([latents, times, told], training=False)
            with_sound, without = ops.split(velocities, 2)
            return without + self.guidance * (with_sound - without)

        def follow(step: Any, latent: Any) -> Any:
            time, duration = ops.cast(step, told.dtype) / self.steps, 1 / self.steps
            middle = latent + guided_velocity(latent, time) * duration / 2
            return latent + guided_velocity(middle, time + duration / 2) * duration

        # A loop in the graph, too: one copy of the field there instead of one for every step.
        latent = ops.fori_loop(0, self.steps, follow, latent)
        # As large as what the generator has learnt from, wherever guidance led.
        return unit_mean_square(latent)

    def compute_output_shape(
        self, input_shape: tuple[tuple[int, ...], tuple[int, ...]]
    ) -> tuple[int | None, ...]:
        """Returns the shape of the latents."""
        return (input_shape[1][0], *self.latent_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns what `from_config` needs."""
        names = ("latent_shape", "embedding_dim", "width", "blocks", "steps", "guidance")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def build_sampler(preset: Preset) -> keras.Model:
    """Builds a functional model around a `LatentFlow`.

    Args:
        preset: Sizes of the flow, and of what goes in and out.

    Returns:
        (embedding float32 [batch, embedding_dim], noise float32 [batch, noise_dim]) → latent
        float32 [batch, *preset.latent_shape].
    """
    # Layers
    flow = LatentFlow(
        preset.latent_shape,
        preset.embedding_dim,
        preset.flow_width,
        preset.flow_blocks,
        preset.flow_steps,
        preset.guidance,
        dtype="float32",
        name="flow",
    )

    # Functional graph
    embedding = keras.Input((preset.embedding_dim,), name="embedding")
    noise = keras.Input((preset.noise_dim,), name="noise")
    latent = flow([embedding, noise])

    # Configuration
    return keras.Model([embedding, noise], latent, name="sampler")
