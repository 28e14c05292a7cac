"""The adversarial model whose latents are found in pictures, and sampled by a flow."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.models.drawing_loop import build_drawing_generator
from a2i_tf.models.embedding_flow import EmbeddingFlow
from a2i_tf.models.gan import AudioToImageGAN, copy_network
from a2i_tf.models.latent_flow import LatentFlow, build_sampler
from a2i_tf.models.picture_encoder import build_picture_encoder
from a2i_tf.models.presets import Preset
from a2i_tf.models.randomness import BatchRandomness
from a2i_tf.models.sketch_reader import build_sketch_reader
from a2i_tf.models.sketches import make_strips

FLOW_LEARNING_RATE = 4e-3
"""Of Adam, until it falls at the end of the lesson of the flows."""

# So that latents which resemble each other draw pictures which do.
_JITTER = 0.2
# Of the sounds that the flow learns from; what it learns without any is what guidance leads from.
_UNHEARD_SHARE = 0.15
_LISTENING_BATCH = 128
# Streams of randomness that are not the generator's.
_FLOW_SEED = 1_000_003


class LatentGAN(AudioToImageGAN):
    """An autoencoding GAN (Larsen et al. 2016, arXiv 1512.09300) and a flow over its latents.

    Where things are in a picture can't be heard. Whoever must guess it paints the mean of all
    guesses. Here, while training, a picture encoder tells the generator, by a latent of a few
    numbers for every area; and a flow learns which latents belong to a sound (latent diffusion,
    Rombach et al. 2022, arXiv 2112.10752). To draw, the flow makes a latent of the sound and
    noise, and the generator a picture of that.

    What a picture is to show of its sound (the embedding) is read from its sketch while training,
    by a reader that has learnt it before (models/alignment.py); a second flow learns which
    embeddings belong to a sound. To draw, the most likely one is taken. So a generator that is
    told how much it rains learns to draw just that, and not any rain that the sound allows. What it
    draws is read again, to correct it once (models/drawing_loop.py).
    """

    def build_prior(self, image_size: int) -> None:
        """Builds the readers of pictures and the flow, and lets the flow draw."""
        self.sketch_reader = build_sketch_reader(self.preset)
        self.picture_encoder = build_picture_encoder(self.preset, image_size)
        self.sampler = build_sampler(self.preset)
        self.flow: LatentFlow = self.sampler.get_layer("flow")
        self.embedding_flow: EmbeddingFlow = self.encoder.get_layer("embedding")
        heard = self.encoder.get_layer("whiten").output
        self.listener = keras.Model(self.encoder.input, heard, name="listener")
        drawing_sampler = copy_network(self.sampler)
        self.averages.append((drawing_sampler, self.sampler))
        self.drawing_generator = build_drawing_generator(
            drawing_sampler, self.drawing_generator, self.sketch_reader
        )
        for name in ("flow", "embedding"):
            self.trackers[name] = keras.metrics.Mean(name=name)

    def compile(self, **kwargs: Any) -> None:
        """Builds the flows' optimizer, too."""
        super().compile(**kwargs)
        self.flow_optimizer = keras.optimizers.Adam(FLOW_LEARNING_RATE)
        self.flow_optimizer.build(self.flow_variables)
        self.flow_loss = keras.losses.MeanSquaredError()

    @property
    def drawing_side_variables(self) -> list[keras.Variable]:
        """All that the generator's optimizer trains."""
        return self.picture_encoder.trainable_variables + self.generator.trainable_variables

    @property
    def flow_variables(self) -> list[keras.Variable]:
        """All that the flows' optimizer trains."""
        return self.sampler.trainable_variables + self.embedding_flow.trainable_variables

    def embed(self, mfcc: tf.Tensor, real_images: tf.Tensor) -> tf.Tensor:
        """Returns what the pictures show of what can be heard: float32 [batch, embedding_dim]."""
        del mfcc
        return self._read(real_images)

    def find_latent(self, real_images: tf.Tensor, randomness: BatchRandomness) -> tf.Tensor:
        """Returns the pictures' own latents, jittered: float32 [batch, *latent_shape]."""
        return jitter(self.picture_encoder(real_images, training=True), randomness)

    def train_prior(
        self, mfcc: tf.Tensor, embedding: tf.Tensor, latent: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Lets the flows follow the latents, which move while the picture encoder learns."""
        heard = self.listener(mfcc, training=False)
        # Nothing is learnt by heart from what moves.
        return self.train_flows(heard, embedding, embedding, latent, dropout=False)

    def advance(self, progress: float) -> None:
        """Sets the flows' rate, too: a lesson that a resumed run has behind it left it low."""
        super().advance(progress)
        self.flow_optimizer.learning_rate.assign(FLOW_LEARNING_RATE)

    def train_flows(
        self,
        heard: tf.Tensor,
        embedding: tf.Tensor,
        told: tf.Tensor,
        latent: tf.Tensor,
        *,
        dropout: bool,
    ) -> dict[str, tf.Tensor]:
        """Takes a step of flow matching (Lipman et al. 2023, equation 23, without its sigma).

        Args:
            heard: What was heard, whitened, float32 [pairs, embedding_dim].
            embedding: What pictures show of it, float32 [pairs, embedding_dim].
            told: What the flow of latents is told of that, of the same shape.
            latent: What can't be heard of them, jittered, float32 [pairs, *latent_shape].
            dropout: Whether the flow of latents learns with dropout.

        Returns:
            The losses of the flow of latents and of that of embeddings, as "flow" and "embedding".
        """
        step = self.flow_optimizer.iterations
        randomness = BatchRandomness(self.seed + _FLOW_SEED, step, tf.shape(latent)[0])
        noise = randomness.normal(*self.preset.latent_shape)
        time = randomness.uniform(1)
        told *= tf.cast(randomness.uniform(1) >= _UNHEARD_SHARE, told.dtype)
        on_the_way = noise + time[:, :, None, None] * (latent - noise)
        other_noise = randomness.normal(self.preset.embedding_dim)
        embedding_on_the_way = other_noise + time * (embedding - other_noise)
        with tf.GradientTape() as tape:
            velocity = self.flow.field([on_the_way, time, told], training=dropout)
            flow_loss = self.flow_loss(latent - noise, velocity)
            velocity = self.embedding_flow.field([embedding_on_the_way, time, heard], training=True)
            embedding_loss = self.flow_loss(embedding - other_noise, velocity)
            loss = flow_loss + embedding_loss
        variables = self.flow_variables
        self.flow_optimizer.apply(tape.gradient(loss, variables), variables)
        return {"flow": flow_loss, "embedding": embedding_loss}

    def remember_sounds(self, batches: tf.data.Dataset) -> None:
        """Lets the encoder remember what sounds are told as, where the preset wants a mean shift.

        Args:
            batches: (mfcc float32 [batch, frames, coefficients], anything), without an end.
        """
        encoder = self.drawing_encoder
        teller = keras.Model(encoder.input, encoder.get_layer("embedding").output)
        layers = [network.get_layer("mean_shift") for network in (encoder, self.encoder)]
        sounds = batches.unbatch().take(layers[0].num_points).batch(_LISTENING_BATCH)
        told = np.concatenate([teller(mfcc, training=False) for mfcc, _ in sounds])
        for layer in layers:
            layer.remember(told)

    def _read(self, images: tf.Tensor) -> tf.Tensor:
        return self.sketch_reader(make_strips(images), training=False)


def jitter(latent: tf.Tensor, randomness: BatchRandomness) -> tf.Tensor:
    """Moves latents a little, as the generator and the flow are to know them."""
    return latent + _JITTER * randomness.normal(*latent.shape[1:])


def build_gan(
    preset: Preset,
    image_size: int,
    mfcc: MfccConfig,
    statistics: MfccStatistics,
    seed: int = 0,
) -> AudioToImageGAN:
    """Builds the model of a preset; the arguments are those of `AudioToImageGAN`."""
    model = LatentGAN if preset.prior == "flow" else AudioToImageGAN
    return model(preset, image_size, mfcc, statistics, seed)
