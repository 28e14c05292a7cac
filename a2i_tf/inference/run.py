"""Drawing with the model in a run folder, through Keras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.audio.mfcc import mfcc
from a2i_tf.inference.contract import read_contract
from a2i_tf.inference.synthesizer import HeardWindows, Synthesizer
from a2i_tf.models.drawing import DrawingModel, read_drawing_model


class LiveSynthesizer(Synthesizer):
    """A `DrawingModel` in memory."""

    def __init__(self, model: DrawingModel) -> None:
        super().__init__(model.config)
        self._model = model
        waveforms = tf.TensorSpec([None, model.config.mfcc.window_samples], tf.float32)
        embeddings = tf.TensorSpec([None, model.config.embedding_dim], tf.float32)
        noise = tf.TensorSpec([None, model.config.noise_dim], tf.float32)
        self._encode = tf.function(self._encode_in_graph, input_signature=[waveforms])
        self._draw = tf.function(self._draw_in_graph, input_signature=[embeddings, noise])

    def encode_windows(self, windows: NDArray[np.float32]) -> HeardWindows:
        """Encodes; see `Synthesizer.encode_windows`."""
        embedding, features = self._encode(windows)
        return HeardWindows(embedding.numpy(), features.numpy())

    def draw_batch(
        self, embeddings: NDArray[np.float32], noise: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Draws; see `Synthesizer.draw_batch`."""
        return self._draw(embeddings, noise).numpy()

    def _encode_in_graph(self, waveforms: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        features = mfcc(waveforms, self.config.mfcc)
        return self._model.encoder(features, training=False), features

    def _draw_in_graph(self, embeddings: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        return (self._model.generator([embeddings, noise], training=False) + 1.0) / 2.0


def load_run_model(folder: Path) -> LiveSynthesizer:
    """Reads the folder that `write_drawing_model` filled: `<run>/model`.

    Raises:
        A2IError: if a file is missing, damaged, or from another version.
    """
    read_contract(folder)  # Its errors name the folder.
    return LiveSynthesizer(read_drawing_model(folder))
