"""The two networks that are kept after training, as files.

config.json       ModelConfig
encoder.keras     mfcc [batch, frames, coefficients] → embedding [batch, embedding_dim]
generator.keras   (embedding, noise [batch, noise_dim]) → image [batch, size, size, 3] in [-1, 1]
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.atomic import explain_os_errors, write_json
from a2i_tf.config import read_json
from a2i_tf.errors import A2IError

# The files name what these register.
from a2i_tf.models import (  # noqa: F401
    drawing_loop,
    embedding_flow,
    latent_flow,
    layers,
    mean_shift,
)
from a2i_tf.models.config import CONFIG_FILE, ModelConfig

_BATCH_SIZE = 64
_ENCODER_FILE = "encoder.keras"
_GENERATOR_FILE = "generator.keras"


class Drawer:
    """Draws with two networks, compiled once.

    `predict` would compile them with XLA, which is slower on CPUs.

    Args:
        encoder: mfcc → embedding.
        generator: (embedding, noise) → image in [-1, 1].
    """

    def __init__(self, encoder: keras.Model, generator: keras.Model) -> None:
        self._encoder = encoder
        self._generator = generator
        _, noise = generator.inputs
        shapes = (encoder.input_shape[1:], noise.shape[1:])
        signature = [tf.TensorSpec([None, *shape], tf.float32) for shape in shapes]
        self._draw = tf.function(self._draw_in_graph, input_signature=signature)

    def draw(self, mfcc: NDArray[np.float32], noise: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Draws one picture a row.

        Args:
            mfcc: float32 [n, frames, coefficients].
            noise: float32 [n, noise_dim].

        Returns:
            uint8 [n, size, size, 3].
        """
        rows = []
        for first in range(0, len(mfcc), _BATCH_SIZE):
            batch = slice(first, first + _BATCH_SIZE)
            images = self._draw(tf.constant(mfcc[batch]), tf.constant(noise[batch])).numpy()
            rows.append(np.round((images + 1.0) * 127.5).clip(0, 255).astype(np.uint8))
        return np.concatenate(rows)

    def _draw_in_graph(self, mfcc: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        embedding = self._encoder(mfcc, training=False)
        return self._generator([embedding, noise], training=False)


@dataclass(frozen=True)
class DrawingModel:
    """An encoder, a generator, and what they expect."""

    config: ModelConfig
    encoder: keras.Model
    generator: keras.Model

    def draw(self, mfcc: NDArray[np.float32], noise: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Draws one picture a row; see `Drawer.draw`."""
        return self._drawer.draw(mfcc, noise)

    @cached_property
    def _drawer(self) -> Drawer:
        return Drawer(self.encoder, self.generator)


def write_drawing_model(folder: Path, model: DrawingModel) -> None:
    """Writes the files into an existing folder; callers make the folder appear as a whole."""
    write_json(folder / CONFIG_FILE, model.config.to_dict())
    with explain_os_errors(folder):
        model.encoder.save(folder / _ENCODER_FILE)
        model.generator.save(folder / _GENERATOR_FILE)


def read_drawing_model(folder: Path) -> DrawingModel:
    """Reads what `write_drawing_model` wrote.

    Raises:
        A2IError: if a file is missing, damaged, or from another version.
    """
    config = ModelConfig.from_dict(read_json(folder / CONFIG_FILE))
    try:
        return DrawingModel(
            config=config,
            encoder=read_network(folder / _ENCODER_FILE),
            generator=read_network(folder / _GENERATOR_FILE),
        )
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise A2IError(f"{folder}: the model cannot be read ({reason}); train it again") from error


def read_network(path: Path) -> keras.Model:
    """Reads a network that Keras has saved.

    Raises:
        OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile: if it's damaged.
    """
    # Keras reads parts of the archive, and so would take damaged weights for weights.
    with zipfile.ZipFile(path) as archive:
        try:
            damaged = archive.testzip()
        except (RuntimeError, zlib.error) as error:
            # A damaged header: the entry seems encrypted, or compressed in an unknown way.
            raise zipfile.BadZipFile(f"{path.name} is damaged: {error}") from error
        if damaged:
            raise zipfile.BadZipFile(f"{damaged} in {path.name} is damaged")
    return keras.saving.load_model(path, compile=False)
