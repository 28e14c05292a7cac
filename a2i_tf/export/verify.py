"""Whether an export draws what the model draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.errors import A2IError
from a2i_tf.export.signatures import SERVED_SEED
from a2i_tf.inference.savedmodel import SavedModelSynthesizer
from a2i_tf.inference.synthesizer import Synthesizer


@dataclass(frozen=True)
class Tolerance:
    """The largest differences that pass; None where there is no bound.

    Attributes:
        largest: Of any number of an embedding or image.
        image_mean: Of images on average.
    """

    largest: float | None = None
    image_mean: float | None = None


# Small weights move single pixels at edges; what counts is that the picture stays the same. On
# untrained networks, the worst mean was 0.0002 for float16 and 0.011 for int8.
TOLERANCES = {
    "float32": Tolerance(largest=1e-3),
    "float16": Tolerance(image_mean=5e-3),
    "int8": Tolerance(image_mean=5e-2),
    # Rounding to 8 bits moves a value by up to half a level.
    "png": Tolerance(largest=1e-3 + 0.5 / 255.0),
}

# The front end stays float32 in every export. Coefficients reach tens, so float32 leaves 1e-5.
_MFCC_MAX = 1e-2


@dataclass(frozen=True)
class Comparison:
    """How far an export is from the model, over all clips.

    Attributes:
        name: The export.
        embedding_max: Largest absolute difference of embeddings; None where the export gives none.
        mfcc_max: Largest absolute difference of mean MFCC; None where the export gives none.
        image_max: Largest absolute difference of images in [0, 1].
        image_mean: Mean absolute difference of images.
        tolerance: The bounds that hold for this export.
    """

    name: str
    embedding_max: float | None
    mfcc_max: float | None
    image_max: float
    image_mean: float
    tolerance: Tolerance

    @property
    def agrees(self) -> bool:
        """Whether all differences are within their bounds; NaN never is."""
        largest = [self.image_max, *([] if self.embedding_max is None else [self.embedding_max])]
        return (
            _within(largest, self.tolerance.largest)
            and _within([self.image_mean], self.tolerance.image_mean)
            and _within([self.mfcc_max or 0.0], _MFCC_MAX)
        )

    def require(self) -> None:
        """Refuses an export that disagrees.

        Raises:
            A2IError: if a difference is beyond its bound.
        """
        if not self.agrees:
            raise A2IError(
                f"the {self.name} export does not draw what the model draws (images differ by "
                f"{self.image_max:.2g} at most, {self.image_mean:.2g} on average); nothing was "
                "written: choose another precision, or report it as a bug"
            )


def _within(differences: Sequence[float], bound: float | None) -> bool:
    return all(np.isfinite(differences)) and (bound is None or max(differences) <= bound)


def compare(
    name: str,
    reference: Synthesizer,
    candidate: Synthesizer,
    clips: Sequence[NDArray[np.float32]],
    tolerance: Tolerance,
) -> Comparison:
    """Lets both hear and draw all clips.

    Args:
        name: What to call the candidate.
        reference: The live model.
        candidate: The export; it draws what it has heard itself.
        clips: At least one, each float32 [num_samples] at the model's rate.
        tolerance: The bounds to go by.
    """
    embeddings, mfcc, images = [], [], []
    for seed, clip in enumerate(clips):
        heard, heard_too = reference.hear(clip), candidate.hear(clip)
        embeddings.append(heard.embedding - heard_too.embedding)
        mfcc.append(heard.mean_mfcc - heard_too.mean_mfcc)
        pictures = (
            reference.draw(heard.embedding, seed),
            candidate.draw(heard_too.embedding, seed),
        )
        images.append(pictures[0] - pictures[1])
    image_difference = np.abs(images)
    return Comparison(
        name=name,
        embedding_max=float(np.abs(embeddings).max()),
        mfcc_max=float(np.abs(mfcc).max()),
        image_max=float(image_difference.max()),
        image_mean=float(image_difference.mean()),
        tolerance=tolerance,
    )


def compare_served(
    name: str,
    reference: Synthesizer,
    candidate: SavedModelSynthesizer,
    clips: Sequence[NDArray[np.float32]],
) -> Comparison:
    """Sends all clips to `serving_default` as one batch of WAV files; see `compare`."""
    rate = reference.config.mfcc.sample_rate
    files = tf.stack([tf.audio.encode_wav(clip[:, np.newaxis], rate) for clip in clips])
    pictures = candidate.loaded.signatures["serving_default"](audio_bytes=files)["image_bytes"]
    differences = []
    for file, picture in zip(files, pictures, strict=True):
        samples = tf.audio.decode_wav(file).audio[:, 0].numpy()
        served = tf.io.decode_png(picture).numpy() / np.float32(255.0)
        differences.append(np.abs(reference.generate(samples, SERVED_SEED) - served))
    return Comparison(
        name=name,
        embedding_max=None,
        mfcc_max=None,
        image_max=float(np.max(differences)),
        image_mean=float(np.mean(differences)),
        tolerance=TOLERANCES["png"],
    )
