"""The adversarial model: one training step, and the networks that are kept."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.models.augment import augment_images
from a2i_tf.models.discriminator import build_discriminator, build_posterior
from a2i_tf.models.encoder import build_encoder
from a2i_tf.models.generator import build_generator
from a2i_tf.models.losses import NormalDivergence, build_discriminator_loss, build_generator_loss
from a2i_tf.models.presets import Preset
from a2i_tf.models.randomness import BatchRandomness


class AudioToImageGAN(keras.Model):
    """Learns to draw pictures that belong to sounds.

    The encoder hears (`embedding`); the noise stands for what can't be heard. With a posterior,
    the noise of a real picture is inferred from it, and encoder and generator learn to paint
    that picture again (CVAE-GAN, Bao et al. 2017); without one, they learn to paint it from any
    noise. The discriminator judges pictures drawn from free noise.

    Args:
        preset: Sizes, losses and rates.
        image_size: Width and height of the pictures in pixels.
        mfcc_shape: (frames, coefficients).
        statistics: MFCC statistics of the training split.
        seed: Seed of noise and augmentation.

    Attributes:
        progress: How far training has come, in [0, 1]; a callback sets it, schedules read it.
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
        self.posterior = build_posterior(preset, image_size) if preset.has_posterior else None
        self.drawing_encoder = _copy(self.encoder)
        self.drawing_generator = _copy(self.generator)
        self.progress = self.add_weight(name="progress", initializer="zeros", trainable=False)
        self.trackers = {
            name: keras.metrics.Mean(name=name)
            for name in ("discriminator", "generator", "reconstruction", "draft", "divergence")
        }
        # There is no forward pass of the whole; a strategy would try one on an unbuilt model.
        self.built = True

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
        self.reconstruction_loss = keras.losses.MeanAbsoluteError()
        self.divergence_loss = NormalDivergence()

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The trackers, which `fit` resets at every epoch."""
        return list(self.trackers.values())

    @property
    def drawing_side_variables(self) -> list[keras.Variable]:
        """All that the generator's optimizer trains."""
        networks = [self.encoder, self.generator, self.posterior]
        return [v for network in networks if network for v in network.trainable_variables]

    @property
    def reconstruction_weight(self) -> tf.Tensor:
        """The weight of the reconstruction term now: it decays linearly with the progress."""
        first, last = self.preset.reconstruction_weight, self.preset.final_reconstruction_weight
        return first + (last - first) * tf.convert_to_tensor(self.progress)

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

        with tf.GradientTape() as tape:
            embedding = self.encoder(mfcc, training=True)
            noise, painted_again, divergence_loss = self._choose_noise(real_images, randomness)
            generated_images = self.generator([embedding, noise], training=True)
            with tape.stop_recording():
                discriminator_loss = self._train_discriminator(
                    real_images, generated_images, embedding, randomness
                )
            generated_logits = self._score(generated_images, embedding, randomness)
            generator_loss = self.generator_loss(tf.ones_like(generated_logits), generated_logits)
            reconstruction_loss = self.reconstruction_loss(
                real_images, generated_images, sample_weight=painted_again
            )
            draft_loss = self.reconstruction_loss(
                tf.nn.avg_pool2d(real_images, 8, 8, "VALID"),
                tf.nn.avg_pool2d(generated_images, 8, 8, "VALID"),
                sample_weight=2.0 - painted_again,
            )
            total_loss = (
                self.preset.adversarial_weight * generator_loss
                + self.reconstruction_weight * (reconstruction_loss + draft_loss)
                + self.preset.divergence_weight * divergence_loss
            )
        variables = self.drawing_side_variables
        self.generator_optimizer.apply(tape.gradient(total_loss, variables), variables)
        self._update_moving_averages()
        return self._track(
            discriminator=discriminator_loss,
            generator=generator_loss,
            reconstruction=reconstruction_loss,
            draft=draft_loss,
            divergence=divergence_loss,
        )

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

    def _choose_noise(
        self, real_images: tf.Tensor, randomness: BatchRandomness
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Returns the noise, the weight of each row's reconstruction, and the divergence.

        With a posterior, every other row takes the noise that its real picture has, and is
        painted again; the rows between are drawn from free noise, as all will be after training.
        """
        free = randomness.normal(self.preset.noise_dim)
        rows = tf.shape(free)[0]
        if self.posterior is None:
            return free, tf.ones([rows, 1, 1]), tf.constant(0.0)
        mean, log_variance = self.posterior(real_images, training=True)
        inferred = mean + tf.exp(0.5 * log_variance) * randomness.normal(self.preset.noise_dim)
        is_inferred = (tf.range(rows) % 2 == 0)[:, None]
        # Twice the weight on half of the rows keeps the mean over the batch.
        weight = 2.0 * tf.cast(is_inferred, tf.float32)[:, :, None]
        noise = tf.where(is_inferred, inferred, free)
        return noise, weight, self.divergence_loss(mean, log_variance)

    def _update_moving_averages(self) -> None:
        decay = self.preset.moving_average_decay
        for average, current in (
            (self.drawing_encoder, self.encoder),
            (self.drawing_generator, self.generator),
        ):
            for kept, new in zip(average.variables, current.variables, strict=True):
                kept.assign(decay * kept + (1.0 - decay) * new)

    def _track(self, **losses: tf.Tensor) -> dict[str, tf.Tensor]:
        for name, loss in losses.items():
            self.trackers[name].update_state(loss)
        return {name: tracker.result() for name, tracker in self.trackers.items()}


def _copy(network: keras.Model) -> keras.Model:
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    return copy
