"""The adversarial model: one training step, and the networks that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.models.augment import augment_images
from a2i_tf.models.discriminator import build_discriminator
from a2i_tf.models.encoder import build_encoder
from a2i_tf.models.generator import build_generator
from a2i_tf.models.losses import (
    Reconstruction,
    build_discriminator_loss,
    build_generator_loss,
)
from a2i_tf.models.presets import Preset
from a2i_tf.models.randomness import BatchRandomness
from a2i_tf.models.schedule import decay


class AudioToImageGAN(keras.Model):
    """Learns to draw pictures that belong to sounds.

    The encoder hears (`embedding`); a latent stands for what can't be heard. Here it is noise:
    the plain conditional GAN. `LatentGAN` finds it in the real picture. The generator learns to
    draw the real picture of a sound, and what the discriminator takes for one; which of the two
    weighs more changes with the progress of the training.

    Args:
        preset: Sizes, losses and rates.
        image_size: Width and height of the pictures in pixels.
        mfcc: The recipe of the features.
        statistics: MFCC statistics of the training split.
        seed: Seed of noise and augmentation.

    Attributes:
        progress: How far training has come towards the flows' own lesson, in [0, 1]; `advance` sets
            it, schedules read it.
        drawing_encoder: Moving average of the encoder, kept for drawing.
        drawing_generator: Moving average of the generator, with all that it needs to draw.
    """

    def __init__(
        self,
        preset: Preset,
        image_size: int,
        mfcc: MfccConfig,
        statistics: MfccStatistics,
        seed: int = 0,
    ) -> None:
        super().__init__(name="audio_to_image_gan")
        self.preset = preset
        self.seed = seed
        self.encoder = build_encoder(preset, mfcc, statistics)
        self.generator = build_generator(preset, image_size)
        self.discriminator = build_discriminator(preset, image_size)
        self.drawing_encoder = copy_network(self.encoder)
        self.drawing_generator = copy_network(self.generator)
        self.averages = [
            (self.drawing_encoder, self.encoder),
            (self.drawing_generator, self.generator),
        ]
        self.progress = self.add_weight(name="progress", initializer="zeros", trainable=False)
        self.trackers = {
            name: keras.metrics.Mean(name=name)
            for name in ("discriminator", "generator", "reconstruction")
        }
        self.build_prior(image_size)
        # There is no forward pass of the whole; a strategy would try one on an unbuilt model.
        self.built = True

    def build_prior(self, image_size: int) -> None:
        """Builds what finds and samples latents. Noise needs nothing."""

    def compile(self, **kwargs: Any) -> None:
        """Builds optimizers and losses from the preset."""
        super().compile(**kwargs)
        preset = self.preset
        self.generator_optimizer = keras.optimizers.Adam(
            preset.generator_learning_rate, beta_1=preset.beta_1
        )
        self.discriminator_optimizer = keras.optimizers.Adam(
            preset.discriminator_learning_rate, beta_1=preset.beta_1
        )
        self.generator_optimizer.build(self.drawing_side_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.discriminator_loss = build_discriminator_loss(preset)
        self.generator_loss = build_generator_loss(preset)
        self.reconstruction_loss = Reconstruction(preset.sketch_weight)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The trackers, which `fit` resets at every epoch."""
        return list(self.trackers.values())

    @property
    def drawing_side_variables(self) -> list[keras.Variable]:
        """All that the generator's optimizer trains."""
        return self.encoder.trainable_variables + self.generator.trainable_variables

    @property
    def learning_rates(self) -> list[tuple[keras.optimizers.Optimizer, float]]:
        """The optimizers whose rates `advance` lets fall, with those that they begin with."""
        return [
            (self.generator_optimizer, self.preset.generator_learning_rate),
            (self.discriminator_optimizer, self.preset.discriminator_learning_rate),
        ]

    @property
    def adversarial_weight(self) -> tf.Tensor:
        """The weight of the adversarial term now."""
        return self._now(self.preset.adversarial_weight, self.preset.final_adversarial_weight)

    @property
    def reconstruction_weight(self) -> tf.Tensor:
        """The weight of the reconstruction term now."""
        return self._now(self.preset.reconstruction_weight, self.preset.final_reconstruction_weight)

    def advance(self, progress: float) -> None:
        """Sets the progress, and the learning rates, which fall towards the end.

        Args:
            progress: How far training has come, in [0, 1].
        """
        self.progress.assign(progress)
        for optimizer, rate in self.learning_rates:
            optimizer.learning_rate.assign(rate * decay(progress, self.preset.decay_share))

    def train_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Takes one step.

        Args:
            data: mfcc, float32 [pairs, frames, coefficients], and real images, float32 [pairs,
                size, size, 3] in [-1, 1]; `preset.batch_size` pairs over all replicas.

        Returns:
            The running means of all losses.
        """
        mfcc, real_images = data
        step = self.generator_optimizer.iterations
        randomness = BatchRandomness(self.seed, step, tf.shape(real_images)[0])

        with tf.GradientTape() as tape:
            embedding = self.embed(mfcc, real_images)
            latent = self.find_latent(real_images, randomness)
            generated_images = self.generator([embedding, latent], training=True)
            with tape.stop_recording():
                discriminator_loss = self._train_discriminator(
                    real_images, generated_images, embedding, randomness
                )
            generated_logits = self._score(generated_images, embedding, randomness)
            generator_loss = self.generator_loss(tf.ones_like(generated_logits), generated_logits)
            reconstruction_loss = self.reconstruction_loss(real_images, generated_images)
            total_loss = (
                self.adversarial_weight * generator_loss
                + self.reconstruction_weight * reconstruction_loss
            )
        variables = self.drawing_side_variables
        self.generator_optimizer.apply(tape.gradient(total_loss, variables), variables)
        prior_losses = self.train_prior(mfcc, embedding, latent)
        self.update_moving_averages(self.averages)
        return self._track(
            discriminator=discriminator_loss,
            generator=generator_loss,
            reconstruction=reconstruction_loss,
            **prior_losses,
        )

    def embed(self, mfcc: tf.Tensor, real_images: tf.Tensor) -> tf.Tensor:
        """Returns what the pictures are to show: float32 [batch, embedding_dim]; what is heard."""
        del real_images
        return self.encoder(mfcc, training=True)

    def find_latent(self, real_images: tf.Tensor, randomness: BatchRandomness) -> tf.Tensor:
        """Returns what the generator is to draw from: float32 [batch, *latent_shape]; noise."""
        del real_images
        return randomness.normal(*self.preset.latent_shape)

    def train_prior(
        self, mfcc: tf.Tensor, embedding: tf.Tensor, latent: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Learns which latents belong to a sound; returns the losses. Noise needs none."""
        del mfcc, embedding, latent
        return {}

    def update_moving_averages(self, pairs: Sequence[tuple[keras.Model, keras.Model]]) -> None:
        """Moves averages towards networks.

        Args:
            pairs: (average, network) of the same form.
        """
        # Untrained weights would weigh for long: after 150 steps, 0.99 keeps 22% of them.
        # Hence the rule of TensorFlow's ExponentialMovingAverage with `num_updates`.
        steps = tf.cast(self.generator_optimizer.iterations, tf.float32)
        kept_share = tf.minimum(self.preset.moving_average_decay, steps / (steps + 9.0))
        for average, current in pairs:
            for kept, new in zip(average.weights, current.weights, strict=True):
                kept.assign(kept_share * kept + (1.0 - kept_share) * new)

    def _now(self, first: float, last: float) -> tf.Tensor:
        return first + (last - first) * tf.convert_to_tensor(self.progress)

    def _train_discriminator(
        self,
        real_images: tf.Tensor,
        generated_images: tf.Tensor,
        embedding: tf.Tensor,
        randomness: BatchRandomness,
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            real_logits = self._score(real_images, embedding, randomness, training=True)
            generated_logits = self._score(generated_images, embedding, randomness, training=True)
            targets = tf.concat([tf.ones_like(real_logits), tf.zeros_like(generated_logits)], 0)
            loss = self.discriminator_loss(targets, tf.concat([real_logits, generated_logits], 0))
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def _score(
        self,
        images: tf.Tensor,
        embedding: tf.Tensor,
        randomness: BatchRandomness,
        training: bool = False,
    ) -> tf.Tensor:
        if self.preset.augment:
            images = augment_images(images, randomness)
        # The encoder learns from the pictures, not from making the discriminator's task easier.
        return self.discriminator([images, tf.stop_gradient(embedding)], training=training)

    def _track(self, **losses: tf.Tensor) -> dict[str, tf.Tensor]:
        for name, tracker in self.trackers.items():
            tracker.update_state(losses[name])
        return {name: tracker.result() for name, tracker in self.trackers.items()}


def copy_network(network: keras.Model) -> keras.Model:
    """Returns a network of the same form and weights that isn't trained."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy
