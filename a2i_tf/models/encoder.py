"""The encoder: from MFCC to an embedding of what was heard."""

from __future__ import annotations

import keras
import numpy as np

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.audio.vocal_tract import has_spectrum, warp_matrix
from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.models.embedding_flow import EmbeddingFlow
from a2i_tf.models.layers import InverseCosineTransform, PixelNormalization
from a2i_tf.models.mean_shift import MeanShift
from a2i_tf.models.presets import Preset

_KERNEL = 3
_DENSE_LAYERS = 3
# Natural logarithm of the factor between the middle one of several throats and the outer ones.
_THROAT_SPREAD = 0.1
# Whose embeddings are remembered.
_SOUNDS_REMEMBERED = 1024


def build_encoder(preset: Preset, mfcc: MfccConfig, statistics: MfccStatistics) -> keras.Model:
    """Builds the encoder.

    What an ear learns from few speakers depends on chance, and on how long their throats are. So
    several ears may listen, that differ in what they start from, each to the sound as it is and as
    longer and shorter throats would make it (variants at test time, as of pictures in Krizhevsky
    et al. 2012, section 4.1). What all of them hear is averaged.

    Args:
        preset: Sizes, how many ears and throats, and whether it is convolutional or dense.
        mfcc: The recipe of the features. Where they lead back to no spectrum, there is one throat.
        statistics: Of the training split; they become constants of the network.

    Returns:
        A functional model: mfcc float32 [batch, frames, coefficients] → embedding float32
        [batch, embedding_dim].
    """
    # Layers
    ears = [
        _build_ear(preset, mfcc.shape, statistics, f"ear_{number}") for number in range(preset.ears)
    ]
    average = keras.layers.Average(dtype="float32", name="heard")

    # Functional graph
    features = keras.Input(mfcc.shape, name="mfcc")
    spoken = _through_throats(features, mfcc, preset.throats)
    heard = average([ear(view) for ear in ears for view in spoken])
    embedding = heard
    if preset.prior == "flow":
        # What is most likely to be seen of it.
        whiten = keras.layers.Dense(preset.embedding_dim, dtype="float32", name="whiten")
        tell = EmbeddingFlow(preset.embedding_dim, dtype="float32", name="embedding")
        embedding = tell(whiten(heard))
        if preset.mean_shift:
            settle = MeanShift(_SOUNDS_REMEMBERED, dtype="float32", name="mean_shift")
            embedding = settle(embedding)

    # Configuration
    return keras.Model(features, embedding, name="encoder")


def ears_of(encoder: keras.Model) -> list[keras.Model]:
    """Returns the ears of an encoder: mfcc → float32 [batch, embedding_dim] of unit mean square."""
    return [layer for layer in encoder.layers if isinstance(layer, keras.Model)]


def _through_throats(
    features: keras.KerasTensor, mfcc: MfccConfig, count: int
) -> list[keras.KerasTensor]:
    """Lets several throats say what was said, the middle one as it was."""
    if count == 1 or not has_spectrum(mfcc):
        return [features]
    spoken = []
    for number, factor in enumerate(np.exp(np.linspace(-_THROAT_SPREAD, _THROAT_SPREAD, count))):
        throat = keras.layers.Dense(
            mfcc.num_mfccs, use_bias=False, trainable=False, name=f"throat_{number}"
        )
        spoken.append(throat(features))
        throat.set_weights([warp_matrix(mfcc, factor)])
    return spoken


def _build_ear(
    preset: Preset, shape: tuple[int, int], statistics: MfccStatistics, name: str
) -> keras.Model:
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
    scale = PixelNormalization(dtype="float32", name="scale")

    # Functional graph
    features = keras.Input(shape, name="mfcc")
    heard = scale(project(body(normalize(features), preset)))

    # Configuration
    return keras.Model(features, heard, name=name)


def _convolutional_body(features: keras.KerasTensor, preset: Preset) -> keras.KerasTensor:
    """Convolves over time and frequency, then keeps mean and peak over time.

    Over frequency, and not over coefficients: one filter can find the same thing at any pitch, but
    neighbouring coefficients have nothing in common. The mean tells of beds, the peak of events;
    where in the second they fall is forgotten.
    """
    width = preset.encoder_width
    x = InverseCosineTransform(name="spectrum")(features)
    x = keras.layers.Reshape((*x.shape[1:], 1))(x)
    if preset.cepstral_mean_normalization:
        x = x - keras.ops.mean(x, axis=1, keepdims=True)
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


def _dense_body(features: keras.KerasTensor, preset: Preset) -> keras.KerasTensor:
    """Narrows step by step, as the first half of an autoencoder does."""
    x = keras.layers.Flatten()(features)
    for halvings in range(_DENSE_LAYERS):
        x = keras.layers.Dense(preset.encoder_width >> halvings, activation="relu")(x)
    return x
