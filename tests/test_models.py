import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from model_fixture import plain_statistics

from a2i_tf.audio.filterbank import cepstral_matrix
from a2i_tf.audio.settings import SCENE104
from a2i_tf.datasets.statistics import measure_statistics
from a2i_tf.errors import A2IError
from a2i_tf.models.augment import augment_images
from a2i_tf.models.encoder import build_encoder, ears_of
from a2i_tf.models.filter_bank import random_filters
from a2i_tf.models.latent_gan import build_gan
from a2i_tf.models.layers import (
    FeatureWiseModulation,
    InverseCosineTransform,
    PixelNormalization,
    SmoothUpsampling,
)
from a2i_tf.models.losses import GeneratorHinge, Reconstruction
from a2i_tf.models.presets import PRESETS, preset_named
from a2i_tf.models.randomness import BatchRandomness
from a2i_tf.models.sketcher import build_sketcher
from a2i_tf.models.sketches import average_strips, make_sketches

MFCC = SCENE104


def make_gan(preset="tiny", image_size=32, seed=0):
    keras.utils.set_random_seed(seed)
    statistics = plain_statistics()
    gan = build_gan(PRESETS[preset], image_size, MFCC, statistics, seed)
    gan.compile(jit_compile=False)
    return gan


def make_batch(rows=8, image_size=32):
    rng = np.random.default_rng(0)
    mfcc = rng.standard_normal((rows, *MFCC.shape), dtype=np.float32)
    images = rng.uniform(-1, 1, (rows, image_size, image_size, 3)).astype(np.float32)
    return tf.constant(mfcc), tf.constant(images)


class NetworksTest(tf.test.TestCase):
    def test_every_size_comes_from_one_builder(self):
        for image_size in (32, 64, 128):
            gan = make_gan(image_size=image_size)
            mfcc, images = make_batch(2, image_size)
            embedding = gan.encoder(mfcc)
            drawn = gan.drawing_generator([embedding, tf.zeros([2, gan.preset.noise_dim])])
            self.assertEqual(drawn.shape, (2, image_size, image_size, 3))
            self.assertAllInRange(drawn, -1.0, 1.0)
            self.assertEqual(gan.discriminator([images, embedding]).shape, (2, 1))

    def test_every_preset_takes_a_step(self):
        for name in PRESETS:
            gan = make_gan(name)
            before = [variable.numpy() for variable in gan.drawing_side_variables]
            # The layers that paint start blank: the first step reaches nothing before them.
            gan.train_step(make_batch())
            losses = gan.train_step(make_batch())
            self.assertTrue(all(np.isfinite(value) for value in losses.values()), name)
            moved = [
                not np.array_equal(old, new.numpy())
                for old, new in zip(before, gan.drawing_side_variables, strict=True)
            ]
            self.assertTrue(all(moved), f"{name}: a variable gets no gradient")

    def test_normalization_is_part_of_the_encoder(self):
        features = np.random.default_rng(1).normal(7, 3, (500, *MFCC.shape)).astype(np.float32)
        features[..., 0] *= 5
        statistics = measure_statistics(features)
        means, variances = features.mean(axis=(0, 1)), features.var(axis=(0, 1))
        self.assertAllClose(statistics.mean, means, atol=1e-4)
        self.assertAllClose(statistics.variance, variances, rtol=1e-4)
        # A spectrum has one scale for all of it.
        for preset, variance in (("tiny", variances.mean()), ("seed", variances)):
            encoder = build_encoder(PRESETS[preset], MFCC, statistics)
            (ear,) = ears_of(encoder)
            normalized = ear.get_layer("normalize")(features)
            self.assertAllClose(normalized, (features - means) / np.sqrt(variance), atol=1e-3)

    def test_pixel_normalization_gives_unit_mean_square(self):
        outputs = PixelNormalization()(np.random.default_rng(0).normal(size=(2, 3, 3, 16)) * 9)
        self.assertAllClose(tf.reduce_mean(outputs**2, axis=-1), np.ones((2, 3, 3)), atol=1e-4)

    def test_modulation_scales_and_shifts_by_channel(self):
        layer = FeatureWiseModulation()
        layer.build(((None, 2, 2, 3), (None, 1)))
        layer.projection.set_weights([np.zeros((1, 6)), np.array([1, 0, -1, 5, 6, 7.0])])
        outputs = layer((tf.ones([1, 2, 2, 3]), tf.ones([1, 1])))
        self.assertAllClose(outputs, np.broadcast_to([7.0, 7.0, 7.0], (1, 2, 2, 3)))

    def test_unknown_preset(self):
        with pytest.raises(
            A2IError, match="no preset 'huge'; choose one of default, voices, seed, tiny"
        ):
            preset_named("huge")

    def test_upsampling_starts_without_a_checkerboard(self):
        layer = keras.layers.Conv2DTranspose(
            5, 4, strides=2, padding="same", kernel_initializer=SmoothUpsampling(seed=1)
        )
        outputs = layer(tf.ones([1, 6, 6, 3])).numpy()[0, 2:-2, 2:-2]
        self.assertAllClose(outputs, np.broadcast_to(outputs[0, 0], outputs.shape), atol=1e-6)
        self.assertGreater(np.abs(outputs).max(), 1e-3)

    def test_what_is_heard_has_unit_mean_square(self):
        mfcc, _ = make_batch(4)
        for preset in ("tiny", "seed"):
            encoder = make_gan(preset).encoder
            heard = keras.Model(encoder.input, encoder.get_layer("heard").output)(mfcc)
            # The term that keeps silence finite takes up to a hundredth from an untrained encoder.
            self.assertAllClose(tf.reduce_mean(heard**2, axis=-1), np.ones(4), atol=1e-2)

    def test_cepstra_turn_back_into_the_log_mel_spectrum(self):
        spectrum = np.random.default_rng(0).normal(-5, 2, (3, 7, 40)).astype(np.float32)
        cepstra = spectrum @ cepstral_matrix(40, 40, lifter=0)
        self.assertAllClose(InverseCosineTransform()(cepstra), spectrum, atol=1e-4)

    def test_sketching_teaches_the_shared_encoder(self):
        gan = make_gan()
        mfcc, _ = make_batch(8)
        images = np.repeat(np.linspace(-1, 1, 8, dtype=np.float32), 32 * 32 * 3)
        sketches = make_sketches(tf.constant(images.reshape(8, 32, 32, 3)))
        sketcher = build_sketcher(gan.preset, gan.encoder)
        (ear,) = ears_of(gan.encoder)
        heard = ear.get_layer("project")
        before = heard.get_weights()
        history = sketcher.fit(mfcc, sketches[:, None], epochs=150, verbose=0).history["loss"]
        self.assertLess(history[-1], 0.5 * history[0])
        self.assertNotAllClose(before[0], heard.get_weights()[0])
        self.assertEqual(sketcher(mfcc)[:, 0].shape, sketches.shape)

    def test_sketches_of_even_pictures_tell_colours_alone(self):
        colours = np.array([[-1.0, 0.0, 1.0], [0.5, 0.5, 0.5]], np.float32)
        images = np.broadcast_to(colours[:, None, None, :], (2, 64, 64, 3))
        sketch = make_sketches(tf.constant(images)).numpy()
        expected = 2 * np.sqrt((colours + 1) / 2 + 0.01) - 1
        self.assertAllClose(sketch[..., :3], np.tile(expected[:, None, None], (1, 8, 8, 1)))
        self.assertAllClose(sketch[..., 3:], np.zeros((2, 8, 8, 96)), atol=1e-5)

    def test_sketches_tell_directions_of_stripes_and_brightness_from_hue(self):
        stripes = np.full((1, 64, 64, 3), -0.5, np.float32)
        stripes[0, ::4] = stripes[0, 1::4] = 0.5
        standing, red = stripes.swapaxes(1, 2), stripes.copy()
        red[..., 1:] = -0.5
        sketch = make_sketches(tf.constant(np.concatenate([stripes, standing, red])))
        lying, standing, red = sketch[:, 3, 3, 3:].numpy().reshape(3, 3, 2, 2, 8)
        self.assertNotAllClose(lying[0, :, 0], standing[0, :, 0], atol=0.1)
        self.assertAllClose(lying[:, :, 1], np.zeros((3, 2, 8)), atol=1e-5)
        self.assertGreater(red[0, :, 1].max(), 0.1)

    def test_strips_are_the_means_of_rows_and_columns(self):
        sketches = np.arange(2 * 8 * 8 * 3, dtype=np.float32).reshape(2, 8, 8, 3)
        strips = average_strips(tf.constant(sketches)).numpy()
        self.assertEqual(strips.shape, (2, 16, 3))
        for place in range(8):
            self.assertAllClose(strips[:, place], sketches[:, place].mean(axis=1))
            self.assertAllClose(strips[:, 8 + place], sketches[:, :, place].mean(axis=1))

    def test_filters_are_blind_to_even_surfaces_and_of_unit_norm(self):
        brightness, hue = random_filters()
        for filters in (brightness, hue):
            self.assertEqual(filters.shape, (5, 5, 3, 8))
            self.assertAllClose(filters.sum(axis=(0, 1)), np.zeros((3, 8)), atol=1e-6)
            self.assertAllClose(np.square(filters).sum(axis=(0, 1, 2)), np.ones(8), atol=1e-6)
        self.assertAllClose(hue.sum(axis=2), np.zeros((5, 5, 8)), atol=1e-6)
        self.assertAllClose(np.ptp(brightness, axis=2), np.zeros((5, 5, 8)), atol=1e-6)


class LossesTest(tf.test.TestCase):
    def test_reconstruction_adds_sketches_to_pixels_picture_by_picture(self):
        real = tf.zeros([2, 32, 32, 3])
        drawn = tf.stack([tf.zeros([32, 32, 3]), tf.fill([32, 32, 3], 0.5)])
        loss = Reconstruction(2.0, reduction="none")(real, drawn)
        # Of 99 numbers of a sketch, three are mean colours; an even picture has no others.
        step = 2 * (np.sqrt(0.76) - np.sqrt(0.51))
        self.assertAllClose(loss, [0.0, 0.25 + 2.0 * 3 / 99 * step**2], atol=1e-6)
        self.assertAllClose(Reconstruction(0.0)(real, drawn), 0.125)

    def test_generator_hinge_is_minus_the_mean_logit(self):
        self.assertAllClose(GeneratorHinge()(tf.ones([2, 1]), [[3.0], [-1.0]]), -1.0)


class RandomnessTest(tf.test.TestCase):
    def test_depends_on_seed_step_and_stream_only(self):
        first = BatchRandomness(3, tf.constant(7), 4)
        again = BatchRandomness(3, tf.constant(7), 4)
        self.assertAllEqual(first.normal(5), again.normal(5))
        self.assertNotAllClose(first.normal(5), BatchRandomness(3, tf.constant(7), 4).normal(5))
        self.assertNotAllClose(
            BatchRandomness(3, tf.constant(8), 4).normal(5),
            BatchRandomness(3, tf.constant(7), 4).normal(5),
        )

    def test_augmentation_only_moves_and_blanks(self):
        images = tf.random.stateless_uniform([16, 32, 32, 3], [1, 2], 0.5, 1.0)
        augmented = augment_images(images, BatchRandomness(0, tf.constant(1), 16)).numpy()
        values = set(images.numpy().round(6).ravel().tolist()) | {0.0}
        self.assertLessEqual(set(augmented.round(6).ravel().tolist()), values)
        blank = (augmented == 0).all(axis=-1).mean(axis=(1, 2))
        self.assertAllInRange(blank, 1e-3, 0.6)
        self.assertGreater(len(set(blank.tolist())), 8)


class TrainStepTest(tf.test.TestCase):
    def test_weights_change_with_progress(self):
        gan, preset = make_gan(), PRESETS["tiny"]
        self.assertAllClose(gan.reconstruction_weight, preset.reconstruction_weight)
        self.assertAllClose(gan.adversarial_weight, preset.adversarial_weight)
        gan.progress.assign(1.0)
        self.assertAllClose(gan.reconstruction_weight, preset.final_reconstruction_weight)
        self.assertAllClose(gan.adversarial_weight, preset.final_adversarial_weight)

    def test_moving_average_follows_at_once_at_first_and_by_its_decay_later(self):
        gan = make_gan()
        for steps, share in ((0, 0.1), (11, 12 / 21), (1_000, gan.preset.moving_average_decay)):
            gan.generator_optimizer.iterations.assign(steps)
            before = [average.get_weights() for average, _ in gan.averages]
            gan.train_step(make_batch())
            for (average, current), old in zip(gan.averages, before, strict=True):
                for kept, was, new in zip(
                    average.get_weights(), old, current.get_weights(), strict=True
                ):
                    self.assertAllClose(kept, share * was + (1 - share) * new, atol=1e-6)

    def test_learning_rates_fall_at_the_end_alone(self):
        gan, preset = make_gan(), PRESETS["tiny"]
        rates = [rate for _, rate in gan.learning_rates]
        self.assertLen(rates, 2)
        for progress, factor in ((0.0, 1.0), (1 - preset.decay_share, 1.0), (0.8, 0.52), (1, 0.02)):
            gan.advance(progress)
            now = [optimizer.learning_rate.numpy() for optimizer, _ in gan.learning_rates]
            self.assertAllClose(now, np.multiply(rates, factor))

    def test_learns_to_paint_a_single_pair(self):
        gan = make_gan()
        mfcc, _ = make_batch(1)
        images = tf.ones([8, 32, 32, 3]) * tf.constant([0.8, -0.6, 0.1])
        data = (tf.repeat(mfcc, 8, axis=0), images)
        step = tf.function(gan.train_step)
        for _ in range(150):
            step(data)
        latent = gan.picture_encoder(images[:1])
        drawn = gan.generator([gan.encoder(mfcc), latent])
        self.assertLess(float(tf.reduce_mean(tf.abs(drawn - images[:1]))), 0.1)

    def test_two_replicas_take_the_same_step_as_one(self):
        script = [sys.executable, str(Path(__file__).with_name("replica_step.py"))]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(script, capture_output=True, text=True, env=environment)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        one, two = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual((one["replicas"], two["replicas"]), (1, 2))
        self.assertEqual(one["weights"].keys(), two["weights"].keys())
        for name, expected in one["weights"].items():
            self.assertAllClose(two["weights"][name], expected, atol=1e-5, msg=name)
        self.assertGreater(one["moved"], 1e-4)
