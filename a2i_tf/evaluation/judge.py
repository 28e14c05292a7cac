"""The judge: a small classifier that has only ever seen real training images.

It is trained on the training split, its weights are chosen on the validation split, and the test
split stays unseen until the end. It is not the discriminator, and no model is trained against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation.metrics import check_images

# Raised whenever the same images would train another judge.
JUDGE_VERSION = 2

_BODY_SIZE = 64
_MIN_DEVIATION = 0.01
_FILTERS = (24, 48, 96, 128)
_DROPOUT = 0.2

# Images seen in training at 64 px, every one at least once. Smaller ones cost less: more are seen.
_PASSES = 42_000
_MAX_EPOCHS = 30
_BATCH_SIZE = 64
_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 1e-2
# Keeps the judge from being sure of everything, which says nothing about odd pictures.
_LABEL_SMOOTHING = 0.05

_SHIFT_SHARE = 1 / 8
_BRIGHTNESS = (0.5, 1.5)
_PREDICTION_BATCH = 256

OnEpoch = Callable[[int, int], None]


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
        return _ask(self.network, images)

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns what the judge sees, one layer before its verdict: float32 [n, features].

        Args:
            images: uint8 [n, size, size, 3], at the size the judge was built for.

        Raises:
            ValueError: if the images are not uint8 of that shape.
        """
        return _ask(self._features_network, images)

    def recognizes(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Returns 1.0 where the likeliest label is the given one, else 0.0: float64 [n]."""
        return (self.probabilities(images).argmax(axis=1) == labels).astype(np.float64)

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
    size = train.images.shape[1]
    passes = _PASSES * max(1, _BODY_SIZE // size) ** 2
    epochs = min(_MAX_EPOCHS, max(1, round(passes / len(train.images))))
    batches = _AugmentedBatches(train, num_labels, seed)
    schedule = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, epochs * len(batches))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=_WEIGHT_DECAY)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=_LABEL_SMOOTHING)
    tell = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, _: on_epoch and on_epoch(epoch + 1, epochs)
    )
    # With such patience it never stops early: the learning rate's decay is worth its epochs.
    keep_best = keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)
    validated = len(validation.images) > 0
    network = build_judge(size, num_labels, seed)
    # On a CPU, XLA takes three times as long.
    network.compile(optimizer, loss, jit_compile=False)
    network.fit(
        batches,
        epochs=epochs,
        shuffle=False,
        validation_data=(validation.images, _targets(validation, num_labels))
        if validated
        else None,
        validation_batch_size=_PREDICTION_BATCH,
        callbacks=[tell, keep_best] if validated else [tell],
        verbose=0,
    )
    return Judge(network)


def _targets(arrays: Arrays, num_labels: int) -> NDArray[np.float32]:
    return np.eye(num_labels, dtype=np.float32)[arrays.labels]


def _ask(network: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    check_images(images)
    wanted = network.input_shape[1:]
    if images.shape[1:] != wanted:
        raise ValueError(f"the judge looks at images of {wanted}, not {images.shape[1:]}")
    # Calls, where `predict` would compile with XLA: on a CPU that takes three times as long.
    starts = range(0, len(images), _PREDICTION_BATCH)
    batches = (images[start : start + _PREDICTION_BATCH] for start in starts)
    return np.concatenate([np.asarray(network(batch, training=False)) for batch in batches])


class _AugmentedBatches(keras.utils.PyDataset):
    """Batches of augmented images and their targets, in another order every epoch.

    A batch depends on the seed, the epoch and its place alone, however often Keras asks for it.
    """

    def __init__(self, arrays: Arrays, num_labels: int, seed: int) -> None:
        super().__init__()
        self._images = arrays.images
        self._targets = _targets(arrays, num_labels)
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        return -(-len(self._images) // _BATCH_SIZE)

    def __getitem__(self, place: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        order = np.random.default_rng([self._seed, self._epoch]).permutation(len(self._images))
        rows = order[place * _BATCH_SIZE : (place + 1) * _BATCH_SIZE]
        rng = np.random.default_rng([self._seed, self._epoch, place + 1])
        return augment_images(self._images[rows], rng), self._targets[rows]

    def on_epoch_end(self) -> None:
        """Starts another order and other augmentations."""
        self._epoch += 1


def augment_images(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Moves each image by up to an eighth, and changes its brightness.

    None is mirrored: a mirrored digit or word isn't one.

    Args:
        images: uint8 [n, size, size, 3].
        rng: Where the changes come from.

    Returns:
        uint8 [n, size, size, 3]; pixels at the border repeat where the image was moved away.
    """
    count, size = images.shape[:2]
    gains = rng.uniform(*_BRIGHTNESS, (count, 1, 1, 1)).astype(np.float32)
    reach = round(size * _SHIFT_SHARE)
    moves = rng.integers(-reach, reach + 1, (2, count, 1))
    rows, columns = np.clip(np.arange(size) + moves, 0, size - 1)
    moved = images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return np.clip(moved * gains, 0, 255).astype(np.uint8)
