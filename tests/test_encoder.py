"""Ears, throats, and what is forgotten of microphones."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from a2i_tf.audio.settings import FINE, SCENE104
from a2i_tf.audio.vocal_tract import warp_matrix
from a2i_tf.datasets.statistics import measure_statistics
from a2i_tf.models.encoder import build_encoder, ears_of
from a2i_tf.models.gan import copy_network
from a2i_tf.models.presets import TINY
from a2i_tf.models.sketcher import build_sketcher
from a2i_tf.models.sketches import make_sketches

ROWS = 64


def make_sounds(mfcc=FINE):
    """Sounds of which each has a level: what is heard, and how loud, in [-1, 1]."""
    rng = np.random.default_rng(0)
    levels = rng.uniform(-1, 1, ROWS).astype(np.float32)
    noise = rng.standard_normal((ROWS, *mfcc.shape), dtype=np.float32)
    return 0.3 * noise + levels[:, None, None], levels


def make_encoder(mfcc=FINE, **changes):
    keras.utils.set_random_seed(0)
    sounds, _ = make_sounds(mfcc)
    return build_encoder(dataclasses.replace(TINY, **changes), mfcc, measure_statistics(sounds))


def listen(encoder, sounds):
    return keras.Model(encoder.input, encoder.get_layer("heard").output)(sounds).numpy()


class EncoderTest(tf.test.TestCase):
    def test_what_ears_hear_of_all_throats_is_averaged(self):
        encoder = make_encoder(ears=2, throats=3)
        sounds, _ = make_sounds()
        ears = ears_of(encoder)
        self.assertEqual(len(ears), 2)
        self.assertNotAllClose(ears[0](sounds), ears[1](sounds), atol=0.1)
        spoken = [sounds @ warp_matrix(FINE, factor) for factor in (np.exp(-0.1), 1, np.exp(0.1))]
        expected = np.mean([ear(view) for ear in ears for view in spoken], axis=0)
        self.assertAllClose(listen(encoder, sounds), expected, atol=1e-4)

    def test_throats_are_not_trained_and_are_copied(self):
        encoder = make_encoder(throats=3)
        names = [variable.path for variable in encoder.trainable_variables]
        self.assertFalse([name for name in names if "throat" in name])
        sounds, _ = make_sounds()
        self.assertAllClose(copy_network(encoder)(sounds), encoder(sounds), atol=1e-5)

    def test_a_single_ear_hears_the_sound_itself(self):
        encoder = make_encoder()
        sounds, _ = make_sounds()
        self.assertAllClose(listen(encoder, sounds), ears_of(encoder)[0](sounds), atol=1e-6)

    def test_cepstra_without_a_spectrum_have_one_throat(self):
        several, one = make_encoder(SCENE104, throats=3), make_encoder(SCENE104)
        sounds, _ = make_sounds(SCENE104)
        self.assertAllClose(several(sounds), one(sounds))

    def test_without_the_cepstral_mean_nothing_is_known_of_the_microphone(self):
        sounds, _ = make_sounds()
        microphone = np.random.default_rng(1).standard_normal(FINE.num_mfccs, dtype=np.float32)
        for normalizes in (False, True):
            encoder = make_encoder(cepstral_mean_normalization=normalizes)
            heard, through_it = listen(encoder, sounds), listen(encoder, sounds + microphone)
            if normalizes:
                self.assertAllClose(heard, through_it, atol=1e-4)
            else:
                self.assertNotAllClose(heard, through_it, atol=0.05)

    def test_ears_come_to_mean_the_same(self):
        encoder = make_encoder(ears=2)
        sounds, levels = make_sounds()
        images = np.broadcast_to(levels[:, None, None, None], (ROWS, 32, 32, 3))
        sketches = make_sketches(tf.constant(images))
        sketcher = build_sketcher(TINY, encoder)
        self.assertEqual(sketcher(sounds).shape, (ROWS, 2, *sketches.shape[1:]))
        before = self._difference(encoder, sounds)
        sketcher.fit(sounds, sketches[:, None], batch_size=ROWS, epochs=80, verbose=0)
        self.assertLess(self._difference(encoder, sounds), 0.5 * before)

    def _difference(self, encoder, sounds):
        first, second = (ear(sounds).numpy() for ear in ears_of(encoder))
        return np.mean(np.square(first - second))
