"""The front end: waveforms to MFCC, in TensorFlow operations that TFLite has built in."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from a2i_tf.audio.filterbank import cepstral_matrix, hann_window
from a2i_tf.audio.settings import MfccConfig


def mfcc(waveforms: tf.Tensor, config: MfccConfig) -> tf.Tensor:
    """Computes mel-frequency cepstral coefficients.

    The same function runs in `tf.data`, in exported graphs and in the tests against librosa and
    python_speech_features, so training and serving can't drift apart.

    Args:
        waveforms: float32 [batch, window_samples] in [-1, 1].
        config: The recipe; see `MfccConfig` for the formula of each step.

    Returns:
        float32 [batch, num_frames, num_mfccs].

    Raises:
        ValueError: if the waveforms' static length isn't `config.window_samples`.
    """
    waveforms = tf.convert_to_tensor(waveforms)
    waveforms.shape.assert_is_compatible_with([None, config.window_samples])
    power = _power_spectrum(_frames(waveforms, config), config)
    log_mel = tf.math.log(tf.matmul(power, tf.constant(config.mel_filters())) + config.log_floor)
    cepstra = tf.matmul(
        log_mel, cepstral_matrix(config.num_mel_bins, config.num_mfccs, config.lifter)
    )
    if config.log_energy:
        energy = tf.reduce_sum(power, axis=-1, keepdims=True)
        log_energy = tf.math.log(energy + config.log_floor)
        cepstra = tf.concat([log_energy, cepstra[..., 1:]], axis=-1)
    return cepstra


@keras.saving.register_keras_serializable(package="a2i")
class Mfcc(keras.layers.Layer):
    """`mfcc` as a Keras layer without weights, always in float32.

    Input float32 [batch, window_samples] in [-1, 1]; output float32
    [batch, num_frames, num_mfccs].
    """

    def __init__(self, config: MfccConfig, **kwargs: Any):
        # Half precision can't hold int16-range power, so a mixed policy must not apply here.
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.config = config

    def call(self, waveforms: tf.Tensor) -> tf.Tensor:
        """Computes the coefficients; see `mfcc`."""
        return mfcc(waveforms, self.config)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns [batch, num_frames, num_mfccs]."""
        return (input_shape[0], *self.config.shape)

    def get_config(self) -> dict[str, Any]:
        """Returns the layer's arguments as plain JSON types."""
        return {**super().get_config(), "config": self.config.to_dict()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Mfcc:
        """Rebuilds the layer that `get_config` described."""
        return cls(**{**config, "config": MfccConfig.from_dict(config["config"])})


def _frames(waveforms: tf.Tensor, config: MfccConfig) -> tf.Tensor:
    """Returns scaled, pre-emphasized, windowed frames [batch, num_frames, frame_length]."""
    covered = (config.num_frames - 1) * config.frame_step + config.frame_length
    padding = max(0, covered - config.window_samples)
    waveforms = tf.pad(waveforms * config.full_scale, [[0, 0], [0, padding]])
    if config.pre_emphasis:
        emphasized = waveforms[:, 1:] - config.pre_emphasis * waveforms[:, :-1]
        waveforms = tf.concat([waveforms[:, :1], emphasized], axis=1)
    frames = tf.signal.frame(waveforms, config.frame_length, config.frame_step)
    if config.window_function == "hann":
        frames *= hann_window(config.frame_length)
    return frames


def _power_spectrum(frames: tf.Tensor, config: MfccConfig) -> tf.Tensor:
    """Returns squared magnitudes [batch, num_frames, fft_length // 2 + 1]."""
    power = tf.square(tf.abs(tf.signal.rfft(frames, [config.fft_length])))
    return power / config.fft_length if config.normalize_power else power
