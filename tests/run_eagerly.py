"""TensorFlow's functions without graphs: a few steps are over before their graph would be made."""

import contextlib
import warnings

import tensorflow as tf


@contextlib.contextmanager
def run_eagerly():
    """Also a decorator, for what other tests do with graphs."""
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            # That tf.data makes graphs all the same.
            warnings.filterwarnings("ignore", message="Even though the `tf.config")
            yield
    finally:
        tf.config.run_functions_eagerly(False)
