"""Drawing with a TFLite file, without TensorFlow."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, SignatureRunner
from numpy.typing import NDArray

from a2i_tf.errors import A2IError
from a2i_tf.inference.synthesizer import Synthesizer
from a2i_tf.inference.tflite_file import unpack_tflite
from a2i_tf.models.config import ModelConfig

_STDERR = 2


class TfliteSynthesizer(Synthesizer):
    """The signatures `encode` and `draw` of a TFLite interpreter, one row at a time."""

    def __init__(self, config: ModelConfig, encode: SignatureRunner, draw: SignatureRunner) -> None:
        super().__init__(config)
        self._encode = encode
        self._draw = draw

    def encode_windows(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Encodes; see `Synthesizer.encode_windows`."""
        return np.concatenate(
            [self._encode(waveform=window[np.newaxis])["embedding"] for window in windows]
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
        with _without_notices():
            interpreter = Interpreter(model_content=flatbuffer)
            encode = interpreter.get_signature_runner("encode")
            draw = interpreter.get_signature_runner("draw")
    except (ValueError, RuntimeError) as error:
        raise A2IError(f"{path}: the model cannot be run; export it again") from error
    return TfliteSynthesizer(config, encode, draw)


@contextlib.contextmanager
def _without_notices() -> Iterator[None]:
    """Drops the INFO lines that native code writes to stderr while the block runs.

    LiteRT announces its XNNPACK delegate there, and has no setting for that but to draw without
    it, which takes half as long again.
    """
    original = os.dup(_STDERR)
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(original, _STDERR)
            os.close(original)
            captured.seek(0)
            for line in captured:
                if not line.startswith(b"INFO:"):
                    os.write(_STDERR, line)
