"""One interface over every form that a trained model takes."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from a2i_tf.audio.windows import cut_windows, window_starts
from a2i_tf.errors import A2IError
from a2i_tf.inference.noise import noise_from_seed
from a2i_tf.models.config import ModelConfig

WINDOWS_PER_BATCH = 64


class HeardWindows(NamedTuple):
    """What was heard in k windows.

    Attributes:
        embedding: float32 [k, embedding_dim].
        mfcc: What it was made from: float32 [k, num_frames, num_mfccs].
    """

    embedding: NDArray[np.float32]
    mfcc: NDArray[np.float32]


class HeardClip(NamedTuple):
    """What was heard in a clip, on average over its windows.

    Attributes:
        embedding: float32 [embedding_dim].
        mean_mfcc: float32 [num_mfccs], over all frames; `training_range` judges it.
    """

    embedding: NDArray[np.float32]
    mean_mfcc: NDArray[np.float32]


class Synthesizer(abc.ABC):
    """Hears a waveform and draws a picture.

    Backends implement `encode_windows` and `draw_batch`; all else is shared, so that every
    backend averages, checks and seeds alike.

    Attributes:
        config: The contract of the model.
    """

    def __init__(self, config: ModelConfig) -> None:
        self.config = config

    @abc.abstractmethod
    def encode_windows(self, windows: NDArray[np.float32]) -> HeardWindows:
        """Encodes windows of the model's own length.

        Args:
            windows: float32 [k, window_samples] in [-1, 1], k at least 1.
        """

    @abc.abstractmethod
    def draw_batch(
        self, embeddings: NDArray[np.float32], noise: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Draws one picture a row.

        Args:
            embeddings: float32 [n, embedding_dim], n at least 1.
            noise: float32 [n, noise_dim], standard normal.

        Returns:
            float32 [n, image_size, image_size, 3] in [0, 1].
        """

    def hear(self, waveform: NDArray[np.float32]) -> HeardClip:
        """Listens to a clip.

        A clip longer than the window is encoded window by window, half overlapping, and what was
        heard is averaged; a shorter one is zero-padded. Memory beyond the clip stays bounded,
        whatever its length.

        Args:
            waveform: floating [num_samples] in [-1, 1], mono at `config.mfcc.sample_rate`, at
                least one sample.

        Raises:
            A2IError: if the waveform is empty, not one-dimensional, of whole numbers, or holds
                NaN or infinite samples.
        """
        checked = _check_waveform(waveform)
        embedding = np.zeros(self.config.embedding_dim, np.float64)
        mfcc = np.zeros(self.config.mfcc.num_mfccs, np.float64)
        count = 0
        for windows in _window_batches(checked, self.config.mfcc.window_samples):
            heard = self.encode_windows(windows)
            embedding += heard.embedding.sum(axis=0, dtype=np.float64)
            mfcc += heard.mfcc.mean(axis=1, dtype=np.float64).sum(axis=0)
            count += len(windows)
        return HeardClip((embedding / count).astype(np.float32), (mfcc / count).astype(np.float32))

    def encode(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the embedding of a clip, float32 [embedding_dim]; see `hear`."""
        return self.hear(waveform).embedding

    def draw(self, embedding: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
        """Draws what was heard.

        Args:
            embedding: float32 [embedding_dim], from `encode`.
            seed: Chooses among the pictures that belong to one sound; the same on every backend.

        Returns:
            float32 [image_size, image_size, 3] in [0, 1]; `pixels` makes it ready for a PNG.

        Raises:
            A2IError: if the embedding has another shape, or the seed is negative.
        """
        embedding = np.asarray(embedding, np.float32)
        if embedding.shape != (self.config.embedding_dim,):
            raise A2IError(
                f"the embedding has shape {list(embedding.shape)}, "
                f"this model's have [{self.config.embedding_dim}]; encode the clip with this model"
            )
        noise = noise_from_seed(seed, self.config.noise_dim)
        return self.draw_batch(embedding[np.newaxis], noise[np.newaxis])[0]

    def generate(self, waveform: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
        """Draws the picture of a clip: `encode`, then `draw`."""
        return self.draw(self.encode(waveform), seed)


def _check_waveform(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    array = np.asarray(waveform)
    if array.ndim != 1:
        raise A2IError(
            f"the waveform has shape {list(array.shape)}; give mono sound, one row of samples"
        )
    if array.size == 0:
        raise A2IError("the waveform is empty; give at least one sample")
    if not np.issubdtype(array.dtype, np.floating):
        raise A2IError(f"the waveform holds {array.dtype}; give float32 in [-1, 1]")
    if not np.isfinite(array).all():
        raise A2IError("the waveform holds NaN or infinite samples; record or convert it again")
    return array.astype(np.float32, copy=False)


def _window_batches(
    waveform: NDArray[np.float32], window_samples: int
) -> Iterator[NDArray[np.float32]]:
    """Yields the windows of a clip, a bounded number at a time."""
    starts = window_starts(len(waveform), window_samples)
    for first in range(0, len(starts), WINDOWS_PER_BATCH):
        batch = starts[first : first + WINDOWS_PER_BATCH]
        # A stretch that begins and ends with a window of the clip is cut into just those windows.
        yield cut_windows(waveform[batch[0] : batch[-1] + window_samples], window_samples)
