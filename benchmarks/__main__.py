"""Prints a table of speeds, each beside a peer that is measured in the same run.

Machines are shared and noisy: read the ratios, not the seconds. Every row is the best of several
tries.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

Row = tuple[str, str, str, str]

_TRIES = 5
_CLIP_SECONDS = 10


def best_seconds(action: Callable[[], object], tries: int = _TRIES) -> float:
    """Returns the shortest time that `action` takes, after one call to warm up."""
    action()
    times = []
    for _ in range(tries):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return min(times)


def measure_rendering() -> list[Row]:
    """Compares drawing a second of the world with making its sound."""
    from a2i_tf.datasets.scenes.pictures.frame import draw_picture
    from a2i_tf.datasets.scenes.sounds.soundtrack import render_sound
    from a2i_tf.datasets.scenes.world import SECONDS, World

    worlds = [World(index, seed=0) for index in range(9)]
    picture = best_seconds(lambda: [draw_picture(world, 3.5) for world in worlds]) / len(worlds)
    sound = best_seconds(lambda: [render_sound(world) for world in worlds], 2) / len(worlds)
    per_pair = sound / SECONDS
    return [
        ("draw a picture (128 px)", f"{1e3 * picture:.1f} ms", "a second of sound", ""),
        (
            "make a second of sound",
            f"{1e3 * per_pair:.1f} ms",
            "a picture",
            f"{per_pair / picture:.2f}",
        ),
    ]


def measure_features() -> list[Row]:
    """Compares the front end with librosa's, on the same minute of noise."""
    import librosa
    import numpy as np
    import tensorflow as tf

    from a2i_tf.audio.mfcc import mfcc
    from a2i_tf.audio.settings import MFCC_SETTINGS

    config = MFCC_SETTINGS["fine"]
    windows = np.random.default_rng(0).uniform(-0.5, 0.5, (60, config.window_samples))
    batch = tf.constant(windows, tf.float32)
    compiled = tf.function(lambda waveforms: mfcc(waveforms, config))

    def reference() -> None:
        for window in batch.numpy():
            mel = librosa.feature.melspectrogram(
                y=window,
                sr=config.sample_rate,
                n_fft=config.fft_length,
                hop_length=config.frame_step,
                n_mels=config.num_mel_bins,
                center=False,
            )
            librosa.feature.mfcc(S=np.log(mel + config.log_floor), n_mfcc=config.num_mfccs)

    ours, theirs = best_seconds(lambda: compiled(batch)), best_seconds(reference)
    return [("MFCC of a minute", f"{1e3 * ours:.1f} ms", "librosa", f"{ours / theirs:.2f}")]


def measure_training() -> list[Row]:
    """Compares a training step of the default preset with that of `seed`."""
    import numpy as np
    import tensorflow as tf

    from a2i_tf.audio.settings import MFCC_SETTINGS
    from a2i_tf.datasets.statistics import MfccStatistics
    from a2i_tf.models.latent_gan import build_gan
    from a2i_tf.models.presets import PRESETS

    speeds = {}
    for name in ("seed", "default"):
        preset = PRESETS[name]
        mfcc = MFCC_SETTINGS[preset.mfcc_setting]
        ones = np.ones(mfcc.num_mfccs, np.float32)
        statistics = MfccStatistics(0 * ones, ones, ones)
        gan = build_gan(preset, 64, mfcc, statistics)
        gan.compile(jit_compile=False)
        step = tf.function(gan.train_step)
        data = (
            tf.random.normal([preset.batch_size, *mfcc.shape]),
            tf.random.uniform([preset.batch_size, 64, 64, 3], -1, 1),
        )
        speeds[name] = preset.batch_size / best_seconds(lambda step=step, data=data: step(data))
    return [
        (f"train {name}, 64 px", f"{speed:.0f} images/s", "seed", f"{speed / speeds['seed']:.2f}")
        for name, speed in speeds.items()
    ]


def measure_drawing() -> list[Row]:
    """Compares a clip's way to a picture in every form of one (untrained) default model."""
    import numpy as np

    import a2i_tf
    from a2i_tf.export.exporter import export_model
    from a2i_tf.inference.run import LiveSynthesizer
    from benchmarks.untrained import untrained_model

    model = untrained_model()
    clip = np.random.default_rng(0).uniform(
        -0.3, 0.3, _CLIP_SECONDS * model.config.mfcc.sample_rate
    )
    clip = clip.astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        exported = export_model(model, Path(folder) / "a2i", ["float32", "int8"], [clip])
        forms = {
            "run": LiveSynthesizer(model),
            "SavedModel": a2i_tf.load(exported.version_folder),
            **{f"TFLite {name}": a2i_tf.load(path) for name, path in exported.tflite_files.items()},
        }
        seconds = {
            name: best_seconds(lambda form=form: form.generate(clip))
            for name, form in forms.items()
        }
    return [
        (
            f"draw a {_CLIP_SECONDS} s clip, {name}",
            f"{1e3 * value:.1f} ms",
            "run",
            f"{value / seconds['run']:.2f}",
        )
        for name, value in seconds.items()
    ]


def main() -> None:
    """Measures everything and prints the table."""
    table = Table(title=f"a2i benchmarks, {os.cpu_count()} cores", title_justify="left")
    for column, justify in (
        ("what", "left"),
        ("best", "right"),
        ("peer", "left"),
        ("ratio", "right"),
    ):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    console = Console(width=100)
    for measure in (measure_rendering, measure_features, measure_training, measure_drawing):
        with console.status(measure.__name__):
            rows = measure()
        for row in rows:
            table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
