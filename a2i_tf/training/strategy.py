"""Where training runs: one device, several GPUs, several machines."""

from __future__ import annotations

import json
import os
from typing import Literal

import keras
import tensorflow as tf

from a2i_tf.errors import A2IError

StrategyName = Literal["auto", "one-device", "mirrored", "multiworker"]


def make_strategy(name: StrategyName, *, by_the_clock: bool = False) -> tf.distribute.Strategy:
    """Makes a distribution strategy.

    Args:
        name: "one-device" is TensorFlow's default strategy, on the first GPU where there is one;
            "mirrored" takes all GPUs; "auto" is "mirrored" on several GPUs and "one-device"
            otherwise; "multiworker" reads the cluster from the environment variable `TF_CONFIG`.
        by_the_clock: Whether it's minutes that end the training.

    Raises:
        A2IError: if "multiworker" is asked for without a usable `TF_CONFIG`, or several workers
            are to go by the clock.
    """
    if name == "multiworker":
        if _count_workers() > 1 and by_the_clock:
            raise A2IError(
                "several workers go by several clocks, and would wait for each other without end; "
                "give --steps instead of --minutes"
            )
        # Before anything else touches a device, or TensorFlow refuses.
        return tf.distribute.MultiWorkerMirroredStrategy()
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        kind = "GPU" if gpus else "CPU"
        devices = [device.name for device in tf.config.list_logical_devices(kind)]
        return tf.distribute.MirroredStrategy(devices)
    # And no `OneDeviceStrategy`: it prefetches to its device by iterators of its own, whose
    # autotuner can't be switched off (datasets/autotuning.py).
    return tf.distribute.get_strategy()


def use_fast_precision() -> None:
    """Computes in bfloat16 on GPUs, keeping weights in float32; CPUs stay in float32."""
    on_gpu = bool(tf.config.list_logical_devices("GPU"))
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if on_gpu else "float32")


def _count_workers() -> int:
    try:
        config = json.loads(os.environ.get("TF_CONFIG", ""))
        if "task" in config:
            cluster = config["cluster"]
            return len(cluster["worker"]) + len(cluster.get("chief", ()))
    except (ValueError, KeyError, AttributeError, TypeError):
        pass
    raise A2IError(
        "--strategy multiworker needs TF_CONFIG with cluster and task, such as "
        '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'
    )
