"""A SavedModel that multiplies, which is made and loaded in a moment."""

import tensorflow as tf


class Multiplier(tf.Module):
    """Its signatures tell, by what comes out, which version ran."""

    def __init__(self, factor):
        super().__init__()
        self.factor = tf.Variable(float(factor))

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "x")])
    def multiply(self, x):
        with tf.control_dependencies([tf.debugging.assert_non_negative(x, "x is below zero")]):
            return {"y": x * self.factor, "sum": tf.reduce_sum(x, axis=1)}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, "x")])
    def any_width(self, x):
        return {"y": x * self.factor}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def total(self, x):
        return {"total": tf.reduce_sum(x) * self.factor}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def shout(self, text):
        return {"loud": tf.strings.upper(text)}


def write_multiplier(folder, factor=1):
    """Writes a version folder and returns it."""
    module = Multiplier(factor)
    signatures = {
        "serving_default": module.multiply,
        "any_width": module.any_width,
        "total": module.total,
        "shout": module.shout,
    }
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return folder
