"""What comes after the adversarial training."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from test_warm_up import fit, make_config, make_context, make_gan, make_pairs

from a2i_tf.models.flow_lesson import FlowLesson
from a2i_tf.models.sketches import average_strips, make_sketches
from a2i_tf.training.flow_lesson import share_left, teach_flows

STEPS = 1500
PAIRS = 64


def make_trained(**changes):
    """A model whose adversarial training is over, if only it had learnt something."""
    gan = make_gan("tiny", **changes)
    gan.compile(jit_compile=False)
    return gan


def make_batches(size=8):
    mfcc, images = (array[:PAIRS] for array in make_pairs())
    return tf.data.Dataset.from_tensor_slices((mfcc, images)).repeat().batch(size)


def teach(gan, on_status=None, on_count=lambda _what, _done, _total: None, **changes):
    config = dataclasses.replace(make_config(gan), **{"steps": STEPS, **changes})
    context = make_context(
        gan, make_batches(), PAIRS, fit, config=config, on_status=on_status, on_count=on_count
    )
    return teach_flows(gan, context, [])


def dropout_states(gan):
    dropout = [layer for layer in gan.flow.field.layers if isinstance(layer, keras.layers.Dropout)]
    return [layer.seed_generator.state.numpy() for layer in dropout]


def copies(*networks):
    return [[weights.copy() for weights in network.get_weights()] for network in networks]


class FlowLessonTest(tf.test.TestCase):
    def test_descriptions_are_what_the_training_step_uses(self):
        gan = make_trained()
        mfcc, images = next(iter(make_batches()))
        heard, embedding, latent = FlowLesson(gan).describe(mfcc, images)
        self.assertAllClose(heard, gan.listener(mfcc))
        self.assertAllClose(embedding, gan.sketch_reader(average_strips(make_sketches(images))))
        self.assertAllClose(latent, gan.picture_encoder(images))

    def test_units_are_dropped_out_here_and_not_while_flows_follow(self):
        gan = make_trained()
        mfcc, images = next(iter(make_batches()))
        lesson = FlowLesson(gan)
        heard, embedding, latent = lesson.describe(mfcc, images)
        before = dropout_states(gan)
        self.assertNotEmpty(before)
        gan.train_prior(mfcc, embedding, latent)
        self.assertAllEqual(dropout_states(gan), before)
        lesson.train_step((heard, embedding, latent))
        self.assertNotAllEqual(dropout_states(gan), before)

    def test_describing_leaves_time_to_learn(self):
        counts = []
        teach(
            make_trained(),
            on_count=lambda _what, done, total: counts.append((done, total)),
            steps=None,
            minutes=1e-6,
        )
        self.assertEqual(counts, [(1, PAIRS // 8)])

    def test_flows_learn_and_nothing_else(self):
        gan, losses, counts = make_trained(), [], []
        still = (gan.generator, gan.picture_encoder, gan.discriminator, gan.sketch_reader)
        moving = (gan.sampler, gan.drawing_generator.get_layer("sampler"), gan.drawing_encoder)
        stay, move = copies(*still), copies(*moving)
        finished = teach(
            gan,
            lambda status: losses.append(status.losses["flow"]),
            lambda what, done, total: counts.append((what, done, total)),
        )
        self.assertTrue(finished)
        self.assertEqual(len(losses), round(gan.preset.flow_share * STEPS))
        self.assertLess(losses[-1], 0.8 * losses[0])
        self.assertEqual(counts[-1], ("describing pictures", 8, 8))
        for before, after in zip(stay, copies(*still), strict=True):
            self.assertAllEqual(all(map(np.array_equal, before, after)), True)
        for before, after in zip(move, copies(*moving), strict=True):
            self.assertFalse(all(map(np.array_equal, before, after)))

    def test_what_is_heard_is_varied_where_the_preset_wants_it(self):
        mfcc, images = (array[:PAIRS] for array in make_pairs())
        batches = make_batches()
        varied = batches.map(lambda sounds, pictures: (sounds + 1.0, pictures))
        for augment, expected in ((False, mfcc), (True, mfcc + 1.0)):
            gan, taught = make_trained(), []
            gan.preset = dataclasses.replace(gan.preset, flow_augment=augment)

            def take(_model, described, _callbacks, taught=taught):
                taught += described.take(PAIRS // 8)
                return True

            context = make_context(gan, varied, PAIRS, take, plain_batches=batches)
            teach_flows(gan, context, [])
            heard, embedding, _ = (np.concatenate(part) for part in zip(*taught, strict=True))
            order = np.argsort(heard[:, 0]), np.argsort(gan.listener(expected)[:, 0])
            self.assertAllClose(
                heard[order[0]], gan.listener(expected).numpy()[order[1]], atol=1e-5
            )
            strips = average_strips(make_sketches(images))
            self.assertAllClose(
                np.sort(embedding, 0), np.sort(gan.sketch_reader(strips), 0), atol=1e-5
            )

    def test_what_sounds_are_told_as_is_remembered_where_the_preset_wants_it(self):
        gan = make_trained(mean_shift=True)
        self.assertTrue(teach(gan))
        mfcc, _ = next(iter(make_batches(PAIRS)))
        for encoder in (gan.drawing_encoder, gan.encoder):
            self.assertAllEqual(encoder.get_layer("mean_shift").strength, 1.0)
        drawing = gan.drawing_encoder
        told = keras.Model(drawing.input, drawing.get_layer("embedding").output)(mfcc).numpy()
        points = drawing.get_layer("mean_shift").points.numpy()
        self.assertGreater(told.std(axis=0).max(), 0.1)
        self.assertAllClose(points, np.tile(told, (len(points) // PAIRS, 1)), atol=1e-5)
        self.assertAllEqual(points, gan.encoder.get_layer("mean_shift").points)

    def test_where_all_is_used_nothing_is_taught(self):
        gan = make_trained()
        self.assertTrue(teach(gan))
        before = copies(gan.sampler)
        self.assertTrue(teach(gan))
        for left, right in zip(before[0], gan.sampler.get_weights(), strict=True):
            self.assertAllEqual(left, right)

    def test_interrupted_while_describing(self):
        def interrupt(_what, _done, _total):
            raise KeyboardInterrupt

        self.assertFalse(teach(make_trained(), on_count=interrupt))

    def test_share_left_of_minutes(self):
        gan = make_trained()
        config = dataclasses.replace(make_config(gan), steps=None, minutes=10.0)
        self.assertAllClose(share_left(gan, config, 480.0), 0.2)
        self.assertAllClose(share_left(gan, config, 660.0), -0.1)
