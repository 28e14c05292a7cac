"""A trained model as one TFLite file: built-in operations only, its contract inside."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from a2i_tf.export.quiet import quiet_logs
from a2i_tf.export.savedmodel import save_functions
from a2i_tf.export.signatures import Signatures
from a2i_tf.export.weight_storage import TflitePrecision, store_weights
from a2i_tf.inference.tflite_file import pack_tflite
from a2i_tf.models.drawing import DrawingModel


def build_tflite(
    model: DrawingModel, precisions: Sequence[TflitePrecision]
) -> dict[TflitePrecision, bytes]:
    """Converts a model.

    Signatures: `encode` (waveform float32 [1, window_samples] → embedding float32
    [1, embedding_dim] and mfcc float32 [1, frames, coefficients]) and `draw` (embedding, noise
    float32 [1, noise_dim] → image float32 [1, size, size, 3] in [0, 1]).

    Args:
        model: What to convert.
        precisions: How the networks' weights are stored: "float32"; "float16", half the size; or
            "int8", a quarter.

    Returns:
        A file's contents for each precision.
    """
    float32 = _convert(model)
    weights = [*model.encoder.get_weights(), *model.generator.get_weights()]
    return {
        precision: pack_tflite(store_weights(float32, weights, precision), model.config)
        for precision in precisions
    }


def _convert(model: DrawingModel) -> bytes:
    """Returns the flatbuffer, all of it float32."""
    signatures = Signatures(model)
    functions = {
        "encode": signatures.encode_function(batch_size=1),
        "draw": signatures.draw_function(batch_size=1),
    }
    with tempfile.TemporaryDirectory() as folder, quiet_logs():
        save_functions(Path(folder), signatures, functions)
        # Only a converter made from a SavedModel keeps the names of signatures and outputs.
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, list(functions))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        return converter.convert()
