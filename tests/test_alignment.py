"""What sound and sight share: one embedding for both."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from model_fixture import plain_statistics

from a2i_tf.audio.settings import SCENE104
from a2i_tf.models.alignment import Alignment, audible_directions
from a2i_tf.models.encoder import build_encoder
from a2i_tf.models.presets import PRESETS
from a2i_tf.models.sketch_reader import build_sketch_reader

MFCC = SCENE104
PRESET = dataclasses.replace(PRESETS["tiny"], generator_learning_rate=3e-3)
PAIRS = 4096


def make_alignment():
    keras.utils.set_random_seed(0)
    statistics = plain_statistics()
    encoder = build_encoder(PRESET, MFCC, statistics)
    return Alignment(PRESET, encoder, build_sketch_reader(PRESET)), encoder


def make_pairs():
    """Pairs of which both sides show `shared`, and each a cause of its own."""
    rng = np.random.default_rng(0)
    shared, heard_only, seen_only = rng.uniform(-1, 1, (3, PAIRS)).astype(np.float32)
    is_low = np.arange(13) < 4
    mfcc = shared[:, None] * is_low + heard_only[:, None] * ~is_low
    mfcc = np.repeat(mfcc[:, None, :], 8, axis=1).astype(np.float32)
    strips = np.zeros((PAIRS, 16, 99), np.float32)
    strips[..., :30] = shared[:, None, None]
    strips[..., 30:] = seen_only[:, None, None]
    return mfcc, strips, (shared, heard_only, seen_only)


def explained(cause, embedding):
    """Returns the share of the embedding's variance between sixteenths of a cause."""
    ranks = np.argsort(np.argsort(cause))
    groups = np.stack([embedding[ranks * 16 // PAIRS == part].mean(axis=0) for part in range(16)])
    return groups.var(axis=0).sum() / embedding.var(axis=0).sum()


class AlignmentTest(tf.test.TestCase):
    def test_what_was_heard_is_whitened(self):
        alignment, _ = make_alignment()
        mfcc = np.random.default_rng(0).standard_normal((PAIRS, *MFCC.shape), dtype=np.float32)
        alignment.adapt(tf.data.Dataset.from_tensor_slices((mfcc, mfcc)).batch(256))
        white = alignment.whiten(alignment.listener(mfcc)).numpy()
        self.assertAllClose(white.mean(axis=0), np.zeros(8), atol=1e-3)
        self.assertAllClose(np.cov(white, rowvar=False), np.eye(8), atol=2e-2)

    def test_the_sketch_reader_tells_what_is_shared_and_the_encoder_stays(self):
        alignment, encoder = make_alignment()
        mfcc, strips, (shared, _, seen_only) = make_pairs()
        pairs = tf.data.Dataset.from_tensor_slices((mfcc, strips))
        alignment.adapt(pairs.batch(256))
        before = encoder.get_weights()
        alignment.fit(pairs.batch(64), epochs=6, verbose=0)
        alignment.share(pairs.batch(256))
        for old, new in zip(before, encoder.get_weights(), strict=True):
            self.assertAllEqual(old, new)
        seen = alignment.sketch_reader.predict(strips, verbose=0)
        self.assertGreater(explained(shared, seen), 0.9)
        self.assertLess(explained(seen_only, seen), 0.05)
        self.assertAllClose(seen.mean(axis=0), np.zeros(8), atol=1e-3)
        deviations = seen.std(axis=0)
        kept = deviations > 0
        self.assertAllClose(deviations[kept], np.ones(np.sum(kept)), atol=0.05)
        self.assertBetween(np.sum(kept), 1, 4)
        self.assertTrue(kept[0])

    def test_audible_directions_are_those_that_a_regression_explains(self):
        rng = np.random.default_rng(0)
        heard, noise = rng.standard_normal((2, 20_000, 3))
        agreement = np.array([0.9, 0.1, 0.5])
        causes = np.sqrt(agreement) * heard + np.sqrt(1 - agreement) * noise
        mixture, _ = np.linalg.qr(rng.standard_normal((3, 3)))
        seen = 2 * causes @ mixture + 7
        kept = (seen - seen.mean(axis=0)) @ audible_directions(heard, seen)
        self.assertAllClose(np.cov(kept, rowvar=False), np.diag([1, 1, 0]), atol=0.02)
        # The best heard one comes first; the one that is hardly heard is gone.
        likeness = np.abs(np.corrcoef(kept[:, :2].T, causes.T)[:2, 2:])
        self.assertAllClose(likeness, [[1, 0, 0], [0, 0, 1]], atol=0.05)
