from __future__ import annotations

import math
import resource

import numpy as np
import scipy.signal
import tensorflow as tf

from a2i_tf.audio.graph_resample import resample_tf
from a2i_tf.audio.resample import resample

RATES = (7, 8_000, 11_025, 16_001, 22_050, 32_000, 44_100, 44_101, 48_000, 96_000, 384_000)


def noise(num_samples: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, num_samples).astype(np.float32)


class ResampleTest(tf.test.TestCase):
    def test_equals_scipy_on_the_reduced_ratio(self):
        waveform = noise(44_113)
        found = resample(waveform, 44_100, 16_000)
        self.assertEqual(found.dtype, np.float32)
        self.assertAllClose(found, scipy.signal.resample_poly(waveform, 160, 441), atol=1e-6)

    def test_a_tone_keeps_its_pitch_and_height(self):
        source = np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050).astype(np.float32)
        expected = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
        found = resample(source, 22_050, 16_000)
        self.assertAllClose(found[200:-200], expected[200:-200], atol=2e-3)

    def test_length_is_rounded_up(self):
        for num_samples in (1, 2, 3, 100, 101):
            found = resample(noise(num_samples), 44_100, 16_000)
            self.assertLen(found, math.ceil(num_samples * 16_000 / 44_100))

    def test_equal_rates_change_nothing(self):
        waveform = noise(1_000)
        self.assertAllEqual(resample(waveform, 16_000, 16_000), waveform)

    def test_a_rate_of_zero_is_refused(self):
        with self.assertRaisesRegex(ValueError, "above 0"):
            resample(noise(10), 0, 16_000)


class ResampleGraphTest(tf.test.TestCase):
    def setUp(self):
        super().setUp()
        self.resample = tf.function(
            lambda waveform, rate: resample_tf(waveform, rate, 16_000),
            input_signature=[tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.int32)],
        )

    def test_equals_scipy_edges_included(self):
        for rate in RATES:
            for num_samples in (1, 37, 2 * rate + 13):
                with self.subTest(rate=rate, num_samples=num_samples):
                    waveform = noise(num_samples)
                    expected = resample(waveform, rate, 16_000)
                    self.assertAllClose(self.resample(waveform, rate), expected, atol=5e-6, rtol=0)

    def test_positions_stay_exact_in_a_long_clip(self):
        waveform = noise(60 * 44_100)
        self.assertAllClose(
            self.resample(waveform, 44_100)[-1_000:],
            resample(waveform, 44_100, 16_000)[-1_000:],
            atol=5e-6,
            rtol=0,
        )

    def test_every_length_about_the_ends_of_groups_and_periods(self):
        for num_samples in (*range(1, 100), *range(875, 890), *range(14_100, 14_120)):
            with self.subTest(num_samples=num_samples):
                waveform = noise(num_samples)
                expected = resample(waveform, 44_100, 16_000)
                self.assertAllClose(self.resample(waveform, 44_100), expected, atol=5e-6, rtol=0)

    def test_a_rate_far_above_sound_needs_little_memory(self):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for rate in (2_000_000_000, 2_000_000_011):
            found = self.resample(np.ones(2_000_000, np.float32), rate)
            self.assertEqual(found.shape, (16,))
        grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        self.assertLess(grown_mib, 300)

    def test_equal_rates_change_nothing(self):
        waveform = noise(1_000)
        self.assertAllEqual(self.resample(waveform, 16_000), waveform)

    def test_no_samples_stay_none(self):
        self.assertEqual(self.resample(noise(0), 44_100).shape, (0,))

    def test_a_rate_of_zero_is_refused(self):
        with self.assertRaisesRegex(tf.errors.InvalidArgumentError, "above 0"):
            self.resample(noise(10), 0)
