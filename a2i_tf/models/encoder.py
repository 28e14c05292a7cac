"""The encoder: from MFCC to an embedding of what was heard."""

from __future__ import annotations

import keras
import numpy as np

from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.models.embedding_flow import EmbeddingFlow
from a2i_tf.models.layers import InverseCosineTransform, PixelNormalization
from a2i_tf.models.presets import Preset

_KERNEL = 3
_DENSE_LAYERS = 3


def build_encoder(
    preset: Preset, mfcc_shape: tuple[int, int], statistics: MfccStatistics
) -> keras.Model:
    """Builds the encoder.

    Args:
        preset: Sizes, and whether it is convolutional or dense.
        mfcc_shape: (frames, coefficients).
        statistics: Of the training split; they become constants of the network.

    Returns:
        A functional model: mfcc float32 [batch, frames, coefficients] → embedding float32
        [batch, embedding_dim].
    """
    convolutional = preset.encoder == "convolutional"
    body = _convolutional_body if convolutional else _dense_body
    variance = statistics.variance
    if convolutional:
        # One scale for all, as the spectrum that they're turned into has.
        variance = np.full_like(variance, np.mean(variance))

    # Layers
    normalize = keras.layers.Normalization(
        mean=statistics.mean, variance=variance, name="normalize"
    )
    project = keras.layers.Dense(preset.embedding_dim, dtype="float32", name="project")
    # Of one size whatever the weights, as noise is.
    scale = PixelNormalization(dtype="float32", name="heard")

    # Functional graph
    features = keras.Input(mfcc_shape, name="mfcc")
    heard = scale(project(body(normalize(features), mfcc_shape, preset.encoder_width)))
    embedding = heard
    if preset.prior == "flow":
        # What is most likely to be seen of it.
        whiten = keras.layers.Dense(preset.embedding_dim, dtype="float32", name="whiten")
        tell = EmbeddingFlow(preset.embedding_dim, dtype="float32", name="embedding")
        embedding = tell(whiten(heard))

    # Configuration
    return keras.Model(features, embedding, name="encoder")


def _convolutional_body(
    features: keras.KerasTensor, mfcc_shape: tuple[int, int], width: int
) -> keras.KerasTensor:
    """Convolves over time and frequency, then keeps mean and peak over time.

    Over frequency, and not over coefficients: one filter can find the same thing at any pitch, but
    neighbouring coefficients have nothing in common. The mean tells of beds, the peak of events;
    where in the second they fall is forgotten.
    """
    x = InverseCosineTransform(name="spectrum")(features)
    x = keras.layers.Reshape((*mfcc_shape, 1))(x)
    for filters in (width, 2 * width, 4 * width):
        x = keras.layers.Conv2D(filters, _KERNEL, strides=2, padding="same")(x)
        x = keras.layers.LeakyReLU(0.2)(x)
    frames, bands, channels = x.shape[1:]
    x = keras.layers.Reshape((frames, bands * channels))(x)
    mean = keras.layers.GlobalAveragePooling1D()(x)
    peak = keras.layers.GlobalMaxPooling1D()(x)
    x = keras.layers.Concatenate()([mean, peak])
    x = keras.layers.Dense(4 * width)(x)
    return keras.layers.LeakyReLU(0.2)(x)


def _dense_body(
    features: keras.KerasTensor, mfcc_shape: tuple[int, int], width: int
) -> keras.KerasTensor:
    """Narrows step by step, as the first half of an autoencoder does."""
    x = keras.layers.Reshape((mfcc_shape[0] * mfcc_shape[1],))(features)
    for halvings in range(_DENSE_LAYERS):
        x = keras.layers.Dense(width >> halvings, activation="relu")(x)
    return x
