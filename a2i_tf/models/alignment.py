"""The alignment: what of a picture can be heard."""

from __future__ import annotations

import keras
import numpy as np
import scipy.linalg
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.models.presets import Preset

# Directions heard less than so much as the strongest one are as good as noise.
_FAINTEST = 0.01
# Of the variance of what is seen in a direction, what must be heard for the direction to be kept.
_LEAST_AGREEMENT = 0.25
# Added to variances of about 1, some of which may vanish.
_RIDGE = 1e-3

Matrix = NDArray[np.float64]


class Alignment(keras.Model):
    """Teaches a reader of sketches to say what of a picture can be heard.

    First it learns what to expect of a sound where such a picture is seen (`fit`): so what can't
    be seen vanishes. Of what it says, the directions are kept that can be heard (`share`), by
    canonical correlation analysis (Hotelling 1936): so what can't be heard vanishes.

    What was heard is whitened before (`adapt`): classes differ more than the weather does, and
    would have the sketch reader to themselves.

    Args:
        preset: Gives the learning rate.
        encoder: mfcc → embedding; its layer "heard" has learnt from sketches, its layer "whiten"
            is set here.
        sketch_reader: strips of a sketch → embedding; it is trained here.
    """

    def __init__(self, preset: Preset, encoder: keras.Model, sketch_reader: keras.Model) -> None:
        super().__init__(name="alignment")
        self.listener = keras.Model(encoder.input, encoder.get_layer("heard").output)
        self.whiten = encoder.get_layer("whiten")
        self.sketch_reader = sketch_reader
        self.tracker = keras.metrics.Mean(name="loss")
        self.built = True
        self.compile(keras.optimizers.Adam(preset.generator_learning_rate), jit_compile=False)
        self.optimizer.build(sketch_reader.trainable_variables)
        self.squared_error = keras.losses.MeanSquaredError()

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What `fit` resets at every epoch."""
        return [self.tracker]

    def adapt(self, batches: tf.data.Dataset) -> None:
        """Measures how what is heard varies, so that it can be whitened; must come before `fit`.

        Args:
            batches: (mfcc float32 [batch, frames, coefficients], anything).
        """
        heard = np.concatenate([self._listen(mfcc) for mfcc, _ in batches])
        variances, directions = np.linalg.eigh(np.cov(heard, rowvar=False))
        deviations = np.sqrt(np.maximum(variances, 0.0))
        faintest = max(_FAINTEST * deviations.max(), np.finfo(np.float32).tiny)
        kernel = directions / np.maximum(deviations, faintest)
        self.whiten.set_weights([kernel, -heard.mean(axis=0) @ kernel])

    def train_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Takes one step.

        Args:
            data: mfcc, float32 [pairs, frames, coefficients], and strips of the sketches of their
                pictures, float32 [pairs, 16, 99].

        Returns:
            The running mean of the loss.
        """
        mfcc, strips = data
        heard = self._hear(mfcc)
        with tf.GradientTape() as tape:
            loss = self.squared_error(heard, self.sketch_reader(strips, training=True))
        variables = self.sketch_reader.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result()}

    def share(self, batches: tf.data.Dataset) -> None:
        """Leaves of what the sketch reader says what can be heard, with mean 0 and variance 1.

        Its numbers come in the order in which they can be heard, best first; the rest are 0.

        Args:
            batches: (mfcc, strips), as for `train_step`.
        """
        pairs = [
            (self._hear(mfcc), self.sketch_reader(strips, training=False))
            for mfcc, strips in batches
        ]
        heard, seen = (np.concatenate(side).astype(np.float64) for side in zip(*pairs, strict=True))
        directions = audible_directions(heard, seen)
        last = self.sketch_reader.get_layer("embedding")
        kernel, bias = last.get_weights()
        last.set_weights([kernel @ directions, (bias - seen.mean(axis=0)) @ directions])

    def _hear(self, mfcc: tf.Tensor) -> tf.Tensor:
        return self.whiten(self._listen(mfcc))

    @tf.function
    def _listen(self, mfcc: tf.Tensor) -> tf.Tensor:
        # As a graph even outside of `fit`: that takes half as long.
        return self.listener(mfcc, training=False)


def audible_directions(heard: Matrix, seen: Matrix) -> Matrix:
    """Finds in which directions what is seen follows from what is heard.

    Args:
        heard: float64 [n, heard_dim].
        seen: float64 [n, seen_dim], of the same pairs.

    Returns:
        float64 [seen_dim, seen_dim]; `seen` times it has uncorrelated columns of variance 1 in the
        order of the shares of their variances that a linear regression on `heard` explains.
        Those with less than a quarter are zero, but for the first.
    """
    heard, seen = heard - heard.mean(axis=0), seen - seen.mean(axis=0)
    ridge = _RIDGE * np.eye(heard.shape[1])
    expected = heard @ np.linalg.solve(heard.T @ heard / len(heard) + ridge, heard.T @ seen)
    expected /= len(heard)
    agreement, directions = scipy.linalg.eigh(
        expected.T @ expected / len(heard),
        seen.T @ seen / len(heard) + _RIDGE * np.eye(seen.shape[1]),
    )
    return directions[:, ::-1] * (agreement[::-1] >= min(_LEAST_AGREEMENT, agreement.max()))
