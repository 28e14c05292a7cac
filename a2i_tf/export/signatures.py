"""What an exported model can be asked, as TensorFlow functions of core operations only."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from a2i_tf.audio.graph_decode import decode_wav
from a2i_tf.audio.graph_resample import resample_tf
from a2i_tf.audio.graph_windows import cut_windows_tf
from a2i_tf.audio.mfcc import mfcc
from a2i_tf.inference.noise import noise_from_seed
from a2i_tf.inference.synthesizer import WINDOWS_PER_BATCH
from a2i_tf.models.drawing import DrawingModel

SERVED_SEED = 0
NUM_SERVED_SEEDS = 1_000
# Windows and groups of pictures already fill the cores; more at a time would only take memory.
_AT_ONCE = 2
# Pictures drawn together cost half as much each; a lone one pays for the whole group.
_GROUP_SIZE = 4

_FILES = tf.TensorSpec([None], tf.string, "audio_bytes")


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
        module.weights = [weight.value for network in networks for weight in network.weights]
        return module

    def serving_function(self) -> tf.types.experimental.PolymorphicFunction:
        """Returns `serving_default`: audio_bytes string [batch] → image_bytes string [batch].

        It is `serving_seeds` with seed 0 for every clip.
        """
        return tf.function(self._serve_first_seed, input_signature=[_FILES])

    def serving_seeds_function(self) -> tf.types.experimental.PolymorphicFunction:
        """Returns `serving_seeds`: audio_bytes string [batch], seed int64 [batch] → image_bytes.

        Row i is the PNG that `a2i generate` draws of 16-bit PCM WAV file i with seed i, which is
        below `NUM_SERVED_SEEDS`. Other files, other seeds, and another number of seeds than files
        are an InvalidArgument that says so.
        """
        seed = tf.TensorSpec([None], tf.int64, "seed")
        return tf.function(self._serve, input_signature=[_FILES, seed])

    def standard_scores_function(self) -> tf.types.experimental.PolymorphicFunction:
        """Returns `standard_scores`: audio_bytes string [batch] → float32 [batch, coefficients].

        It tells how far a clip is from the training sounds; see `training_range`.
        """
        return tf.function(self._score, input_signature=[_FILES])

    def encode_function(
        self, batch_size: int | None = None
    ) -> tf.types.experimental.PolymorphicFunction:
        """Returns `encode`: waveform [batch, window_samples] → embedding and mfcc.

        The embedding is float32 [batch, embedding_dim]; mfcc, what it was made from, is float32
        [batch, frames, coefficients].

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
        features = mfcc(waveform, self.config.mfcc)
        return {**self._encode_mfcc(features), "mfcc": features}

    def _encode_mfcc(self, mfcc: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"embedding": self.encoder(mfcc, training=False)}

    def _draw(self, embedding: tf.Tensor, noise: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": (self.generator([embedding, noise], training=False) + 1.0) / 2.0}

    def _serve_first_seed(self, audio_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._serve(audio_bytes, tf.fill(tf.shape(audio_bytes), np.int64(SERVED_SEED)))

    def _serve(self, audio_bytes: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """Draws clips in groups of one size.

        A convolution's last bits depend on the size of its batch, and no answer may depend on how
        many others asked at the same time. Alone, a clip fills up its group with nothing. (By some
        processors, they depend on the place in the group, too: 2e-5 of an image in [-1, 1].)
        """
        with tf.control_dependencies(_check_seeds(audio_bytes, seed)):
            noise = tf.gather(self._noise_table(), tf.identity(seed))
        files, which = tf.unique(audio_bytes)  # Many seeds of one clip: heard once.
        embedding, _ = self._listen(files)
        images = self._draw_in_groups(tf.gather(embedding, which), noise)
        image_bytes = tf.map_fn(
            tf.io.encode_png,
            images,
            fn_output_signature=tf.TensorSpec([], tf.string),
            parallel_iterations=_AT_ONCE,
        )
        return {"image_bytes": image_bytes}

    def _score(self, audio_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        _, mean_mfcc = self._listen(audio_bytes)
        deviation = np.array(self.config.mfcc_deviation, np.float32)
        return {"standard_score": (mean_mfcc - self.config.mfcc_mean) / deviation}

    def _noise_table(self) -> tf.Tensor:
        """Returns the noise of every served seed, float32 [seeds, noise_dim].

        TensorFlow has no generator that gives NumPy's numbers, so they travel with the graph.
        """
        dim = self.config.noise_dim
        return tf.constant(np.stack([noise_from_seed(i, dim) for i in range(NUM_SERVED_SEEDS)]))

    def _draw_in_groups(self, embedding: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Returns uint8 [rows, size, size, 3] for so many embeddings and noises."""
        rows, size = tf.shape(embedding)[0], self.config.image_size
        num_groups = (rows + _GROUP_SIZE - 1) // _GROUP_SIZE
        fill = [[0, num_groups * _GROUP_SIZE - rows], [0, 0]]
        groups = [
            tf.reshape(tf.pad(part, fill), [num_groups, _GROUP_SIZE, part.shape[1]])
            for part in (embedding, noise)
        ]
        images = tf.map_fn(
            lambda group: self._draw(*group)["image"],
            tuple(groups),
            fn_output_signature=tf.TensorSpec([_GROUP_SIZE, size, size, 3], tf.float32),
            parallel_iterations=_AT_ONCE,
        )
        levels = tf.clip_by_value(tf.round(images * 255.0), 0.0, 255.0)
        return tf.reshape(tf.cast(levels, tf.uint8), [-1, size, size, 3])[:rows]

    def _listen(self, audio_bytes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the mean embedding and mean MFCC of each WAV file, over its windows."""
        return tf.map_fn(
            self._listen_to_one,
            audio_bytes,
            fn_output_signature=self._means_spec(),
            parallel_iterations=_AT_ONCE,
        )

    def _means_spec(self) -> tuple[tf.TensorSpec, tf.TensorSpec]:
        return (
            tf.TensorSpec([self.config.embedding_dim], tf.float32),
            tf.TensorSpec([self.config.mfcc.num_mfccs], tf.float32),
        )

    def _listen_to_one(self, audio_bytes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        waveform, rate = decode_wav(audio_bytes)
        message = "the WAV file holds no samples; send at least one"
        with tf.control_dependencies([tf.debugging.assert_positive(tf.size(waveform), message)]):
            waveform = resample_tf(waveform, rate, self.config.mfcc.sample_rate)
        windows = cut_windows_tf(waveform, self.config.mfcc.window_samples)
        count = tf.shape(windows)[0]

        def sum_of_batch(first: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            heard = self._encode(windows[first : first + WINDOWS_PER_BATCH])
            mean_mfcc = tf.reduce_mean(heard["mfcc"], axis=1)
            return tf.reduce_sum(heard["embedding"], axis=0), tf.reduce_sum(mean_mfcc, axis=0)

        sums = tf.map_fn(
            sum_of_batch,
            tf.range(0, count, WINDOWS_PER_BATCH),
            fn_output_signature=self._means_spec(),
            parallel_iterations=1,
        )
        embedding, mean_mfcc = (
            tf.reduce_sum(total, axis=0) / tf.cast(count, tf.float32) for total in sums
        )
        return embedding, mean_mfcc


def _check_seeds(audio_bytes: tf.Tensor, seed: tf.Tensor) -> list[tf.Operation]:
    last = NUM_SERVED_SEEDS - 1
    return [
        tf.debugging.assert_equal(
            tf.size(seed), tf.size(audio_bytes), "give one seed for each file of audio_bytes"
        ),
        tf.debugging.Assert(
            tf.reduce_all((seed >= 0) & (seed <= last)),
            [f"a seed is outside 0 to {last}; choose one in that range:", seed],
        ),
    ]
