"""From a file of sound to pictures, wherever the model is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from a2i_tf.audio.decode import load_waveform
from a2i_tf.inference.loading import load
from a2i_tf.inference.pixels import pixels
from a2i_tf.inference.training_range import range_warning, standard_scores


@dataclass(frozen=True)
class Painting:
    """What became of one clip.

    Attributes:
        images: A picture a seed, uint8 [image_size, image_size, 3].
        warning: What is far outside the sounds that the model was trained on, or None.
    """

    images: list[NDArray[np.uint8]]
    warning: str | None


class Painter(Protocol):
    """A model that is somewhere.

    Attributes:
        name: Where it is, as a person named it.
    """

    name: str

    def paint(self, clip: Path, seeds: Sequence[int]) -> Painting:
        """Draws a file of sound in any usual format, a picture a seed.

        Raises:
            A2IError: if the file can't be read, or the model can't answer.
        """


class LocalPainter:
    """A model in files of this machine: what `load` takes."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._synthesizer = load(path)
        # A .tflite file is there for machines without TensorFlow.
        self._use_tensorflow = path.suffix != ".tflite"

    def paint(self, clip: Path, seeds: Sequence[int]) -> Painting:
        """Draws; see `Painter.paint`."""
        config = self._synthesizer.config
        waveform = load_waveform(clip, config.mfcc.sample_rate, use_tensorflow=self._use_tensorflow)
        heard = self._synthesizer.hear(waveform)
        images = [pixels(self._synthesizer.draw(heard.embedding, seed)) for seed in seeds]
        return Painting(images, range_warning(standard_scores(heard.mean_mfcc, config)))
