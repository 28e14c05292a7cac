"""What a trained model expects and gives, saved beside it wherever it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.config import Config
from a2i_tf.errors import A2IError

CONFIG_FILE = "config.json"
MODEL_FORMAT = 3


@dataclass(frozen=True)
class ModelConfig(Config):
    """The contract of a trained model.

    Attributes:
        mfcc: The front end that it was trained with.
        image_size: Width and height of its pictures in pixels.
        embedding_dim: Length of the embedding.
        noise_dim: Length of the noise.
        preset: Name of the preset it was trained with.
        dataset: Name of the dataset it was trained on.
        labels: The classes of that dataset.
        mfcc_mean: What every coefficient was on average in the training split; [num_mfccs].
        mfcc_deviation: Its standard deviation there, over all frames; [num_mfccs].
        run: Name of the run.
        steps: Training steps taken.
        format: Version of the files' layout.
    """

    mfcc: MfccConfig
    image_size: int
    embedding_dim: int
    noise_dim: int
    preset: str
    dataset: str
    labels: tuple[str, ...]
    mfcc_mean: tuple[float, ...]
    mfcc_deviation: tuple[float, ...]
    run: str
    steps: int
    format: int = MODEL_FORMAT

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelConfig:
        """Rebuilds a configuration, and refuses one of another format.

        Raises:
            A2IError: if the format is another one, or a field doesn't fit.
        """
        if values.get("format") != MODEL_FORMAT:
            raise A2IError(
                f"the model has format {values.get('format')}, this a2i reads {MODEL_FORMAT}: "
                "it was made by another version of a2i; train or export it again"
            )
        return super().from_dict(values)
