from __future__ import annotations

import numpy as np
import tensorflow as tf

from a2i_tf.audio.graph_windows import cut_windows_tf
from a2i_tf.audio.windows import cut_windows, window_starts

WINDOW = 8
LENGTHS = (0, 1, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW // 2, 2 * WINDOW, 10 * WINDOW + 7)


class WindowStartsTest(tf.test.TestCase):
    def test_starts_by_hand(self):
        for num_samples, starts in (
            (0, [0]),
            (1, [0]),
            (7, [0]),
            (8, [0]),
            (9, [0, 1]),
            (12, [0, 4]),
            (13, [0, 4, 5]),
            (20, [0, 4, 8, 12]),
        ):
            self.assertEqual(window_starts(num_samples, WINDOW).tolist(), starts)

    def test_every_sample_is_in_a_window(self):
        for window in (1, 2, 5, 8):
            for num_samples in range(1, 60):
                covered = np.zeros(max(num_samples, window), bool)
                for start in window_starts(num_samples, window):
                    covered[start : start + window] = True
                self.assertTrue(covered.all())
                self.assertLen(covered, max(num_samples, window))

    def test_a_window_without_samples_is_refused(self):
        with self.assertRaisesRegex(ValueError, "at least 1"):
            window_starts(10, 0)
        with self.assertRaisesRegex(ValueError, "at least 1"):
            cut_windows_tf(tf.zeros([10]), 0)


class CutWindowsTest(tf.test.TestCase):
    def test_windows_hold_the_samples_at_their_starts(self):
        waveform = np.arange(1, 14, dtype=np.float32)
        expected = [waveform[0:8], waveform[4:12], waveform[5:13]]
        self.assertAllEqual(cut_windows(waveform, WINDOW), expected)

    def test_a_short_clip_is_padded_at_its_end(self):
        self.assertAllEqual(cut_windows(np.ones(3, np.float32), WINDOW), [[1, 1, 1, 0, 0, 0, 0, 0]])

    def test_the_graph_agrees_with_numpy(self):
        for window in (1, 7, WINDOW, 1_000):
            signature = [tf.TensorSpec([None], tf.float32)]
            cut = tf.function(lambda w, n=window: cut_windows_tf(w, n), input_signature=signature)
            for num_samples in (*LENGTHS, 999, 1_000, 1_001, 1_500, 10_007):
                waveform = np.random.default_rng(0).normal(size=num_samples).astype(np.float32)
                expected = cut_windows(waveform, window)
                found = cut(waveform)
                self.assertEqual(found.dtype, tf.float32)
                self.assertEqual(expected.dtype, np.float32)
                self.assertAllEqual(found, expected)

    def test_the_graph_knows_the_window_length(self):
        cut = tf.function(
            lambda w: cut_windows_tf(w, WINDOW), input_signature=[tf.TensorSpec([None], tf.float32)]
        )
        self.assertEqual(cut.get_concrete_function().output_shapes.as_list(), [None, WINDOW])
