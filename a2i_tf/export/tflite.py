"""A trained model as one TFLite file: built-in operations only, its contract inside."""

from __future__ import annotations

import tempfile
from typing import Literal, get_args

import tensorflow as tf

from a2i_tf.export.quiet import quiet_logs
from a2i_tf.export.signatures import Signatures
from a2i_tf.export.weight_storage import store_weights
from a2i_tf.inference.tflite_file import pack_tflite
from a2i_tf.models.drawing import DrawingModel

TflitePrecision = Literal["float32", "float16", "int8"]
TFLITE_PRECISIONS: tuple[TflitePrecision, ...] = get_args(TflitePrecision)


def build_tflite(model: DrawingModel, precision: TflitePrecision) -> bytes:
    """Converts a model.

    Signatures: `encode` (waveform float32 [1, window_samples] → embedding float32
    [1, embedding_dim], the MFCC inside) and `draw` (embedding, noise float32 [1, noise_dim] →
    image float32 [1, size, size, 3] in [0, 1]).

    Args:
        model: What to convert.
        precision: How the networks' weights are stored: "float32"; "float16", half the size; or
            "int8", a quarter.

    Returns:
        The file's contents.
    """
    flatbuffer = _convert(model)
    if precision != "float32":
        weights = [*model.encoder.get_weights(), *model.generator.get_weights()]
        flatbuffer = store_weights(flatbuffer, weights, precision)
    return pack_tflite(flatbuffer, model.config)


def _convert(model: DrawingModel) -> bytes:
    """Returns the flatbuffer, all of it float32."""
    signatures = Signatures(model)
    functions = {
        "encode": signatures.encode_function(batch_size=1),
        "draw": signatures.draw_function(batch_size=1),
    }
    with tempfile.TemporaryDirectory() as folder, quiet_logs():
        tf.saved_model.save(signatures.module(), folder, signatures=functions)
        # Only a converter made from a SavedModel keeps the names of signatures and outputs.
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, list(functions))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        return converter.convert()
