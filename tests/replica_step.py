"""Takes three steps on one logical CPU device, and on two, and prints the weights of both."""

import dataclasses
import json

import keras
import numpy as np
import tensorflow as tf
from model_fixture import fill_blank_layers, plain_statistics

from a2i_tf.audio.settings import SCENE104
from a2i_tf.models.latent_gan import build_gan
from a2i_tf.models.presets import PRESETS
from a2i_tf.training.strategy import make_strategy

MFCC = SCENE104
PRESET = dataclasses.replace(PRESETS["tiny"], batch_size=16)
BATCH, SIZE, STEPS = PRESET.batch_size, 32, 3


def take_steps(strategy):
    rng = np.random.default_rng(0)
    mfcc = rng.standard_normal((BATCH * STEPS, *MFCC.shape), dtype=np.float32)
    images = rng.uniform(-1, 1, (BATCH * STEPS, SIZE, SIZE, 3)).astype(np.float32)
    keras.utils.set_random_seed(0)
    with strategy.scope():
        statistics = plain_statistics()
        gan = build_gan(PRESET, SIZE, MFCC, statistics, seed=0)
        # On a blank picture, filters of sketches answer with rounding, which no two devices share.
        fill_blank_layers(gan.generator)
        gan.compile(jit_compile=False)
    # Where both terms count, and Adam's first steps, which magnify rounding, are small.
    gan.advance(0.95)
    before = gan.picture_encoder.get_weights()[-2]
    gan.fit(
        tf.data.Dataset.from_tensor_slices((mfcc, images)).batch(BATCH, drop_remainder=True),
        verbose=0,
        shuffle=False,
    )
    networks = {
        "encoder": gan.encoder,
        "drawing_encoder": gan.drawing_encoder,
        "picture_encoder": gan.picture_encoder,
        "generator": gan.generator,
        "sampler": gan.sampler,
        "discriminator": gan.discriminator,
        "drawing_generator": gan.drawing_generator,
    }
    # By place, as Keras counts names on within a process.
    weights = {
        f"{name}/{place}": np.asarray(variable.value).tolist()
        for name, network in networks.items()
        for place, variable in enumerate(network.variables)
    }
    moved = float(np.abs(gan.picture_encoder.get_weights()[-2] - before).max())
    return {"replicas": strategy.num_replicas_in_sync, "moved": moved, "weights": weights}


cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
print(json.dumps([take_steps(make_strategy(name)) for name in ("one-device", "mirrored")]))
