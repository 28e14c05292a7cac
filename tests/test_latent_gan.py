"""Latents: found in pictures, sampled for sounds."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from a2i_tf.audio.settings import SCENE104
from a2i_tf.models.drawing_loop import build_drawing_generator
from a2i_tf.models.embedding_flow import EmbeddingFlow
from a2i_tf.models.latent_flow import LatentFlow
from a2i_tf.models.latent_gan import LatentGAN, build_gan
from a2i_tf.models.presets import PRESETS
from a2i_tf.models.randomness import BatchRandomness
from a2i_tf.models.sketches import SKETCH_CHANNELS, average_strips, make_sketches
from a2i_tf.training.keeper import make_checkpoint
from tests.model_fixture import plain_statistics, temporary_folder

MFCC = SCENE104


def make_gan(preset="tiny", **changes):
    keras.utils.set_random_seed(0)
    statistics = plain_statistics()
    gan = build_gan(dataclasses.replace(PRESETS[preset], **changes), 32, MFCC, statistics)
    gan.compile(jit_compile=False)
    return gan


def make_flow(steps=16, guidance=1.0):
    keras.utils.set_random_seed(0)
    flow = LatentFlow((2, 2, 3), 2, 16, 1, steps, guidance)
    flow.build(((None, 2), (None, 12)))
    return flow


def make_inputs():
    return tf.constant(normal(1, 5, 2)), tf.constant(normal(0, 5, 12))


def unit(rows):
    return rows / np.sqrt(np.mean(np.square(rows), axis=-1, keepdims=True))


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


class LatentFlowTest(tf.test.TestCase):
    def test_stands_still_before_it_has_learnt(self):
        noise = normal(0, 5, 12)
        latents = make_flow()([tf.constant(normal(1, 5, 2)), tf.constant(noise)])
        self.assertAllClose(latents, unit(noise.reshape(5, 2, 2, 3)), atol=1e-3)

    def test_one_step_takes_the_velocity_halfway(self):
        flow, (embedding, noise) = make_flow(steps=1), make_inputs()
        fill(flow.field)
        start, time = tf.reshape(noise, [5, 2, 2, 3]), tf.zeros([5, 1])
        halfway = start + flow.field([start, time, embedding]) / 2
        velocity = flow.field([halfway, time + 0.5, embedding])
        self.assertAllClose(flow([embedding, noise]), unit(start + velocity), atol=1e-3)
        self.assertNotAllClose(velocity, 2 * (halfway - start), atol=0.1)

    def test_guidance_goes_on_from_no_sound_through_the_sound(self):
        flow, (embedding, noise) = make_flow(steps=1, guidance=3.0), make_inputs()
        fill(flow.field)

        def guided(latent, time):
            times = tf.fill([5, 1], time)
            with_sound = flow.field([latent, times, embedding])
            without = flow.field([latent, times, tf.zeros_like(embedding)])
            self.assertNotAllClose(with_sound, without, atol=0.1)
            return 3.0 * with_sound - 2.0 * without

        start = tf.reshape(noise, [5, 2, 2, 3])
        velocity = guided(start + guided(start, 0.0) / 2, 0.5)
        self.assertAllClose(flow([embedding, noise]), unit(start + velocity), atol=1e-3)

    def test_a_velocity_that_grows_with_time_is_followed_exactly(self):
        flow, (embedding, noise) = make_flow(steps=4), make_inputs()
        goal = tf.constant(normal(2, 2, 12))

        def accelerate(state, training):
            self.assertFalse(training)
            _, time, told = state
            return tf.reshape(2 * time * tf.matmul(told, goal), [-1, 2, 2, 3])

        flow.field = accelerate
        arrived = tf.reshape(noise + tf.matmul(embedding, goal), [5, 2, 2, 3])
        self.assertAllClose(flow([embedding, noise]), unit(arrived), atol=1e-3)

    def test_time_and_place_make_a_difference(self):
        gan, embedding = make_gan(), tf.constant(normal(0, 4, 8))
        fill(gan.flow.field)
        start = tf.constant(normal(1, 4, 8, 8, 2))
        early, late = (gan.flow.field([start, tf.fill([4, 1], t), embedding]) for t in (0.0, 0.9))
        self.assertNotAllClose(early, late, atol=0.05)
        even = gan.flow.field([tf.ones([4, 8, 8, 2]), tf.zeros([4, 1]), embedding]).numpy()
        # The same areas of two patches.
        self.assertNotAllClose(even[:, 0, 0], even[:, 2, 2], atol=0.05)

    def test_draws_with_all_units(self):
        gan = make_gan()
        fill(gan.flow.field)
        latent, embedding = tf.constant(normal(0, 4, 8, 8, 2)), tf.constant(normal(1, 4, 8))
        state = [latent, tf.fill([4, 1], 0.5), embedding]
        whole = gan.flow.field(state, training=False)
        self.assertNotAllClose(gan.flow.field(state, training=True), whole, atol=0.05)
        noise = tf.constant(normal(2, 4, 128))
        drawn = gan.sampler([embedding, noise], training=True)
        self.assertAllClose(drawn, gan.sampler([embedding, noise]))

    def test_a_row_does_not_depend_on_its_neighbours(self):
        flow, (embedding, noise) = make_flow(guidance=2.0), make_inputs()
        fill(flow.field)
        alone = flow([embedding[2:3], noise[2:3]])
        self.assertAllClose(flow([embedding, noise])[2:3], alone, atol=1e-5)

    def test_a_saved_flow_samples_the_same(self):
        gan = make_gan()
        fill(gan.flow.field)
        path = temporary_folder(self) / "sampler.keras"
        gan.sampler.save(path)
        inputs = [tf.constant(normal(1, 5, 8)), tf.constant(normal(0, 5, 128))]
        again = keras.saving.load_model(path)
        self.assertAllClose(again(inputs), gan.sampler(inputs))
        self.assertEqual(again.get_layer("flow").get_config(), gan.flow.get_config())


class EmbeddingFlowTest(tf.test.TestCase):
    def test_a_saved_encoder_tells_the_same(self):
        encoder = make_gan().encoder
        fill(encoder.get_layer("embedding").field)
        path = temporary_folder(self) / "encoder.keras"
        encoder.save(path)
        mfcc = tf.constant(normal(0, 5, *MFCC.shape))
        told = encoder(mfcc)
        self.assertAllClose(keras.saving.load_model(path)(mfcc), told, atol=1e-5)
        self.assertGreater(np.std(told, axis=0).max(), 0.1)

    def test_follows_the_field_from_the_middle(self):
        flow = EmbeddingFlow(2)
        flow.build((None, 2))
        *_, kernel, bias = flow.field.weights
        kernel.assign(tf.zeros_like(kernel))
        bias.assign([0.5, -2.0])
        self.assertAllClose(flow(tf.ones([3, 2])), np.tile([0.5, -2.0], (3, 1)))


class LatentGanTest(tf.test.TestCase):
    def test_the_preset_decides_where_latents_come_from(self):
        self.assertIsInstance(make_gan("tiny"), LatentGAN)
        self.assertNotIsInstance(make_gan("seed"), LatentGAN)

    def test_draws_with_the_averages_of_generator_and_flow(self):
        gan = make_gan()
        (_, _), (generator, _), (sampler, _) = gan.averages
        fill(sampler.get_layer("flow").field)
        fill(generator)
        embedding, noise = tf.constant(normal(1, 3, 8)), tf.constant(normal(0, 3, 128))
        drawn = gan.drawing_generator([embedding, noise])
        latent = sampler([embedding, noise])
        first = generator([embedding, latent])
        shown = gan.sketch_reader(average_strips(make_sketches(first)))
        self.assertAllClose(drawn, generator([2 * embedding - shown, latent]), atol=1e-5)
        self.assertNotAllClose(drawn, first, atol=0.1)

    def test_what_a_picture_misses_is_told_again(self):
        gan = make_gan()
        # Brightness is what can be heard, and is read as it is; the generator paints half of it.
        told, latent = keras.Input((8,)), keras.Input((8, 8, 2))
        grey = keras.layers.Lambda(
            lambda x: tf.tile(x[:, None, None, :1] / 2, [1, 32, 32, 3]), (32, 32, 3)
        )
        strips = keras.Input((16, SKETCH_CHANNELS))
        read = keras.layers.Lambda(
            # The sketch's first channels are 2 * sqrt((1 + brightness) / 2 + 0.01) - 1.
            lambda s: tf.tile(2 * (((s[:, 0, :1] + 1) / 2) ** 2 - 0.01) - 1, [1, 8]),
            (8,),
        )
        draw = build_drawing_generator(
            gan.sampler,
            keras.Model([told, latent], grey(told)),
            keras.Model(strips, read(strips)),
        )
        levels = np.array([-0.8, -0.2, 0.4, 0.8], np.float32)
        drawn = draw([np.repeat(levels[:, None], 8, axis=1), normal(0, 4, 128)])
        # Half of it at first, three quarters the second time.
        self.assertAllClose(drawn, np.broadcast_to(0.75 * levels[:, None, None, None], drawn.shape))

    def test_a_checkpoint_holds_all_that_is_trained(self):
        gan, again = make_gan(), make_gan()
        for seed, variable in enumerate(gan.variables):
            variable.assign(tf.cast(seed + 1, variable.dtype) * tf.ones_like(variable.value))
        elapsed = tf.Variable(3.0, dtype=tf.float64)
        path = make_checkpoint(gan, elapsed).save(str(temporary_folder(self) / "checkpoint"))
        elapsed.assign(0.0)
        make_checkpoint(again, elapsed).restore(path).assert_existing_objects_matched()
        self.assertAllEqual(elapsed, 3.0)
        self.assertIn("seed_generator_state", {variable.name for variable in gan.variables})
        for restored, variable in zip(again.variables, gan.variables, strict=True):
            self.assertAllEqual(restored, variable, msg=variable.path)
        for restored, variable in zip(
            again.flow_optimizer.variables, gan.flow_optimizer.variables, strict=True
        ):
            self.assertAllEqual(restored, variable, msg=variable.path)

    def test_a_run_that_goes_on_has_its_flows_follow_at_their_own_rate(self):
        gan = make_gan()
        rate = float(gan.flow_optimizer.learning_rate.numpy())
        gan.flow_optimizer.learning_rate.assign(rate / 50)
        gan.advance(0.9)
        self.assertAllClose(gan.flow_optimizer.learning_rate.numpy(), rate)

    def test_latents_have_unit_mean_square_before_the_jitter(self):
        gan = make_gan(noise_dim=PRESETS["default"].noise_dim)
        images = tf.constant(np.clip(normal(0, 64, 32, 32, 3), -1, 1))
        latents = gan.picture_encoder(images)
        self.assertEqual(latents.shape, (64, 8, 8, 8))
        self.assertAllClose(tf.reduce_mean(latents**2, axis=-1), np.ones((64, 8, 8)), atol=1e-3)
        jittered = gan.find_latent(images, BatchRandomness(0, tf.constant(0), 64))
        self.assertAllClose(np.std(jittered - latents), 0.2, atol=0.03)

    def test_the_flow_learns_the_distribution_of_each_sound(self):
        gan = make_gan(flow_width=32, flow_steps=8, guidance=1.0)
        embedding = tf.constant(np.repeat(np.eye(8, dtype=np.float32)[:2], 64, axis=0))
        # Two sounds: latents of the first lie at either of two ends, those of the second between.
        ends = np.where(np.arange(64) % 2, 1.0, -1.0)[:, None] * [1, 1]
        centres = np.concatenate([ends, np.tile([1, -1], (64, 1))])
        latent = np.tile(centres[:, None, None, :], (1, 8, 8, 1)).astype(np.float32)
        latent = tf.constant(latent)

        @tf.function
        def learn():
            return gan.train_flows(tf.zeros([128, 8]), embedding, embedding, latent, dropout=False)

        for _ in range(500):
            learn()
        samples = gan.sampler([embedding, tf.constant(normal(2, 128, 128))]).numpy()
        samples = samples.mean(axis=(1, 2, 3))
        self.assertGreater(np.mean(np.abs(samples[:64]) > 0.6), 0.85)
        self.assertAllInRange([np.mean(samples[:64] > 0)], 0.3, 0.7)
        self.assertAllClose(samples[64:], np.zeros(64), atol=0.4)

    def test_the_flow_also_learns_what_there_is_without_a_sound(self):
        gan = make_gan(flow_width=32)
        embedding = tf.constant(np.repeat(np.eye(8, dtype=np.float32)[:1], 64, axis=0))
        latent = tf.ones([64, 8, 8, 2])
        learn = tf.function(
            lambda: gan.train_flows(tf.zeros([64, 8]), embedding, embedding, latent, dropout=False)
        )
        for _ in range(200):
            learn()
        start, time = tf.constant(normal(0, 64, 8, 8, 2)), tf.zeros([64, 1])
        without = gan.flow.field([start, time, tf.zeros([64, 8])])
        self.assertLess(np.mean(np.abs(without - (1.0 - start))), 0.3)

    def test_a_sound_is_told_one_of_its_scenes_and_the_middle_of_its_weather(self):
        gan = make_gan()
        heard = tf.constant(np.repeat(np.eye(8, dtype=np.float32)[:2], 128, axis=0))
        # The first sound belongs to either of two scenes, the second to any weather.
        scenes = np.where(np.arange(128) % 4, 1.5, -1.5)
        weather = np.linspace(-1.5, 1.5, 128)
        embedding = np.zeros((256, 8), np.float32)
        embedding[:128, 0], embedding[128:, 1] = scenes, weather
        latent, embedding = tf.ones([256, 8, 8, 2]), tf.constant(embedding)
        learn = tf.function(
            lambda: gan.train_flows(heard, embedding, embedding, latent, dropout=False)
        )
        for _ in range(800):
            learn()
        scene, some_weather = gan.embedding_flow(tf.eye(8)[:2]).numpy()
        # Their mean would be 0.75.
        self.assertGreater(scene[0], 1.1)
        self.assertAllClose(some_weather[1], 0.0, atol=0.4)
        self.assertAllClose([scene[1], some_weather[0]], [0.0, 0.0], atol=0.4)

    def test_seeds_of_one_sound_show_what_can_be_seen_not_its_mean(self):
        gan = make_gan(flow_width=32)
        # Two shades and one sound: no shade can be heard.
        last = gan.sketch_reader.get_layer("embedding")
        kernel, bias = last.get_weights()
        last.set_weights([np.zeros_like(kernel), np.ones_like(bias)])
        mfcc = tf.constant(np.repeat(normal(0, 1, *MFCC.shape), 16, axis=0))
        shades = np.where(np.arange(16) < 8, 0.8, -0.8).astype(np.float32)
        images = tf.constant(np.broadcast_to(shades[:, None, None, None], (16, 32, 32, 3)))
        step = tf.function(gan.train_step)
        for number in range(300):
            gan.advance(number / 300)
            step((mfcc, images))
        embedding = gan.drawing_encoder(tf.repeat(mfcc[:1], 32, axis=0))
        drawn = gan.drawing_generator([embedding, tf.constant(normal(1, 32, 128))])
        shown = np.mean(drawn, axis=(1, 2, 3))
        self.assertGreater(np.mean(np.abs(shown) > 0.5), 0.7)
        self.assertAllInRange([np.mean(shown > 0)], 0.2, 0.8)


def fill(network):
    """Lets layers that start at zero say something."""
    for seed, variable in enumerate(network.trainable_variables or network.variables):
        variable.assign(0.3 * normal(seed, *variable.shape))
