"""The flows' lesson: what sounds leave open, learnt when latents no longer move."""

from __future__ import annotations

import keras
import tensorflow as tf

from a2i_tf.models.latent_gan import FLOW_LEARNING_RATE, LatentGAN, jitter
from a2i_tf.models.randomness import BatchRandomness

# A stream of randomness that is neither the generator's nor the flows' own.
_SEED = 2_000_003
# Standard deviations of what is added to the embeddings that the flow of latents is told, and to
# what the flow of embeddings hears; their own is 1.
_MISTOLD = 0.1
_MISHEARD = 0.2


class FlowLesson(keras.Model):
    """Trains the flows of a `LatentGAN`, and nothing else.

    While generator and picture encoder learn, the flows follow latents whose meaning changes. When
    they have learnt, it doesn't any more: every picture can be described once (`describe`), and
    the flows learn from descriptions in memory, at a small part of the cost of a whole step.

    What the flows go by is blurred a little (conditioning augmentation, Ho et al. 2022, arXiv
    2106.15282, section 4), and the flow of latents learns with dropout: else they learn by heart
    which picture belongs to an embedding, and which embedding to a sound. Unless the preset wants
    it, sounds aren't varied here as they are before: of a sound in noise, less can be told than of
    those that are to be drawn.

    Args:
        gan: Its flows are trained, and their moving averages kept, in place.
    """

    def __init__(self, gan: LatentGAN) -> None:
        super().__init__(name="flow")
        self.gan = gan
        # What draws and is trained here.
        self.averages = [pair for pair in gan.averages if pair[1] in (gan.encoder, gan.sampler)]
        self.tracker = keras.metrics.Mean(name="loss")
        self.built = True
        gan.flow_optimizer.learning_rate.assign(FLOW_LEARNING_RATE)
        self.compile(gan.flow_optimizer, jit_compile=False)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What `fit` resets at every epoch."""
        return [self.tracker]

    def describe(
        self, mfcc: tf.Tensor, images: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Describes pairs as the flows know them.

        Args:
            mfcc: float32 [pairs, frames, coefficients].
            images: float32 [pairs, size, size, 3] in [-1, 1].

        Returns:
            What was heard, whitened, and what is seen of it, both float32 [pairs, embedding_dim];
            and latents, float32 [pairs, *latent_shape].
        """
        gan = self.gan
        return (
            gan.listener(mfcc, training=False),
            gan.embed(mfcc, images),
            gan.picture_encoder(images, training=False),
        )

    def train_step(self, data: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Takes one step.

        Args:
            data: What `describe` returns.

        Returns:
            The running mean of the loss of the flow of latents.
        """
        heard, embedding, latent = data
        step = self.optimizer.iterations
        randomness = BatchRandomness(self.gan.seed + _SEED, step, tf.shape(latent)[0])
        latent = jitter(latent, randomness)
        told = embedding + _MISTOLD * randomness.normal(embedding.shape[-1])
        heard += _MISHEARD * randomness.normal(heard.shape[-1])
        losses = self.gan.train_flows(heard, embedding, told, latent, dropout=True)
        self.gan.update_moving_averages(self.averages)
        self.tracker.update_state(losses["flow"])
        return {"loss": self.tracker.result()}
