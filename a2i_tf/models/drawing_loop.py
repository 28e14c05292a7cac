"""The drawing loop: a picture is looked at, and drawn again for what it doesn't show."""

from __future__ import annotations

from typing import Any

import keras

from a2i_tf.models.sketches import SKETCH_CHANNELS, SKETCH_SIZE, make_strips


@keras.saving.register_keras_serializable(package="a2i")
class SketchStrips(keras.layers.Layer):
    """Sketches pictures, and averages the strips of the sketches (models/sketches.py)."""

    def call(self, images: Any) -> Any:
        """Takes float32 [batch, size, size, 3] in [-1, 1]; returns float32 [batch, 16, 99]."""
        return make_strips(images)

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, int, int]:
        """Returns the shape of the strips."""
        return (input_shape[0], 2 * SKETCH_SIZE, SKETCH_CHANNELS)


def build_drawing_generator(
    sampler: keras.Model, generator: keras.Model, sketch_reader: keras.Model
) -> keras.Model:
    """Builds what draws, in the weights of the networks it's made of.

    A latent is of some weather, too. Where it disagrees with the sound, the picture is something in
    between. So the sketch reader says what a first picture shows of the sound, and the generator
    draws another of the same latent, told by as much more or less as the first one misses (one step
    of iterative error feedback, Carreira et al. 2016, arXiv 1507.06550).

    Args:
        sampler: (embedding, noise) → latent.
        generator: (embedding, latent) → image in [-1, 1].
        sketch_reader: Strips of a sketch → embedding; it has learnt before the others, and is
            used as it is.

    Returns:
        A functional model: (embedding float32 [batch, embedding_dim], noise float32 [batch,
        noise_dim]) → image float32 [batch, size, size, 3] in [-1, 1].
    """
    # Layers
    look = SketchStrips(dtype="float32", name="look")
    compare = keras.layers.Subtract(dtype="float32", name="missed")
    correct = keras.layers.Add(dtype="float32", name="told_again")

    # Functional graph
    embedding, noise = sampler.inputs
    latent = sampler([embedding, noise])
    shown = sketch_reader(look(generator([embedding, latent])))
    image = generator([correct([embedding, compare([embedding, shown])]), latent])

    # Configuration
    return keras.Model([embedding, noise], image, name="drawing_generator")
