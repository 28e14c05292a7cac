"""A model of the default preset at 64 px that has learnt nothing: speed doesn't depend on it."""

from __future__ import annotations

import numpy as np

from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.models.config import ModelConfig
from a2i_tf.models.drawing import DrawingModel
from a2i_tf.models.latent_gan import build_gan
from a2i_tf.models.presets import DEFAULT


def untrained_model() -> DrawingModel:
    """Builds it."""
    mfcc = MFCC_SETTINGS[DEFAULT.mfcc_setting]
    zeros = np.zeros(mfcc.num_mfccs, np.float32)
    gan = build_gan(DEFAULT, 64, mfcc, MfccStatistics(zeros, zeros + 1, zeros + 1))
    config = ModelConfig(
        mfcc=mfcc,
        image_size=64,
        embedding_dim=DEFAULT.embedding_dim,
        noise_dim=DEFAULT.noise_dim,
        preset=DEFAULT.name,
        dataset="none",
        labels=(),
        mfcc_mean=tuple(zeros.tolist()),
        mfcc_deviation=tuple((zeros + 1).tolist()),
        run="none",
        steps=0,
    )
    return DrawingModel(config, gan.drawing_encoder, gan.drawing_generator)
