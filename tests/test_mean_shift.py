"""What lies between two things becomes the nearer one."""

import keras
import numpy as np
import tensorflow as tf
from sklearn.neighbors import KernelDensity
from test_encoder import make_encoder, make_sounds

from a2i_tf.models.gan import copy_network
from a2i_tf.models.mean_shift import MeanShift
from tests.model_fixture import temporary_folder

VARIANCE = 0.5


def make_words():
    """Embeddings of 30 and 20 sounds of two words."""
    rng = np.random.default_rng(0)
    first = rng.normal((-1.5, 0.0), 0.2, (30, 2))
    second = rng.normal((1.5, 0.5), 0.2, (20, 2))
    return np.concatenate([first, second]).astype(np.float32)


def make_layer(points):
    layer = MeanShift(len(points))
    layer.build((None, points.shape[1]))
    layer.remember(points)
    return layer


class MeanShiftTest(tf.test.TestCase):
    def test_each_step_is_a_mean_weighted_by_distance(self):
        points, told = make_words(), np.array([[0.4, -1.0], [-3.0, 2.0]], np.float32)
        expected = told
        for _ in range(5):
            distances = np.square(expected[:, None] - points).sum(axis=2)
            weights = np.exp(-distances / (2 * VARIANCE))
            expected = weights @ points / weights.sum(axis=1, keepdims=True)
        self.assertAllClose(make_layer(points)(told), expected, atol=1e-5)

    def test_climbs_to_the_nearer_mode(self):
        points = make_words()
        between = np.array([[-0.3, 0.2], [0.3, 0.3]], np.float32)
        found = make_layer(points)(between).numpy()
        self.assertAllClose(found, [points[:30].mean(axis=0), points[30:].mean(axis=0)], atol=0.1)
        density = KernelDensity(bandwidth=VARIANCE**0.5).fit(points)
        highest = density.score_samples(found)
        self.assertAllGreater(highest - density.score_samples(between), 0.5)
        for aside in ((0.2, 0.0), (-0.2, 0.0), (0.0, 0.2), (0.0, -0.2)):
            self.assertAllGreater(highest - density.score_samples(found + aside), 0.0)

    def test_far_away_from_all_points(self):
        points = make_words()
        found = make_layer(points)(np.array([[1e4, -1e4]], np.float32)).numpy()
        self.assertAllClose(found[0], points[30:].mean(axis=0), atol=0.1)

    def test_without_points_embeddings_stay_as_they_are(self):
        told = np.array([[0.4, -1.0], [-3.0, 2.0]], np.float32)
        self.assertAllEqual(MeanShift(8)(told), told)

    def test_an_encoder_keeps_what_it_remembers(self):
        encoder, (sounds, _) = make_encoder(mean_shift=True), make_sounds()
        layer = encoder.get_layer("mean_shift")
        points = np.random.default_rng(0).normal(size=(layer.num_points, 8))
        layer.remember(points)
        told = encoder(sounds)
        self.assertAllLess(np.square(told[:, None] - points).sum(axis=2).min(axis=1), 4.0)
        path = temporary_folder(self) / "encoder.keras"
        encoder.save(path)
        self.assertAllClose(keras.saving.load_model(path)(sounds), told, atol=1e-6)
        self.assertAllClose(copy_network(encoder)(sounds), told, atol=1e-6)
        trained = [variable.path for variable in encoder.trainable_variables]
        self.assertFalse([path for path in trained if "mean_shift" in path])
