"""How differently the same thing can be heard: random changes of MFCC while training.

    slower, faster, earlier, later   linear interpolation between frames      Ko et al. 2015
    another throat                   warp of the mel axis                     Jaitly & Hinton 2013
    another microphone               shift of every cepstral coefficient
    another room                     a floor of noise hides what is quiet
    missed stretches                 frames that hold only the average        Park et al. 2019

Cepstra are log mel spectra times the orthonormal columns of the discrete cosine transform. So
whatever is linear in log mel spectra is a matrix for cepstra, too, and the transform's transpose
leads back to (smoothed) log mel spectra for the rest. Cepstra that lead back to no spectrum get
only what needs none.

Sources: Jaitly & Hinton, "Vocal Tract Length Perturbation (VTLP) improves speech recognition"
(ICML workshop 2013); Ko et al., "Audio Augmentation for Speech Recognition" (Interspeech 2015);
Park et al., "SpecAugment" (arXiv 1904.08779).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from a2i_tf.audio.filterbank import cepstral_matrix
from a2i_tf.audio.settings import MfccConfig
from a2i_tf.audio.vocal_tract import has_spectrum, warp_matrix
from a2i_tf.datasets.statistics import MfccStatistics

# In standard deviations within a window. Where sounds are steady, what a window's mean says is what
# tells them apart; where they change, as voices do, it may be hidden.
_MICROPHONE_SPREAD = 0.8
# These coefficients tell of level, tilt and broad curves of the spectrum, as microphones do; the
# finer ones tell what was said, and a wide spread drowns it.
_BROAD_COEFFICIENTS = 6
_FINE_MICROPHONE_SPREAD = 0.3
# Natural logarithms of factors: throats and speech rates of adults differ by about this much.
_THROAT_SPREAD = 0.2
_SPEED_SPREAD = 0.2
_SHIFT_SECONDS = 0.13
_MISSED_SECONDS = 0.16
# Below the loudest band of the window, at a speech recording's worst and where it stops mattering.
_NOISE_DECIBELS = (17.0, 61.0)
_NOISE_TILT_DECIBELS = 9.0
_NOISE_SHARE = 0.5

_THROATS = 21
_NEPERS_PER_DECIBEL = np.log(10.0) / 10.0

Change = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""(features float32 [batch, frames, coefficients], seeds int64 [2]) → features."""


def vary_hearing(
    batches: tf.data.Dataset, config: MfccConfig, statistics: MfccStatistics, seed: int
) -> tf.data.Dataset:
    """Lets every window be heard in another way, each time that it is seen.

    Args:
        batches: (mfcc float32 [batch, frames, coefficients], image).
        config: The recipe of the features.
        statistics: Give the spread of every coefficient within a window.
        seed: Seed of all changes.

    Returns:
        Batches of the same form, as many as there are.
    """
    changes = _changes(config, statistics)

    def vary(seeds: tf.Tensor, batch: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        features, images = batch
        for number, change in enumerate(changes):
            features = change(features, tf.random.experimental.stateless_fold_in(seeds, number))
        return features, images

    seeds = tf.data.Dataset.random(seed).batch(2, drop_remainder=True)
    return tf.data.Dataset.zip(seeds, batches).map(vary, num_parallel_calls=tf.data.AUTOTUNE)


def _changes(config: MfccConfig, statistics: MfccStatistics) -> list[Change]:
    microphone = _other_microphone(statistics)
    missed = _missed_stretch(config)
    if not has_spectrum(config):
        return [microphone, missed]
    return [_other_pace(config), _other_throat(config), microphone, _other_room(config), missed]


def _other_pace(config: MfccConfig) -> Change:
    """Says it slower or faster, earlier or later; the first and last frames last longer."""
    middle = (config.num_frames - 1) / 2
    reach = _SHIFT_SECONDS / config.hop_seconds

    def change(features: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        draws = _uniform(features, 2, seeds)
        speed = tf.exp(_SPEED_SPREAD * draws[:, :1])
        frames = tf.range(config.num_frames, dtype=tf.float32) - middle
        places = middle + speed * frames + reach * draws[:, 1:]
        places = tf.clip_by_value(places, 0.0, config.num_frames - 1.0)
        before = tf.minimum(tf.cast(places, tf.int32), config.num_frames - 2)
        share = (places - tf.cast(before, tf.float32))[:, :, None]
        earlier = tf.gather(features, before, batch_dims=1)
        later = tf.gather(features, before + 1, batch_dims=1)
        return earlier + share * (later - earlier)

    return change


def _other_throat(config: MfccConfig) -> Change:
    """Moves formants up or down together, as a shorter or longer vocal tract does."""
    factors = np.exp(np.linspace(-_THROAT_SPREAD, _THROAT_SPREAD, _THROATS))
    warps = np.stack([warp_matrix(config, factor) for factor in factors])

    def change(features: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        chosen = tf.random.stateless_uniform([tf.shape(features)[0]], seeds, 0, _THROATS, tf.int32)
        return tf.matmul(features, tf.gather(warps, chosen))

    return change


def _other_microphone(statistics: MfccStatistics) -> Change:
    """Filters: that multiplies the spectrum, and so adds a constant to every coefficient."""
    spread = np.sqrt(statistics.variance_in_windows)
    spread[:_BROAD_COEFFICIENTS] *= _MICROPHONE_SPREAD
    spread[_BROAD_COEFFICIENTS:] *= _FINE_MICROPHONE_SPREAD

    def change(features: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        shape = [tf.shape(features)[0], 1, features.shape[-1]]
        return features + spread * tf.random.stateless_normal(shape, seeds)

    return change


def _other_room(config: MfccConfig) -> Change:
    """Adds steady noise, tilted towards low or high bands, to a share of the windows."""
    transform = cepstral_matrix(config.num_mel_bins, config.num_mfccs, config.lifter)
    slope = np.linspace(-1.0, 1.0, config.num_mel_bins, dtype=np.float32)
    worst, best = (_NEPERS_PER_DECIBEL * decibels for decibels in _NOISE_DECIBELS)

    def change(features: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        draws = _uniform(features, 3, seeds)[:, :, None, None]
        log_mel = tf.matmul(features, transform, transpose_b=True)
        peak = tf.reduce_max(log_mel, axis=[1, 2], keepdims=True)
        depth = worst + (best - worst) * (draws[:, 0] + 1) / 2
        tilt = _NEPERS_PER_DECIBEL * _NOISE_TILT_DECIBELS * draws[:, 1] * slope
        noise = tf.broadcast_to(peak - depth + tilt, tf.shape(log_mel))
        noisy = tf.matmul(tf.reduce_logsumexp([log_mel, noise], axis=0), transform)
        return tf.where((draws[:, 2] + 1) / 2 < _NOISE_SHARE, noisy, features)

    return change


def _missed_stretch(config: MfccConfig) -> Change:
    """Puts the window's average in place of some frames in a row."""
    longest = _MISSED_SECONDS / config.hop_seconds

    def change(features: tf.Tensor, seeds: tf.Tensor) -> tf.Tensor:
        draws = (_uniform(features, 2, seeds)[:, :, None, None] + 1) / 2
        length = longest * draws[:, 0]
        start = (config.num_frames - length) * draws[:, 1]
        middles = tf.range(config.num_frames, dtype=tf.float32)[:, None] + 0.5
        missed = (middles >= start) & (middles < start + length)
        return tf.where(missed, tf.reduce_mean(features, axis=1, keepdims=True), features)

    return change


def _uniform(features: tf.Tensor, count: int, seeds: tf.Tensor) -> tf.Tensor:
    """Draws numbers in [-1, 1) for every window: float32 [batch, count]."""
    return tf.random.stateless_uniform([tf.shape(features)[0], count], seeds, -1.0, 1.0)
