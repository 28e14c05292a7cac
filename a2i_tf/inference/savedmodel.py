"""Drawing with an exported SavedModel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.errors import A2IError
from a2i_tf.inference.contract import read_contract
from a2i_tf.inference.synthesizer import HeardWindows, Synthesizer
from a2i_tf.models.config import CONFIG_FILE, ModelConfig

# Signatures and an output of each.
_SIGNATURES = {"encode": "mfcc", "draw": "image"}


class SavedModelSynthesizer(Synthesizer):
    """The signatures `encode` and `draw` of a loaded SavedModel.

    Attributes:
        loaded: What `tf.saved_model.load` returned; it must outlive its signatures.
    """

    def __init__(self, config: ModelConfig, loaded: tf.Module) -> None:
        super().__init__(config)
        self.loaded = loaded

    def encode_windows(self, windows: NDArray[np.float32]) -> HeardWindows:
        """Encodes; see `Synthesizer.encode_windows`."""
        outputs = self.loaded.signatures["encode"](waveform=tf.constant(windows))
        return HeardWindows(outputs["embedding"].numpy(), outputs["mfcc"].numpy())

    def draw_batch(
        self, embeddings: NDArray[np.float32], noise: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Draws; see `Synthesizer.draw_batch`."""
        draw = self.loaded.signatures["draw"]
        return draw(embedding=tf.constant(embeddings), noise=tf.constant(noise))["image"].numpy()


def load_savedmodel(folder: Path) -> SavedModelSynthesizer:
    """Loads a version folder that `a2i export` wrote.

    Args:
        folder: Holds `saved_model.pb` and `config.json`.

    Raises:
        A2IError: if a file is missing or damaged, or the model has other signatures.
    """
    if not (folder / CONFIG_FILE).is_file():
        raise A2IError(
            f"{folder}: a SavedModel without {CONFIG_FILE}; give one that `a2i export` wrote"
        )
    config = read_contract(folder)
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        raise A2IError(f"{folder}: the SavedModel is damaged; export it again") from error
    for name, output in _SIGNATURES.items():
        if (
            name not in loaded.signatures
            or output not in loaded.signatures[name].structured_outputs
        ):
            raise A2IError(
                f"{folder}: the SavedModel has no signature {name} that gives {output}; "
                "export it again with this a2i"
            )
    return SavedModelSynthesizer(config, loaded)
