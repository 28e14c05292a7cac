"""`resample.resample` in core TensorFlow operations, for graphs that meet any rate.

The filter of `scipy.signal.resample_poly` is a sinc under a Kaiser window, sampled at the steps of
the reduced ratio. Its continuous form is evaluated here, so that the rate may be a tensor.

The filters repeat: 44,100 Hz to 16,000 Hz has 160 of them, after which the input is 441 samples
further on. So each is evaluated once, and neighbouring outputs are computed as a group: one matrix
product of the samples they share and their filters side by side.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

_ZERO_CROSSINGS = 10
_KAISER_BETA = 5.0
_GROUP_SIZE = 16
_FLOATS_AT_ONCE = 2**20


class _Filter(NamedTuple):
    """The continuous low-pass filter between two rates."""

    rate: tf.Tensor
    target_rate: int
    scale: tf.Tensor
    """Zero crossings per input sample."""
    gain: tf.Tensor
    reach: tf.Tensor
    """Input samples from an output's position to beyond the filter's end, on either side."""


class _Grid(NamedTuple):
    """Outputs in the order [periods, groups, group_size]; filters are alike in all periods."""

    group_size: tf.Tensor
    num_groups: tf.Tensor
    num_periods: tf.Tensor
    span: tf.Tensor
    """Input samples under the filters of a group."""
    hop: tf.Tensor
    """Input samples from one period to the next."""


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
    divisor = _greatest_common_divisor(rate, target_rate)
    gain = scale / _filter_sum(tf.maximum(rate, target_rate) // divisor)
    reach = tf.cast(tf.math.ceil(_ZERO_CROSSINGS / scale), tf.int64) + 1
    low_pass = _Filter(rate, target_rate, scale, gain, reach)
    num_outputs = _ceil_divide(tf.size(waveform, tf.int64) * target_rate, rate)
    grid = _grid(low_pass, target_rate // divisor, num_outputs)
    padded = tf.pad(waveform, [[reach, grid.span]])
    block = _even_block(grid.num_groups, grid.span * grid.group_size)
    outputs = tf.map_fn(
        lambda first: _filter_groups(padded, low_pass, grid, first + tf.range(block)),
        tf.range(0, grid.num_groups, block),
        fn_output_signature=tf.TensorSpec([None, None, None], tf.float32),
        parallel_iterations=1,
    )
    outputs = tf.reshape(outputs, tf.stack([-1, tf.shape(outputs, tf.int64)[2], grid.group_size]))
    outputs = tf.transpose(outputs[: grid.num_groups], [1, 0, 2])
    return tf.reshape(outputs, [-1])[:num_outputs]


def _grid(low_pass: _Filter, phases: tf.Tensor, num_outputs: tf.Tensor) -> _Grid:
    def span(group_size: tf.Tensor | int) -> tf.Tensor:
        steps = _ceil_divide((group_size - 1) * low_pass.rate, low_pass.target_rate)
        return 2 * low_pass.reach + 1 + steps

    # Filters side by side fill a larger matrix than alone, which pays if it's used again.
    recurs = 2 * phases <= num_outputs
    fits = _GROUP_SIZE * span(_GROUP_SIZE) <= _FLOATS_AT_ONCE
    group_size = tf.where(recurs & fits, tf.constant(_GROUP_SIZE, tf.int64), 1)
    period = phases * (group_size // _greatest_common_divisor(phases, group_size))
    needed = tf.maximum(_ceil_divide(num_outputs, group_size), 1)
    num_groups = tf.minimum(period // group_size, needed)
    return _Grid(
        group_size,
        num_groups,
        num_periods=_ceil_divide(needed, num_groups),
        span=span(group_size),
        hop=period * low_pass.rate // low_pass.target_rate,
    )


def _filter_groups(
    padded: tf.Tensor, low_pass: _Filter, grid: _Grid, groups: tf.Tensor
) -> tf.Tensor:
    """Returns the outputs of some groups in all periods, [groups, periods, group_size]."""
    starts, filters = _filters_of_groups(low_pass, grid, groups)
    block = _even_block(grid.num_periods, grid.span * tf.size(groups, tf.int64))
    # The last groups may begin after the clip's end.
    last_start = tf.size(padded, tf.int64) - grid.span

    def filter_periods(first: tf.Tensor) -> tf.Tensor:
        firsts = starts[:, tf.newaxis] + (first + tf.range(block)) * grid.hop
        firsts = tf.minimum(firsts, last_start)
        samples = tf.gather(padded, firsts[:, :, tf.newaxis] + tf.range(grid.span))
        return tf.matmul(samples, filters) * low_pass.gain

    outputs = tf.map_fn(
        filter_periods,
        tf.range(0, grid.num_periods, block),
        fn_output_signature=tf.TensorSpec([None, None, None], tf.float32),
        parallel_iterations=1,
    )
    shape = tf.stack([tf.size(groups, tf.int64), -1, grid.group_size])
    return tf.reshape(tf.transpose(outputs, [1, 0, 2, 3]), shape)


def _filters_of_groups(
    low_pass: _Filter, grid: _Grid, groups: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns where each group's samples begin, [groups], and filters [groups, span, group_size].

    The beginnings are indices into the padded waveform, in the first period.
    """
    outputs = groups[:, tf.newaxis] * grid.group_size + tf.range(grid.group_size)
    # Whole and fractional positions stay apart: float32 can't hold both in a long clip.
    centres = outputs * low_pass.rate // low_pass.target_rate
    fractions = tf.cast(outputs * low_pass.rate % low_pass.target_rate, tf.float32)
    fractions /= low_pass.target_rate
    starts = centres[:, 0]
    steps = starts[:, tf.newaxis] - low_pass.reach + tf.range(grid.span)
    offsets = tf.cast(steps[:, :, tf.newaxis] - centres[:, tf.newaxis], tf.float32)
    return starts, _windowed_sinc((fractions[:, tf.newaxis] - offsets) * low_pass.scale)


def _even_block(count: tf.Tensor, floats_each: tf.Tensor) -> tf.Tensor:
    """Returns how many of `count` to do at once: bounded memory, and no block nearly empty."""
    most = tf.maximum(_FLOATS_AT_ONCE // floats_each, 1)
    return _ceil_divide(count, _ceil_divide(count, most))


def _ceil_divide(dividend: tf.Tensor, divisor: tf.Tensor | int) -> tf.Tensor:
    return -(-dividend // divisor)


def _greatest_common_divisor(a: tf.Tensor, b: tf.Tensor | int) -> tf.Tensor:
    divisor, _ = tf.while_loop(
        lambda _, rest: rest > 0,
        lambda divisor, rest: (rest, divisor % rest),
        (a, tf.convert_to_tensor(b, tf.int64)),
    )
    return divisor


def _filter_sum(taps_per_crossing: tf.Tensor) -> tf.Tensor:
    """Returns the mean of the sampled filter's taps, by which SciPy divides it for unit gain.

    It depends on how many taps lie between two zero crossings: the larger term of the reduced
    ratio. Beyond a thousand the mean no longer changes in float32.
    """
    taps_per_crossing = tf.minimum(taps_per_crossing, 1000)
    last = _ZERO_CROSSINGS * taps_per_crossing
    steps = tf.cast(tf.range(-last, last + 1), tf.float32)
    taps_per_crossing = tf.cast(taps_per_crossing, tf.float32)
    return tf.reduce_sum(_windowed_sinc(steps / taps_per_crossing)) / taps_per_crossing


def _windowed_sinc(distances: tf.Tensor) -> tf.Tensor:
    """Returns sinc(d) under the Kaiser window that ends at the tenth zero crossing."""
    inside = 1.0 - tf.square(distances / _ZERO_CROSSINGS)
    window = tf.math.bessel_i0(_KAISER_BETA * tf.sqrt(tf.maximum(inside, 0.0)))
    window /= tf.math.bessel_i0(_KAISER_BETA)
    # At so small an angle the quotient is 1 in float32, the limit that 0 / 0 can't give.
    angles = tf.maximum(tf.abs(distances) * 3.141592653589793, 1e-20)
    return tf.where(inside >= 0.0, tf.sin(angles) / angles * window, 0.0)
