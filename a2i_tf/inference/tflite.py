"""Drawing with a TFLite file, without TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, SignatureRunner
from numpy.typing import NDArray

from a2i_tf.errors import A2IError
from a2i_tf.inference.native_logs import quiet_native_logs
from a2i_tf.inference.synthesizer import HeardWindows, Synthesizer
from a2i_tf.inference.tflite_file import unpack_tflite
from a2i_tf.models.config import ModelConfig


class TfliteSynthesizer(Synthesizer):
    """The signatures `encode` and `draw` of a TFLite interpreter, one row at a time."""

    def __init__(self, config: ModelConfig, encode: SignatureRunner, draw: SignatureRunner) -> None:
        super().__init__(config)
        self._encode = encode
        self._draw = draw

    def encode_windows(self, windows: NDArray[np.float32]) -> HeardWindows:
        """Encodes; see `Synthesizer.encode_windows`."""
        rows = [self._encode(waveform=window[np.newaxis]) for window in windows]
        return HeardWindows(
            np.concatenate([row["embedding"] for row in rows]),
            np.concatenate([row["mfcc"] for row in rows]),
        )

    def draw_batch(
        self, embeddings: NDArray[np.float32], noise: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Draws; see `Synthesizer.draw_batch`."""
        return np.concatenate(
            [
                self._draw(embedding=embedding[np.newaxis], noise=chance[np.newaxis])["image"]
                for embedding, chance in zip(embeddings, noise, strict=True)
            ]
        )


def load_tflite(path: Path) -> TfliteSynthesizer:
    """Loads a file that `a2i export` wrote.

    Raises:
        A2IError: if it can't be read, is damaged, or comes from elsewhere or from another version
            of a2i.
    """
    flatbuffer, config = unpack_tflite(path)
    try:
        # Memory is allocated, and LiteRT's delegate made and announced, at the first call.
        with quiet_native_logs():
            interpreter = Interpreter(model_content=flatbuffer)
            encode = interpreter.get_signature_runner("encode")
            draw = interpreter.get_signature_runner("draw")
            synthesizer = TfliteSynthesizer(config, encode, draw)
            synthesizer.generate(np.zeros(1, np.float32))
    except (ValueError, KeyError, RuntimeError) as error:
        raise A2IError(f"{path}: the model cannot be run; export it again") from error
    return synthesizer
