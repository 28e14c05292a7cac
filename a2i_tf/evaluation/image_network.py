"""What the judge and the factor reader share: how a network that looks at pictures is trained."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from a2i_tf.evaluation.metrics import check_images

_MAX_EPOCHS = 30
_BATCH_SIZE = 64
_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 1e-2
_SHIFT_SHARE = 1 / 8
_PREDICTION_BATCH = 256

Images = NDArray[np.uint8]
Targets = NDArray[np.float32]
Augment = Callable[[Images, np.random.Generator], Images]
OnEpoch = Callable[[int, int], None]


def ask(network: keras.Model, images: Images) -> NDArray[np.float32]:
    """Returns what a network says about images: float32 [n, outputs].

    Args:
        network: image uint8 [batch, size, size, 3] → float32 [batch, outputs].
        images: uint8 [n, size, size, 3], at the size the network was built for.

    Raises:
        ValueError: if the images are not uint8 of that shape.
    """
    check_images(images)
    wanted = network.input_shape[1:]
    if images.shape[1:] != wanted:
        raise ValueError(f"the {network.name} looks at images of {wanted}, not {images.shape[1:]}")
    # Calls, where `predict` would compile with XLA: on a CPU that takes three times as long.
    starts = range(0, len(images), _PREDICTION_BATCH)
    batches = (images[start : start + _PREDICTION_BATCH] for start in starts)
    return np.concatenate([np.asarray(network(batch, training=False)) for batch in batches])


def train(
    network: keras.Model,
    loss: keras.losses.Loss,
    known: tuple[Images, Targets],
    validation: tuple[Images, Targets],
    *,
    augment: Augment,
    passes: int,
    seed: int,
    on_epoch: OnEpoch | None = None,
) -> None:
    """Trains a network, and keeps the weights of the epoch with the lowest validation loss.

    Args:
        network: image uint8 [batch, size, size, 3] → float32 [batch, outputs].
        loss: What it minimizes.
        known: Images uint8 [n, size, size, 3] and targets float32 [n, outputs].
        validation: The same, of other sources. If there are none, the last weights are kept: the
            learning rate has decayed to 0 by then.
        augment: Changes a batch of training images.
        passes: So many images are seen in all, within 1 to 30 epochs.
        seed: Seed of order and augmentation.
        on_epoch: Called with (epochs done, epochs in all).
    """
    epochs = min(_MAX_EPOCHS, max(1, round(passes / len(known[0]))))
    batches = _AugmentedBatches(*known, augment, seed)
    schedule = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, epochs * len(batches))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=_WEIGHT_DECAY)
    # On a CPU, XLA takes three times as long.
    network.compile(optimizer, loss, jit_compile=False)
    callbacks = [
        keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, _: on_epoch and on_epoch(epoch + 1, epochs)
        )
    ]
    if len(validation[0]):
        # With such patience it never stops early: the learning rate's decay is worth its epochs.
        callbacks.append(keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True))
    network.fit(
        batches,
        epochs=epochs,
        shuffle=False,
        validation_data=validation if len(validation[0]) else None,
        validation_batch_size=_PREDICTION_BATCH,
        callbacks=callbacks,
        verbose=0,
    )


class _AugmentedBatches(keras.utils.PyDataset):
    """Batches of augmented images and their targets, in another order every epoch.

    A batch depends on the seed, the epoch and its place alone, however often Keras asks for it.
    """

    def __init__(self, images: Images, targets: Targets, augment: Augment, seed: int) -> None:
        super().__init__()
        self._images = images
        self._targets = targets
        self._augment = augment
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        return -(-len(self._images) // _BATCH_SIZE)

    def __getitem__(self, place: int) -> tuple[Images, Targets]:
        order = np.random.default_rng([self._seed, self._epoch]).permutation(len(self._images))
        rows = order[place * _BATCH_SIZE : (place + 1) * _BATCH_SIZE]
        rng = np.random.default_rng([self._seed, self._epoch, place + 1])
        return self._augment(self._images[rows], rng), self._targets[rows]

    def on_epoch_end(self) -> None:
        """Starts another order and other augmentations."""
        self._epoch += 1


def move(images: Images, rng: np.random.Generator) -> Images:
    """Moves each image by up to an eighth; pixels at the border repeat where it was.

    Args:
        images: uint8 [n, size, size, 3].
        rng: Where the moves come from.
    """
    count, size = images.shape[:2]
    reach = round(size * _SHIFT_SHARE)
    moves = rng.integers(-reach, reach + 1, (2, count, 1))
    rows, columns = np.clip(np.arange(size) + moves, 0, size - 1)
    return images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def mirror_half(images: Images, rng: np.random.Generator) -> Images:
    """Mirrors half of the images, left to right.

    Args:
        images: uint8 [n, size, size, 3].
        rng: Chooses the half.
    """
    mirrored = rng.random((len(images), 1, 1, 1)) < 0.5
    return np.where(mirrored, images[:, :, ::-1], images)
