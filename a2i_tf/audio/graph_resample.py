"""`resample.resample` in core TensorFlow operations, for graphs that meet any rate.

The filter of `scipy.signal.resample_poly` is a sinc under a Kaiser window, sampled at the steps of
the reduced ratio. Its continuous form is evaluated here where each output sample needs it, so that
the rate may be a tensor.
"""

from __future__ import annotations

import tensorflow as tf

_ZERO_CROSSINGS = 10
_KAISER_BETA = 5.0
_TAPS_AT_ONCE = 2**20


def resample_tf(waveform: tf.Tensor, rate: tf.Tensor, target_rate: int) -> tf.Tensor:
    """Resamples from a rate known only when the graph runs.

    Memory beyond input and output stays bounded, whatever the length of the clip.

    Args:
        waveform: float32 [num_samples].
        rate: int32 scalar, the waveform's sample rate in Hz, above 0.
        target_rate: The rate wanted in Hz.

    Returns:
        float32 [ceil(num_samples * target_rate / rate)]; unchanged samples if the rates are equal.

    Raises:
        tf.errors.InvalidArgumentError: when run with a rate below 1.
    """
    checks = [tf.debugging.assert_positive(rate, message="the sample rate must be above 0")]
    with tf.control_dependencies(checks):
        rate = tf.cast(rate, tf.int64)
    return tf.cond(
        tf.equal(rate, target_rate),
        lambda: waveform,
        lambda: _filter(waveform, rate, target_rate),
    )


def _filter(waveform: tf.Tensor, rate: tf.Tensor, target_rate: int) -> tf.Tensor:
    scale = tf.minimum(1.0, target_rate / tf.cast(rate, tf.float32))
    gain = scale / _filter_sum(rate, target_rate)
    reach = tf.cast(tf.math.ceil(_ZERO_CROSSINGS / scale), tf.int64) + 1
    offsets = tf.range(-reach, reach + 1)
    padded = tf.pad(waveform, [[reach, reach + 1]])
    num_outputs = -(-tf.size(waveform, tf.int64) * target_rate // rate)
    block = tf.maximum(_TAPS_AT_ONCE // tf.size(offsets, tf.int64), 1)

    def filter_block(start: tf.Tensor) -> tf.Tensor:
        outputs = tf.clip_by_value(start + tf.range(block), 0, tf.maximum(num_outputs - 1, 0))
        # Whole and fractional positions stay apart: float32 can't hold both in a long clip.
        centres = outputs * rate // target_rate
        fractions = tf.cast(outputs * rate % target_rate, tf.float32) / target_rate
        distances = (fractions[:, tf.newaxis] - tf.cast(offsets, tf.float32)) * scale
        samples = tf.gather(padded, centres[:, tf.newaxis] + offsets + reach)
        return tf.reduce_sum(samples * _windowed_sinc(distances), axis=1) * gain

    blocks = tf.map_fn(
        filter_block,
        tf.range(0, tf.maximum(num_outputs, 1), block),
        fn_output_signature=tf.TensorSpec([None], tf.float32),
        parallel_iterations=1,
    )
    return tf.reshape(blocks, [-1])[:num_outputs]


def _filter_sum(rate: tf.Tensor, target_rate: int) -> tf.Tensor:
    """Returns the mean of the sampled filter's taps, by which SciPy divides it for unit gain.

    It depends on how many taps lie between two zero crossings: the larger term of the reduced
    ratio. Beyond a thousand the mean no longer changes in float32.
    """
    divisor, _ = tf.while_loop(
        lambda _, rest: rest > 0,
        lambda divisor, rest: (rest, divisor % rest),
        (rate, tf.constant(target_rate, tf.int64)),
    )
    taps_per_crossing = tf.minimum(tf.maximum(rate, target_rate) // divisor, 1000)
    last = _ZERO_CROSSINGS * taps_per_crossing
    steps = tf.cast(tf.range(-last, last + 1), tf.float32)
    taps_per_crossing = tf.cast(taps_per_crossing, tf.float32)
    return tf.reduce_sum(_windowed_sinc(steps / taps_per_crossing)) / taps_per_crossing


def _windowed_sinc(distances: tf.Tensor) -> tf.Tensor:
    """Returns sinc(d) under the Kaiser window that ends at the tenth zero crossing."""
    inside = 1.0 - tf.square(distances / _ZERO_CROSSINGS)
    window = tf.math.bessel_i0(_KAISER_BETA * tf.sqrt(tf.maximum(inside, 0.0)))
    window /= tf.math.bessel_i0(_KAISER_BETA)
    angles = tf.where(distances == 0.0, 1.0, distances * 3.141592653589793)
    sinc = tf.where(distances == 0.0, 1.0, tf.sin(angles) / angles)
    return tf.where(inside >= 0.0, sinc * window, 0.0)
