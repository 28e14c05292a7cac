"""The adversarial model: one training step, and the networks that are kept."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.models.augment import augment_images
from a2i_tf.models.discriminator import build_discriminator
from a2i_tf.models.encoder import build_encoder
from a2i_tf.models.generator import build_generator
from a2i_tf.models.losses import (
    build_discriminator_loss,
    build_generator_loss,
    build_reconstruction_loss,
)
from a2i_tf.models.presets import Preset
from a2i_tf.models.randomness import BatchRandomness


class AudioToImageGAN(keras.Model):
    """Learns to draw pictures that belong to sounds.

    The encoder hears (`embedding`); the noise stands for what can't be heard. Without the
    discriminator, encoder and generator learn to paint the real pictures of a sound. With it, that
    fades, and they learn to draw what the discriminator takes for a real picture of it.

    Args:
        preset: Sizes, losses and rates.
        image_size: Width and height of the pictures in pixels.
        mfcc_shape: (frames, coefficients).
        statistics: MFCC statistics of the training split.
        seed: Seed of noise and augmentation.

    Attributes:
        progress: How far training has come, in [0, 1]; a callback sets it, schedules read it.
        adversarial: Whether the discriminator takes part. It is read when a step is traced;
            `invite_discriminator` changes it in between.
        drawing_encoder: Moving average of the encoder, kept for drawing.
        drawing_generator: Moving average of the generator, kept for drawing.
    """

    def __init__(
        self,
        preset: Preset,
        image_size: int,
        mfcc_shape: tuple[int, int],
        statistics: MfccStatistics,
        seed: int = 0,
    ) -> None:
        super().__init__(name="audio_to_image_gan")
        self.preset = preset
        self.seed = seed
        self.encoder = build_encoder(preset, mfcc_shape, statistics)
        self.generator = build_generator(preset, image_size)
        self.discriminator = build_discriminator(preset, image_size)
        self.drawing_encoder = _copy(self.encoder)
        self.drawing_generator = _copy(self.generator)
        self.progress = self.add_weight(name="progress", initializer="zeros", trainable=False)
        self.trackers = {
            name: keras.metrics.Mean(name=name)
            for name in ("discriminator", "generator", "reconstruction")
        }
        self.adversarial = preset.paint_share == 0
        # There is no forward pass of the whole; a strategy would try one on an unbuilt model.
        self.built = True

    def compile(self, **kwargs: Any) -> None:
        """Builds optimizers and losses from the preset."""
        super().compile(**kwargs)
        preset = self.preset
        self.generator_optimizer = keras.optimizers.Adam(
            lambda: self._decayed(preset.generator_learning_rate), beta_1=preset.beta_1
        )
        self.discriminator_optimizer = keras.optimizers.Adam(
            lambda: self._decayed(preset.discriminator_learning_rate), beta_1=preset.beta_1
        )
        self.generator_optimizer.build(self.drawing_side_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.discriminator_loss = build_discriminator_loss(preset)
        self.generator_loss = build_generator_loss(preset)
        self.reconstruction_loss = build_reconstruction_loss(preset)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The trackers, which `fit` resets at every epoch."""
        return list(self.trackers.values())

    @property
    def drawing_side_variables(self) -> list[keras.Variable]:
        """All that the generator's optimizer trains."""
        return self.encoder.trainable_variables + self.generator.trainable_variables

    @property
    def adversarial_weight(self) -> tf.Tensor:
        """The weight of the adversarial term now."""
        return self._fade(self.preset.adversarial_weight, self.preset.final_adversarial_weight)

    @property
    def reconstruction_weight(self) -> tf.Tensor:
        """The weight of the reconstruction term now."""
        preset = self.preset
        return self._fade(preset.reconstruction_weight, preset.final_reconstruction_weight)

    def invite_discriminator(self) -> None:
        """Lets the discriminator take part from the next step on."""
        self.adversarial = True
        # Keras keeps the traced step; the next `fit` traces another one.
        self.train_function = None

    def train_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Takes one step.

        Args:
            data: mfcc, float32 [batch, frames, coefficients], and real images, float32 [batch,
                size, size, 3] in [-1, 1].

        Returns:
            The running means of all losses.
        """
        mfcc, real_images = data
        step = self.generator_optimizer.iterations
        randomness = BatchRandomness(self.seed, step, tf.shape(mfcc)[0])
        samples = self.preset.samples_per_sound
        noise = randomness.normal(self.preset.noise_dim, times=samples)
        losses = {}

        with tf.GradientTape() as tape:
            embedding = self.encoder(mfcc, training=True)
            heard = tf.tile(embedding, [samples, 1])
            generated_images = self.generator([heard, noise], training=True)
            losses["reconstruction"] = self.reconstruction_loss(
                real_images[:, None], tf.stack(tf.split(generated_images, samples), axis=1)
            )
            total_loss = self.reconstruction_weight * losses["reconstruction"]
            if self.adversarial:
                with tape.stop_recording():
                    losses["discriminator"] = self._train_discriminator(
                        real_images, generated_images, embedding, randomness
                    )
                logits = self._score(generated_images, embedding, randomness, samples)
                losses["generator"] = self.generator_loss(tf.ones_like(logits), logits)
                total_loss += self.adversarial_weight * losses["generator"]
        variables = self.drawing_side_variables
        self.generator_optimizer.apply(tape.gradient(total_loss, variables), variables)
        self._update_moving_averages()
        return self._track(losses)

    def _fade(self, first: float, last: float) -> tf.Tensor:
        """Returns `first` while painting, then changes linearly to `last`."""
        share = self.preset.paint_share
        faded = tf.nn.relu(tf.convert_to_tensor(self.progress) - share) / (1 - share)
        return first + (last - first) * faded

    def _decayed(self, learning_rate: float) -> tf.Tensor:
        left = self.preset.final_learning_rate_share
        return learning_rate * (1 - (1 - left) * tf.convert_to_tensor(self.progress))

    def _train_discriminator(
        self,
        real_images: tf.Tensor,
        generated_images: tf.Tensor,
        embedding: tf.Tensor,
        randomness: BatchRandomness,
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            real_logits = self._score(real_images, embedding, randomness, training=True)
            generated_logits = self._score(
                generated_images,
                embedding,
                randomness,
                self.preset.samples_per_sound,
                training=True,
            )
            loss = 0.5 * (
                self.discriminator_loss(tf.ones_like(real_logits), real_logits)
                + self.discriminator_loss(tf.zeros_like(generated_logits), generated_logits)
            )
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def _score(
        self,
        images: tf.Tensor,
        embedding: tf.Tensor,
        randomness: BatchRandomness,
        samples: int = 1,
        training: bool = False,
    ) -> tf.Tensor:
        # The encoder learns from the pictures, not from making the discriminator's task easier.
        heard = tf.stop_gradient(tf.tile(embedding, [samples, 1]))
        if self.preset.augment:
            images = augment_images(images, randomness, times=samples)
        return self.discriminator([images, heard], training=training)

    def _update_moving_averages(self) -> None:
        decay = self.preset.moving_average_decay
        for average, current in (
            (self.drawing_encoder, self.encoder),
            (self.drawing_generator, self.generator),
        ):
            for kept, new in zip(average.variables, current.variables, strict=True):
                kept.assign(decay * kept + (1.0 - decay) * new)

    def _track(self, losses: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        for name, loss in losses.items():
            self.trackers[name].update_state(loss)
        return {name: self.trackers[name].result() for name in losses}


def _copy(network: keras.Model) -> keras.Model:
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy
