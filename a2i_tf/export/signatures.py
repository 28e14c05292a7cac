"""What an exported model can be asked, as TensorFlow functions of core operations only."""

from __future__ import annotations

import tensorflow as tf

from a2i_tf.audio.graph_decode import decode_wav
from a2i_tf.audio.graph_resample import resample_tf
from a2i_tf.audio.graph_windows import cut_windows_tf
from a2i_tf.audio.mfcc import mfcc
from a2i_tf.inference.noise import noise_from_seed
from a2i_tf.inference.synthesizer import WINDOWS_PER_BATCH
from a2i_tf.models.drawing import DrawingModel

SERVED_SEED = 0
# Windows and pictures already fill the cores; more clips at a time would only take memory.
_CLIPS_AT_ONCE = 2


class Signatures:
    """The functions of an export.

    Each function returns a dictionary, whose keys become the names of the outputs.
    """

    def __init__(self, model: DrawingModel) -> None:
        self.config = model.config
        self.encoder = model.encoder
        self.generator = model.generator

    def module(self) -> tf.Module:
        """Returns what `tf.saved_model.save` must save: the weights that the functions use.

        They are plain variables: where Keras networks are saved, the TFLite converter of
        TensorFlow 2.17 loses the weights of a layer inside a layer, and aborts the process.
        """
        module = tf.Module(name="a2i")
        networks = (self.encoder, self.generator)
        module.weights = [weight.value for network in networks for weight in network.variables]
        return module

    def serving_function(self) -> tf.types.experimental.PolymorphicFunction:
        """Returns `serving_default`: string [batch] → string [batch]; see `_draw_file`."""
        audio_bytes = tf.TensorSpec([None], tf.string, "audio_bytes")
        return tf.function(self._serve, input_signature=[audio_bytes])

    def encode_function(
        self, batch_size: int | None = None
    ) -> tf.types.experimental.PolymorphicFunction:
        """Returns `encode`: waveform [batch, window_samples] → embedding [batch, embedding_dim].

        Args:
            batch_size: A fixed batch, or None for any.
        """
        shape = [batch_size, self.config.mfcc.window_samples]
        waveform = tf.TensorSpec(shape, tf.float32, "waveform")
        return tf.function(self._encode, input_signature=[waveform])

    def encode_mfcc_function(self) -> tf.types.experimental.PolymorphicFunction:
        """Returns `encode_mfcc`: mfcc [batch, frames, coefficients] → embedding."""
        features = tf.TensorSpec([None, *self.config.mfcc.shape], tf.float32, "mfcc")
        return tf.function(self._encode_mfcc, input_signature=[features])

    def draw_function(
        self, batch_size: int | None = None
    ) -> tf.types.experimental.PolymorphicFunction:
        """Returns `draw`: embedding, noise [batch, noise_dim] → image [batch, H, W, 3] in [0, 1].

        Args:
            batch_size: A fixed batch, or None for any.
        """
        embedding = tf.TensorSpec([batch_size, self.config.embedding_dim], tf.float32, "embedding")
        noise = tf.TensorSpec([batch_size, self.config.noise_dim], tf.float32, "noise")
        return tf.function(self._draw, input_signature=[embedding, noise])

    def _encode(self, waveform: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._encode_mfcc(mfcc(waveform, self.config.mfcc))

    def _encode_mfcc(self, mfcc: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"embedding": self.encoder(mfcc, training=False)}

    def _draw(self, embedding: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": (self.generator([embedding, noise], training=False) + 1.0) / 2.0}

    def _serve(self, audio_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        image_bytes = tf.map_fn(
            self._draw_file,
            audio_bytes,
            fn_output_signature=tf.TensorSpec([], tf.string),
            parallel_iterations=_CLIPS_AT_ONCE,
        )
        return {"image_bytes": image_bytes}

    def _draw_file(self, audio_bytes: tf.Tensor) -> tf.Tensor:
        """Turns one 16-bit PCM WAV file into one PNG, with the noise of seed 0.

        Clips are drawn one by one, because a convolution's last bits depend on the batch, and no
        answer may depend on what others asked at the same time.
        """
        embedding = self._listen(audio_bytes)
        noise = tf.constant(noise_from_seed(SERVED_SEED, self.config.noise_dim))
        image = self._draw(embedding[tf.newaxis], noise[tf.newaxis])["image"][0]
        levels = tf.clip_by_value(tf.round(image * 255.0), 0.0, 255.0)
        return tf.io.encode_png(tf.cast(levels, tf.uint8))

    def _listen(self, audio_bytes: tf.Tensor) -> tf.Tensor:
        """Returns the mean embedding [embedding_dim] of the windows of one WAV file."""
        waveform, rate = decode_wav(audio_bytes)
        message = "the WAV file holds no samples; send at least one"
        with tf.control_dependencies([tf.debugging.assert_positive(tf.size(waveform), message)]):
            waveform = resample_tf(waveform, rate, self.config.mfcc.sample_rate)
        windows = cut_windows_tf(waveform, self.config.mfcc.window_samples)
        count = tf.shape(windows)[0]

        def sum_of_batch(first: tf.Tensor) -> tf.Tensor:
            batch = windows[first : first + WINDOWS_PER_BATCH]
            return tf.reduce_sum(self._encode(batch)["embedding"], axis=0)

        sums = tf.map_fn(
            sum_of_batch,
            tf.range(0, count, WINDOWS_PER_BATCH),
            fn_output_signature=tf.TensorSpec([self.config.embedding_dim], tf.float32),
            parallel_iterations=1,
        )
        return tf.reduce_sum(sums, axis=0) / tf.cast(count, tf.float32)
