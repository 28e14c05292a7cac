"""What comes before the adversarial training."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from model_fixture import plain_statistics

from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.models.latent_gan import build_gan
from a2i_tf.models.presets import PRESETS
from a2i_tf.models.sketches import average_strips, make_sketches
from a2i_tf.training.lesson_context import LessonContext
from a2i_tf.training.run import RunConfig
from a2i_tf.training.warm_up import warm_up

MFCC = MFCC_SETTINGS["scene104"]
STEPS = 400
PAIRS = 512


def make_gan(preset, **changes):
    keras.utils.set_random_seed(0)
    preset = dataclasses.replace(PRESETS[preset], **changes)
    return build_gan(preset, 32, MFCC, plain_statistics())


def make_pairs():
    """Sounds and pictures of one level each, loud ones of bright pictures."""
    rng = np.random.default_rng(0)
    levels = rng.uniform(-1, 1, PAIRS).astype(np.float32)
    mfcc = levels[:, None, None] + 0.1 * rng.standard_normal((PAIRS, *MFCC.shape), np.float32)
    images = np.tile(0.9 * levels[:, None, None, None], (1, 32, 32, 3))
    return mfcc, images


def make_config(gan):
    return RunConfig(
        preset=gan.preset,
        mfcc=MFCC,
        image_size=32,
        data="",
        dataset="levels",
        checksum="",
        labels=("a",),
        seed=0,
        minutes=None,
        steps=STEPS,
        strategy="auto",
        skip_bad=False,
        a2i_version="0",
        splits="",
    )


def make_context(gan, batches, num_examples, fit, **changes):
    """What a lesson runs in, where nobody asks how it goes; `changes` say who does."""
    context = LessonContext(
        config=make_config(gan),
        batches=batches,
        plain_batches=batches,
        num_examples=num_examples,
        elapsed_seconds=tf.Variable(0.0, dtype=tf.float64, trainable=False),
        strategy=tf.distribute.get_strategy(),
        fit=fit,
        on_status=None,
        on_stage=lambda _: None,
        on_count=lambda _what, _done, _total: None,
    )
    return dataclasses.replace(context, **changes)


def run_warm_up(gan, fit, on_stage=lambda _: None):
    batches = tf.data.Dataset.from_tensor_slices(make_pairs()).repeat().batch(64)
    context = make_context(gan, batches, PAIRS, fit, on_stage=on_stage)
    return warm_up(gan, context), float(context.elapsed_seconds)


def fit(model, batches, callbacks):
    model.fit(batches, epochs=9, steps_per_epoch=100, verbose=0, callbacks=callbacks)
    return True


class WarmUpTest(tf.test.TestCase):
    def test_encoder_and_sketch_reader_hear_and_see_the_same(self):
        gan, stages = make_gan("tiny"), []
        finished, elapsed = run_warm_up(gan, fit, stages.append)
        self.assertTrue(finished)
        self.assertGreater(elapsed, 0)
        self.assertEqual(stages, ["learning to sketch", "aligning sound and sight"])
        mfcc, images = make_pairs()
        heard = gan.listener(mfcc).numpy()
        self.assertAllClose(heard.std(axis=0).max(), 1.0, atol=0.1)
        seen = gan.sketch_reader(average_strips(make_sketches(tf.constant(images)))).numpy()
        self.assertAllClose(seen[:, 0].std(), 1.0, atol=0.1)
        level = mfcc.mean(axis=(1, 2))
        self.assertGreater(abs(np.corrcoef(level, seen[:, 0])[0, 1]), 0.9)
        for kept, current in zip(gan.drawing_encoder.weights, gan.encoder.weights, strict=True):
            self.assertAllEqual(kept, current)

    def test_what_is_interrupted_ends_there(self):
        for interrupted in ("sketch", "alignment"):
            gan, models = make_gan("tiny"), []

            def record(model, batches, callbacks, models=models, interrupted=interrupted):
                del batches, callbacks
                models.append(model.name)
                return model.name != interrupted

            finished, _ = run_warm_up(gan, record)
            self.assertFalse(finished)
            self.assertEqual(models[-1], interrupted)

    def test_a_plain_model_needs_none(self):
        gan, stages = make_gan("seed"), []
        finished, elapsed = run_warm_up(gan, fit, stages.append)
        self.assertTrue(finished)
        self.assertEqual((stages, elapsed), ([], 0.0))
