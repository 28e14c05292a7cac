"""The velocity field of the flow: where a latent on its way from noise is to go."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from a2i_tf.models.layers import FeatureWiseModulation

# In radians over the whole way: slow and fast, so that no two times look alike.
_FREQUENCIES = np.array([1.5, 3.0, 6.0, 12.0], np.float32)
# Width and height in areas of a latent: a quarter of the places, and of the time that they take.
_PATCH = 2
# Else the field learns by heart which picture belongs to an embedding.
_DROPOUT = 0.2


@keras.saving.register_keras_serializable(package="a2i")
class TimeFeatures(keras.layers.Layer):
    """Sines and cosines of a time: float [batch, 1] in [0, 1] → float [batch, 8]."""

    def call(self, time: Any) -> Any:
        """Returns sines, then cosines, slow to fast."""
        turns = time * _FREQUENCIES
        return ops.concatenate([ops.sin(turns), ops.cos(turns)], axis=-1)


@keras.saving.register_keras_serializable(package="a2i")
class Places(keras.layers.Layer):
    """Adds a learned vector for every place of a map, since mixing has no other sense of place."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Creates the vectors."""
        start = keras.initializers.RandomNormal(stddev=0.1)
        self.places = self.add_weight(shape=(1, *input_shape[1:]), initializer=start, name="places")

    def call(self, inputs: Any) -> Any:
        """Takes float [batch, height, width, channels]."""
        return inputs + self.places


@keras.saving.register_keras_serializable(package="a2i")
class SpaceToDepth(keras.layers.Layer):
    """Makes a patch of a map the channels of one place: [b, h, w, c] → [b, h / 2, w / 2, 4 c]."""

    def call(self, inputs: Any) -> Any:
        """Takes float [batch, height, width, channels], height and width even."""
        return tf.nn.space_to_depth(inputs, _PATCH)


@keras.saving.register_keras_serializable(package="a2i")
class DepthToSpace(keras.layers.Layer):
    """Takes back what `SpaceToDepth` did: [b, h, w, 4 c] → [b, 2 h, 2 w, c]."""

    def call(self, inputs: Any) -> Any:
        """Takes float [batch, height, width, channels], channels a multiple of 4."""
        return tf.nn.depth_to_space(inputs, _PATCH)


def build_velocity_field(
    latent_shape: tuple[int, ...], embedding_dim: int, width: int, blocks: int
) -> keras.Model:
    """Builds the field: an MLP-Mixer (Tolstikhin et al. 2021, arXiv 2105.01601, figure 1).

    It sees latents in patches of 2 x 2. Its blocks mix places, then channels. What was heard and
    the time scale and shift what they see (adaptive layer normalization, Peebles & Xie 2023, arXiv
    2212.09748, section 3.2). Called with `training=True`, it drops out a fifth of the hidden units
    that mix channels.

    Args:
        latent_shape: (height, width, channels) of a latent.
        embedding_dim: Length of the embedding.
        width: Channels of the blocks.
        blocks: Their number.

    Returns:
        A functional model: (latent float32 [batch, *latent_shape], time float32 [batch, 1] in
        [0, 1], embedding float32 [batch, embedding_dim]) → velocity of the latent's shape.
    """
    # Layers
    # Dense layers over whole patches: a convolution's last bits depend on a row's place in its
    # batch, and a picture must not depend on which others are drawn beside it.
    enter = keras.layers.Dense(width, name="enter")
    # Still at first: the shortest way to an average velocity.
    leave = keras.layers.Dense(
        latent_shape[-1] * _PATCH**2, kernel_initializer="zeros", dtype="float32", name="leave"
    )

    # Functional graph
    latent = keras.Input(latent_shape, name="latent")
    time = keras.Input((1,), name="time")
    embedding = keras.Input((embedding_dim,), name="embedding")
    condition = keras.layers.Concatenate(name="condition")([embedding, TimeFeatures()(time)])
    for number in range(2):
        condition = keras.layers.Dense(2 * width, "silu", name=f"listen_{number}")(condition)
    x = Places(name="places")(enter(SpaceToDepth(name="patches")(latent)))
    for number in range(blocks):
        x = _mix_places(x, condition, f"places_{number}")
        x = _mix_channels(x, condition, f"channels_{number}")
    patches = leave(_modulate(x, condition, "last"))
    velocity = DepthToSpace(dtype="float32", name="velocity")(patches)

    # Configuration
    return keras.Model([latent, time, embedding], velocity, name="velocity_field")


def _mix_places(x: keras.KerasTensor, condition: keras.KerasTensor, name: str) -> keras.KerasTensor:
    height, width, channels = x.shape[1:]
    seen = keras.layers.Reshape((height * width, channels))(_modulate(x, condition, name))
    by_channel = keras.layers.Permute((2, 1))(seen)
    hidden = keras.layers.Dense(2 * height * width, "silu", name=f"{name}_enter")(by_channel)
    mixed = keras.layers.Dense(height * width, name=f"{name}_leave")(hidden)
    back = keras.layers.Reshape((height, width, channels))(keras.layers.Permute((2, 1))(mixed))
    return keras.layers.Add()([x, back])


def _mix_channels(
    x: keras.KerasTensor, condition: keras.KerasTensor, name: str
) -> keras.KerasTensor:
    channels = x.shape[-1]
    seen = _modulate(x, condition, name)
    hidden = keras.layers.Dense(2 * channels, "silu", name=f"{name}_enter")(seen)
    rest = keras.layers.Dropout(_DROPOUT, name=f"{name}_dropout")(hidden)
    return keras.layers.Add()([x, keras.layers.Dense(channels, name=f"{name}_leave")(rest)])


def _modulate(x: keras.KerasTensor, condition: keras.KerasTensor, name: str) -> keras.KerasTensor:
    # Without weights of its own: the modulation has them.
    normalize = keras.layers.LayerNormalization(center=False, scale=False, name=f"{name}_normalize")
    return FeatureWiseModulation(name=f"{name}_modulate")([normalize(x), condition])
