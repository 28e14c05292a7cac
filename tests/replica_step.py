"""Takes three steps on the given number of logical CPU devices and prints the weights."""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.models.latent_gan import build_gan
from a2i_tf.models.presets import PRESETS
from a2i_tf.training.strategy import make_strategy

NUM_REPLICAS = int(sys.argv[1])
SHAPE = (8, 13)
BATCH, SIZE, STEPS = 8, 32, 3

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * NUM_REPLICAS
)
rng = np.random.default_rng(0)
mfcc = rng.standard_normal((BATCH * STEPS, *SHAPE), dtype=np.float32)
images = rng.uniform(-1, 1, (BATCH * STEPS, SIZE, SIZE, 3)).astype(np.float32)
keras.utils.set_random_seed(0)
strategy = make_strategy("mirrored")
with strategy.scope():
    statistics = MfccStatistics(np.zeros(13, np.float32), np.ones(13, np.float32))
    gan = build_gan(PRESETS["tiny"], SIZE, SHAPE, statistics, seed=0)
    gan.compile(jit_compile=False)
before = gan.picture_encoder.get_weights()[-2]
gan.fit(
    tf.data.Dataset.from_tensor_slices((mfcc, images)).batch(BATCH, drop_remainder=True),
    verbose=0,
    shuffle=False,
)
networks = (
    gan.picture_encoder,
    gan.generator,
    gan.sampler,
    gan.discriminator,
    gan.drawing_generator,
)
weights = {
    f"{network.name}/{variable.path}": np.asarray(variable.value).tolist()
    for network in networks
    for variable in network.variables
}
moved = float(np.abs(gan.picture_encoder.get_weights()[-2] - before).max())
replicas = strategy.num_replicas_in_sync
print(json.dumps({"replicas": replicas, "moved": moved, "weights": weights}))
