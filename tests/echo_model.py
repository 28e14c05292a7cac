"""A served model that returns what it gets, in every type that JSON and TensorProto can tell."""

import tensorflow as tf

from a2i_tf.serving.batching import Batcher, BatchingConfig
from a2i_tf.serving.engine import Engine
from a2i_tf.serving.limits import Limits
from a2i_tf.serving.metrics import Metrics
from a2i_tf.serving.repository import ModelRepository
from a2i_tf.serving.version_folders import VersionFolders

TYPES = (
    tf.float32,
    tf.float64,
    tf.int32,
    tf.int64,
    tf.uint8,
    tf.int8,
    tf.int16,
    tf.uint32,
    tf.uint64,
    tf.bool,
)


def write_echo_model(folder):
    """Exports version 1 below `folder`: a signature for each type, and these.

    serving_default: x [n, 2] → y = x / 2 + 2
    text: text [n] → text and text_bytes
    pair: a, b: [n] → sum and difference
    whole: x [2, 2] → y, with no dimension for a batch
    half: x: float16 [n] → y
    """
    module = tf.Module()

    def signature(function, **inputs):
        specs = [tf.TensorSpec(shape, dtype, name) for name, (shape, dtype) in inputs.items()]
        return tf.function(function, input_signature=specs)

    signatures = {
        "serving_default": signature(lambda x: {"y": x / 2 + 2}, x=([None, 2], tf.float32)),
        "text": signature(lambda x: {"text": x, "text_bytes": x}, x=([None], tf.string)),
        "pair": signature(
            lambda a, b: {"sum": a + b, "difference": a - b},
            a=([None], tf.float32),
            b=([None], tf.float32),
        ),
        "whole": signature(lambda x: {"y": tf.identity(x)}, x=([2, 2], tf.float32)),
        "half": signature(lambda x: {"y": tf.identity(x)}, x=([None], tf.float16)),
    }
    for dtype in TYPES:
        signatures[dtype.name] = signature(lambda x: {"y": tf.identity(x)}, x=([None, None], dtype))
    tf.saved_model.save(module, str(folder / "1"), signatures=signatures)


def make_engine(folder, limits=None):
    """Returns an engine that has loaded nothing, and its repository, which loads on `refresh`."""
    metrics = Metrics()
    repository = ModelRepository("echo", VersionFolders(folder), {}, metrics, lambda _line: None)
    limits = limits or Limits()
    batcher = Batcher(BatchingConfig(wait_seconds=0), limits, metrics)
    return Engine(repository, batcher, limits), repository
