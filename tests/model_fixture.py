"""Untrained models and made-up clips for the tests of inference, export and evaluation."""

import shutil
import tempfile
from pathlib import Path

import keras
import numpy as np

from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.models.config import ModelConfig
from a2i_tf.models.drawing import DrawingModel
from a2i_tf.models.latent_gan import build_gan
from a2i_tf.models.presets import PRESETS


def make_model(preset="tiny", image_size=32, seed=0, mfcc_setting=None):
    keras.utils.set_random_seed(seed)
    preset = PRESETS[preset]
    mfcc = MFCC_SETTINGS[mfcc_setting or preset.mfcc_setting]
    mean, variance = np.full(mfcc.num_mfccs, 0.5, np.float32), np.full(mfcc.num_mfccs, 25.0)
    gan = build_gan(preset, image_size, mfcc, MfccStatistics(mean, variance, variance))
    for network in (gan.drawing_encoder, gan.drawing_generator):
        fill_blank_layers(network)
    config = ModelConfig(
        mfcc=mfcc,
        image_size=image_size,
        embedding_dim=preset.embedding_dim,
        noise_dim=preset.noise_dim,
        preset=preset.name,
        dataset="scenes",
        labels=("beach", "city"),
        mfcc_mean=tuple(map(float, mean)),
        mfcc_deviation=tuple(map(float, np.sqrt(variance))),
        run="0001-scenes-tiny",
        steps=0,
    )
    return DrawingModel(config, gan.drawing_encoder, gan.drawing_generator)


def plain_statistics(num_mfccs=13):
    """Returns the statistics of features that need no normalization."""
    zeros = np.zeros(num_mfccs, np.float32)
    return MfccStatistics(zeros, zeros + 1, zeros + 1)


def fill_blank_layers(network):
    """Lets an untrained network say something: what paints, and the flows' fields, start blank."""
    rng = np.random.default_rng(0)
    for variable in network.variables:
        if variable.path.endswith("kernel") and not np.any(variable):
            variable.assign(rng.normal(0, 0.1, variable.shape))


def make_clip(seconds, seed=0, sample_rate=16_000):
    """Returns a chord in noise, float32 in [-1, 1], at least one sample."""
    rng = np.random.default_rng(seed)
    times = np.arange(max(1, round(seconds * sample_rate))) / sample_rate
    chord = sum(np.sin(2 * np.pi * hz * times) for hz in rng.uniform(100, 2_000, 3))
    noise = rng.standard_normal(len(times))
    return np.clip(0.2 * chord + 0.05 * noise, -1, 1).astype(np.float32)


def make_clips():
    """Returns clips of 1 sample, 0.4 s, 1 s and 2.7 s."""
    return [make_clip(seconds, seed) for seed, seconds in enumerate((0, 0.4, 1.0, 2.7))]


def temporary_folder(test):
    """Returns a folder that is removed after the test."""
    folder = Path(tempfile.mkdtemp())
    test.addCleanup(shutil.rmtree, folder)
    return folder
