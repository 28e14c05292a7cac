"""The adversarial model whose latents are found in pictures, and sampled by a flow."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.models.gan import AudioToImageGAN, copy_network
from a2i_tf.models.latent_flow import LatentFlow, build_sampler
from a2i_tf.models.picture_encoder import build_picture_encoder
from a2i_tf.models.presets import Preset
from a2i_tf.models.randomness import BatchRandomness

_FLOW_LEARNING_RATE = 2e-3
# So that latents which resemble each other draw pictures which do.
_JITTER = 0.2
# Of the sounds that the flow learns from; what it learns without any is what guidance leads from.
_UNHEARD_SHARE = 0.15
# Streams of randomness that are not the generator's.
_FLOW_SEED = 1_000_003


class LatentGAN(AudioToImageGAN):
    """An autoencoding GAN (Larsen et al. 2016, arXiv 1512.09300) and a flow over its latents.

    Where things are in a picture can't be heard. Whoever must guess it paints the mean of all
    guesses. Here, while training, a picture encoder tells the generator, by a latent of a few
    numbers for every area; and a flow learns which latents belong to a sound (latent diffusion,
    Rombach et al. 2022, arXiv 2112.10752). To draw, the flow makes a latent of the sound and
    noise, and the generator a picture of that.

    The encoder of sounds has learnt from sketches, and is not trained any more: it would learn
    from training pictures what the picture encoder hears better.
    """

    def build_prior(self, image_size: int) -> None:
        """Builds the picture encoder and the flow, and lets the flow draw."""
        self.picture_encoder = build_picture_encoder(self.preset, image_size)
        self.sampler = build_sampler(self.preset)
        self.flow: LatentFlow = self.sampler.get_layer("flow")
        drawing_sampler = copy_network(self.sampler)
        self.averages.append((drawing_sampler, self.sampler))
        self.drawing_generator = _join(drawing_sampler, self.drawing_generator)
        self.trackers["flow"] = keras.metrics.Mean(name="flow")

    def compile(self, **kwargs: Any) -> None:
        """Builds the flow's optimizer, too."""
        super().compile(**kwargs)
        self.flow_optimizer = keras.optimizers.Adam(_FLOW_LEARNING_RATE)
        self.flow_optimizer.build(self.sampler.trainable_variables)
        self.flow_loss = keras.losses.MeanSquaredError()

    @property
    def drawing_side_variables(self) -> list[keras.Variable]:
        """All that the generator's optimizer trains."""
        return self.picture_encoder.trainable_variables + self.generator.trainable_variables

    @property
    def learning_rates(self) -> list[tuple[keras.optimizers.Optimizer, float]]:
        """All optimizers, with the rates that they begin with."""
        return [*super().learning_rates, (self.flow_optimizer, _FLOW_LEARNING_RATE)]

    def pairs_to_draw(self, data: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the part of the pairs that the generator learns from; the flow takes all."""
        mfcc, real_images = data
        # Every so many rows, so that however a strategy shares pairs out, the part is the same.
        stride = self.preset.pairs_per_step // self.preset.batch_size
        return mfcc[::stride], real_images[::stride]

    def find_latent(self, real_images: tf.Tensor, randomness: BatchRandomness) -> tf.Tensor:
        """Returns the pictures' own latents, jittered: float32 [batch, *latent_shape]."""
        return self._jitter(self.picture_encoder(real_images, training=True), randomness)

    def train_prior(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Trains the flow on all pairs: encoders that only listen and look cost little."""
        mfcc, real_images = data
        embedding = self.encoder(mfcc, training=False)
        return self.train_flow(embedding, self.picture_encoder(real_images, training=False))

    def train_flow(self, embedding: tf.Tensor, latent: tf.Tensor) -> dict[str, tf.Tensor]:
        """Takes a step of flow matching (Lipman et al. 2023, equation 23, without its sigma).

        Args:
            embedding: float32 [pairs, embedding_dim].
            latent: float32 [pairs, *latent_shape].

        Returns:
            The loss, as "flow".
        """
        step = self.flow_optimizer.iterations
        randomness = BatchRandomness(self.seed + _FLOW_SEED, step, tf.shape(latent)[0])
        latent = self._jitter(latent, randomness)
        noise = randomness.normal(*self.preset.latent_shape)
        time = randomness.uniform(1)
        embedding *= tf.cast(randomness.uniform(1) >= _UNHEARD_SHARE, embedding.dtype)
        on_the_way = noise + time[:, :, None, None] * (latent - noise)
        with tf.GradientTape() as tape:
            velocity = self.flow.field([on_the_way, time, embedding], training=True)
            loss = self.flow_loss(latent - noise, velocity)
        variables = self.sampler.trainable_variables
        self.flow_optimizer.apply(tape.gradient(loss, variables), variables)
        return {"flow": loss}

    def _jitter(self, latent: tf.Tensor, randomness: BatchRandomness) -> tf.Tensor:
        return latent + _JITTER * randomness.normal(*self.preset.latent_shape)


def build_gan(
    preset: Preset,
    image_size: int,
    mfcc_shape: tuple[int, int],
    statistics: MfccStatistics,
    seed: int = 0,
) -> AudioToImageGAN:
    """Builds the model of a preset; the arguments are those of `AudioToImageGAN`."""
    model = LatentGAN if preset.prior == "flow" else AudioToImageGAN
    return model(preset, image_size, mfcc_shape, statistics, seed)


def _join(sampler: keras.Model, generator: keras.Model) -> keras.Model:
    """Returns (embedding, noise) → image, in the two networks' own weights."""
    embedding, noise = sampler.inputs
    image = generator([embedding, sampler([embedding, noise])])
    return keras.Model([embedding, noise], image, name="drawing_generator")
