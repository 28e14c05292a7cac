"""The judge: a small classifier that has only ever seen real training images.

It is trained on the training split, its weights are chosen on the validation split, and the test
split stays unseen until the end. It is not the discriminator, and no model is trained against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation import image_network
from a2i_tf.evaluation.image_network import OnEpoch, ask

# Raised whenever the same images would train another judge.
JUDGE_VERSION = 2

_BODY_SIZE = 64
_MIN_DEVIATION = 0.01
_FILTERS = (24, 48, 96, 128)
_DROPOUT = 0.2

# Images seen in training at 64 px; smaller ones cost less, and more of them are seen.
_PASSES = 42_000
# Keeps the judge from being sure of everything, which says nothing about odd pictures.
_LABEL_SMOOTHING = 0.05

_BRIGHTNESS = (0.5, 1.5)


@dataclass(frozen=True)
class Judge:
    """A trained classifier of images.

    Attributes:
        network: What `build_judge` built.
    """

    network: keras.Model

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns how likely each label is: float32 [n, labels], every row sums to 1.

        Args:
            images: uint8 [n, size, size, 3], at the size the judge was built for.

        Raises:
            ValueError: if the images are not uint8 of that shape.
        """
        return ask(self.network, images)

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns what the judge sees, one layer before its verdict: float32 [n, features].

        Args:
            images: uint8 [n, size, size, 3], at the size the judge was built for.

        Raises:
            ValueError: if the images are not uint8 of that shape.
        """
        return ask(self._features_network, images)

    def recognizes(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Returns 1.0 where the likeliest label is the given one, else 0.0: float64 [n]."""
        return (self.probabilities(images).argmax(axis=1) == labels).astype(np.float64)

    def accuracy(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
        """Returns the share of images whose likeliest label is the given one."""
        return float(self.recognizes(images, labels).mean())

    @cached_property
    def _features_network(self) -> keras.Model:
        return keras.Model(self.network.input, self.network.get_layer("features").output)


def build_judge(image_size: int, num_labels: int, seed: int = 0) -> keras.Model:
    """Builds the untrained judge.

    Args:
        image_size: Width and height in pixels, a multiple of 32; above 64 px, areas are averaged
            down to 64 first, so that a judge of large images costs no more.
        num_labels: Number of classes.
        seed: Seed of the initial weights and of dropout.

    Returns:
        A functional model: image uint8 [batch, image_size, image_size, 3] → probabilities float32
        [batch, num_labels]. Its layer "features" gives float32 [batch, 128].
    """
    # Layers
    shrink = keras.layers.AveragePooling2D(max(1, image_size // _BODY_SIZE), name="shrink")
    scale = keras.layers.Rescaling(1 / 255, name="scale")
    # Every picture by its own mean and deviation, so that a river at night is still a river.
    expose = keras.layers.LayerNormalization(
        axis=(1, 2, 3), center=False, scale=False, epsilon=_MIN_DEVIATION**2, name="expose"
    )
    halvings = [
        keras.layers.Conv2D(
            filters,
            5 if stage == 0 else 3,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer=keras.initializers.HeNormal(seed + stage),
            name=f"halve_{stage}",
        )
        for stage, filters in enumerate(_FILTERS)
    ]
    pool = keras.layers.GlobalAveragePooling2D(name="features")
    drop = keras.layers.Dropout(_DROPOUT, seed=seed, name="drop")
    decide = keras.layers.Dense(
        num_labels,
        activation="softmax",
        kernel_initializer=keras.initializers.GlorotUniform(seed),
        name="probabilities",
    )

    # Functional graph
    image = keras.Input((image_size, image_size, 3), dtype="uint8", name="image")
    # The square root spreads the darks, which hold all that is to be seen at night.
    x = expose(keras.ops.sqrt(shrink(scale(image))))
    for halve in halvings:
        x = halve(x)
    probabilities = decide(drop(pool(x)))

    # Configuration
    return keras.Model(image, probabilities, name="judge")


def train_judge(
    train: Arrays,
    validation: Arrays,
    num_labels: int,
    seed: int = 0,
    on_epoch: OnEpoch | None = None,
) -> Judge:
    """Trains a judge, and keeps the weights of the epoch with the lowest validation loss.

    Args:
        train: What it learns from.
        validation: What its weights are chosen on; without rows, the last epoch's are kept.
        num_labels: Number of classes.
        seed: Seed of weights, order and augmentation; the same seed gives the same judge.
        on_epoch: Called with (epochs done, epochs in all).

    Returns:
        The judge.
    """
    network = build_judge(train.images.shape[1], num_labels, seed)
    image_network.train(
        network,
        keras.losses.CategoricalCrossentropy(label_smoothing=_LABEL_SMOOTHING),
        (train.images, _targets(train, num_labels)),
        (validation.images, _targets(validation, num_labels)),
        augment=augment_images,
        passes=_PASSES * max(1, _BODY_SIZE // train.images.shape[1]) ** 2,
        seed=seed,
        on_epoch=on_epoch,
    )
    return Judge(network)


def _targets(arrays: Arrays, num_labels: int) -> NDArray[np.float32]:
    return np.eye(num_labels, dtype=np.float32)[arrays.labels]


def augment_images(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Moves each image by up to an eighth, and changes its brightness.

    None is mirrored: a mirrored digit or word isn't one.

    Args:
        images: uint8 [n, size, size, 3].
        rng: Where the changes come from.

    Returns:
        uint8 [n, size, size, 3]; pixels at the border repeat where the image was moved away.
    """
    gains = rng.uniform(*_BRIGHTNESS, (len(images), 1, 1, 1)).astype(np.float32)
    return np.clip(image_network.move(images, rng) * gains, 0, 255).astype(np.uint8)
