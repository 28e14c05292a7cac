import numpy as np
import tensorflow as tf

from a2i_tf.audio.filterbank import cepstral_matrix
from a2i_tf.audio.mfcc import mfcc
from a2i_tf.audio.settings import FINE, SCENE104
from a2i_tf.audio.vocal_tract import warp_matrix
from a2i_tf.datasets.hearing import vary_hearing
from a2i_tf.datasets.statistics import MfccStatistics, measure_statistics

WINDOWS = 512


def tone_burst(config, hz=1_000.0, start_seconds=0.4, end_seconds=0.6):
    """The features of a tone that sounds for a while in silence: [1, frames, coefficients]."""
    times = np.arange(config.window_samples) / config.sample_rate
    sounding = (times >= start_seconds) & (times < end_seconds)
    waveform = 0.3 * np.sin(2 * np.pi * hz * times) * sounding
    return mfcc(waveform[None].astype(np.float32), config).numpy()


def still(config):
    """Statistics without spread: nothing is heard through another microphone."""
    return MfccStatistics(*np.zeros((3, config.num_mfccs), np.float32))


def make_batches(features, size=64):
    images = np.arange(WINDOWS)
    repeated = np.repeat(features, WINDOWS, axis=0)
    return tf.data.Dataset.from_tensor_slices((repeated, images)).batch(size)


def vary(features, config, statistics=None, seed=0):
    """Hears the same window many times: [WINDOWS, frames, coefficients]."""
    batches = vary_hearing(make_batches(features), config, statistics or still(config), seed)
    return np.concatenate([features for features, _ in batches.as_numpy_iterator()])


def log_mel(features, config=FINE):
    return features @ cepstral_matrix(config.num_mel_bins, config.num_mfccs, config.lifter).T


def centre_hz(config):
    """The frequency that every band of the mel filter bank stands for."""
    bank = config.mel_filters()
    return np.linspace(0, config.sample_rate / 2, len(bank))[bank.argmax(axis=0)]


class HearingTest(tf.test.TestCase):
    def test_form_stays_and_images_stay_with_their_windows(self):
        batches = make_batches(tone_burst(FINE))
        varied = vary_hearing(batches, FINE, still(FINE), seed=0)
        self.assertEqual(varied.element_spec, batches.element_spec)
        self.assertEqual(varied.cardinality(), batches.cardinality())
        images = np.concatenate([images for _, images in varied.as_numpy_iterator()])
        self.assertAllEqual(images, np.arange(WINDOWS))

    def test_seed_decides_everything_and_no_two_windows_sound_alike(self):
        for config in (FINE, SCENE104):
            features = tone_burst(config)
            statistics = measure_statistics(features)
            once = vary(features, config, statistics, seed=1)
            self.assertAllEqual(once, vary(features, config, statistics, seed=1))
            other = vary(features, config, statistics, seed=2)
            together = np.concatenate([once, other]).reshape(2 * WINDOWS, -1)
            self.assertLen(np.unique(together, axis=0), 2 * WINDOWS)
            self.assertTrue(np.isfinite(together).all())

    def test_no_python_function_runs_per_example(self):
        batches = vary_hearing(make_batches(tone_burst(FINE)), FINE, still(FINE), seed=0)
        self.assertNotIn("PyFunc", str(batches._as_serialized_graph()))

    def test_silence_stays_silence(self):
        silence = mfcc(np.zeros((1, FINE.window_samples), np.float32), FINE).numpy()
        levels = log_mel(vary(silence, FINE))
        # Noise stands below the loudest band, and all are as quiet here.
        self.assertAllLess(levels, np.log(FINE.log_floor) + 0.3)
        self.assertAllGreater(levels, np.log(FINE.log_floor) - 0.1)


class MicrophoneTest(tf.test.TestCase):
    def test_every_coefficient_shifts_for_the_whole_window(self):
        # Features that don't change over time show the microphone and nothing else.
        steady = np.random.default_rng(0).normal(0, 5, (1, 1, SCENE104.num_mfccs))
        features = np.repeat(steady, SCENE104.num_frames, axis=1).astype(np.float32)
        spread = np.linspace(1, 3, SCENE104.num_mfccs, dtype=np.float32)
        statistics = MfccStatistics(np.zeros_like(spread), 9 * spread**2, spread**2)
        shift = vary(features, SCENE104, statistics) - features
        self.assertAllClose(shift, np.broadcast_to(shift[:, :1], shift.shape), atol=1e-4)
        shares = shift[:, 0].std(axis=0) / spread
        self.assertAllClose(shares[:6], np.full(6, 0.8), atol=0.1)
        self.assertAllClose(shares[6:], np.full(7, 0.3), atol=0.04)


class MissedStretchTest(tf.test.TestCase):
    def test_missed_frames_are_in_a_row_and_hold_the_average(self):
        features = tone_burst(SCENE104)
        heard = vary(features, SCENE104)
        average = features.mean(axis=1, keepdims=True)
        kept = np.isclose(heard, features, atol=1e-3).all(axis=2)
        missed = np.isclose(heard, average, atol=1e-3).all(axis=2)
        self.assertAllEqual(kept | missed, np.ones_like(kept))
        self.assertAllInRange(missed.any(axis=1).mean(), 0.3, 0.9)
        runs = np.abs(np.diff(np.pad(missed.astype(int), ((0, 0), (1, 1))), axis=1)).sum(axis=1)
        self.assertAllLess(runs, 3)
        self.assertAllGreater(missed.mean(axis=0), 0.02)


class FineTest(tf.test.TestCase):
    """What only features with a spectrum get; one tone burst tells pitch, time and noise apart."""

    def setUp(self):
        super().setUp()
        self.levels = log_mel(vary(tone_burst(FINE), FINE))

    def test_throats_move_a_tone_up_and_down_by_a_fifth(self):
        bands = self.levels.max(axis=1).argmax(axis=1)
        ratios = centre_hz(FINE)[bands] / 1_000
        self.assertAllInRange(ratios, 0.77, 1.29)
        self.assertLess(ratios.min(), 0.87)
        self.assertGreater(ratios.max(), 1.15)

    def test_burst_comes_earlier_or_later_and_takes_longer_or_shorter(self):
        sounding = self.levels.max(axis=2) > self.levels.max(axis=(1, 2))[:, None] - 2
        seconds = sounding.sum(axis=1) * FINE.hop_seconds
        middles = (sounding * np.arange(FINE.num_frames)).sum(axis=1) / sounding.sum(axis=1)
        moved = (middles - 30) * FINE.hop_seconds
        self.assertAllInRange(moved, -0.25, 0.25)
        self.assertGreater(moved.std(), 0.04)
        self.assertAllInRange(np.percentile(seconds, [5, 95]), 0.05, 0.28)
        self.assertGreater(np.percentile(seconds, 95) - np.percentile(seconds, 50), 0.02)

    def test_half_of_the_windows_get_a_floor_of_noise_below_their_peak(self):
        peaks = self.levels.max(axis=(1, 2))
        floors = np.median(self.levels[:, :5], axis=(1, 2))
        silence = np.log(FINE.log_floor)
        noisy = floors > silence + 1
        self.assertAllInRange(noisy.mean(), 0.35, 0.65)
        self.assertAllClose(floors[~noisy], np.full((~noisy).sum(), silence), atol=1.0)
        self.assertAllGreater((peaks - floors)[noisy], 1.0)


class WarpMatrixTest(tf.test.TestCase):
    def test_factor_one_changes_nothing(self):
        self.assertAllClose(warp_matrix(FINE, 1.0), np.eye(FINE.num_mfccs), atol=1e-5)

    def test_warped_tone_is_the_tone_of_the_other_frequency(self):
        warped = tone_burst(FINE, 1_500.0) @ warp_matrix(FINE, 1.2)
        expected = tone_burst(FINE, 1_250.0)
        other = tone_burst(FINE, 1_500.0)
        sounding = slice(28, 34)

        def distance(features):
            return np.abs(log_mel(features - expected)[:, sounding]).mean()

        self.assertLess(distance(warped), distance(other) / 3)
        band = log_mel(warped)[0, 30].argmax()
        self.assertAllClose(centre_hz(FINE)[band], 1_250.0, atol=60.0)
