"""Prints how many pairs a second the input pipeline delivers, against what training consumes.

    python -m benchmarks.pipeline data/scenes [--records PATH]

Machines are shared and noisy, so pipeline and training take turns in short rounds; a row is the
median over all rounds, and a ratio the median of the rounds' ratios. Processor time says the same
with less noise where other programs run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import tensorflow as tf

    from a2i_tf.datasets.records.index import RecordsFolder

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_IMAGE_SIZE = 64
_ROUNDS = 7
_BATCHES = {"pipeline": 200, "sketch": 60, "adversarial": 10}
_WARM_UP_BATCHES = 150

Phase = Callable[[int], None]
"""Takes a number of batches."""


@dataclass(frozen=True)
class Round:
    """Time that one round of a phase took, in milliseconds a pair."""

    elapsed: float
    processor: float


def measure_round(phase: Phase, batches: int, pairs: int) -> Round:
    """Measures one round of a phase whose batches hold so many pairs."""
    started, used = time.perf_counter(), time.process_time()
    phase(batches)
    per_pair = 1e3 / (batches * pairs)
    return Round(
        elapsed=(time.perf_counter() - started) * per_pair,
        processor=(time.process_time() - used) * per_pair,
    )


def make_pipeline(records: RecordsFolder) -> tuple[Phase, tf.Tensor]:
    """Returns the phase that only reads, as training does, and a batch."""
    import tensorflow as tf

    from a2i_tf.datasets.hearing import vary_hearing
    from a2i_tf.datasets.records.batches import make_training_batches
    from a2i_tf.models.presets import DEFAULT

    batches = make_training_batches(records, DEFAULT.batch_size, seed=0)
    batches = vary_hearing(batches, records.index.config.mfcc, records.index.statistics, seed=0)
    iterator = iter(batches.prefetch(tf.data.AUTOTUNE))

    def read(count: int) -> None:
        for _ in range(count):
            next(iterator)

    read(_WARM_UP_BATCHES)
    return read, next(iterator)


def make_training(records: RecordsFolder, batch: tf.Tensor) -> dict[str, Phase]:
    """Returns both phases of training on one batch that is in memory."""
    import tensorflow as tf

    from a2i_tf.models.latent_gan import build_gan
    from a2i_tf.models.presets import DEFAULT
    from a2i_tf.models.sketcher import build_sketcher
    from a2i_tf.models.sketches import make_sketches

    config = records.index.config
    gan = build_gan(DEFAULT, _IMAGE_SIZE, config.mfcc, records.index.statistics)
    gan.compile(jit_compile=False)
    sketcher = build_sketcher(DEFAULT, gan.encoder)
    mfcc, images = batch

    def repeat(step: Callable[[Any], Any], data: tuple[tf.Tensor, tf.Tensor]) -> Phase:
        compiled = tf.function(step)
        compiled(data)

        def take_steps(count: int) -> None:
            for _ in range(count):
                compiled(data)

        return take_steps

    return {
        "sketch": repeat(sketcher.train_step, (mfcc, make_sketches(images))),
        "adversarial": repeat(gan.train_step, (mfcc, images)),
    }


def measure(data: Path, place: str | None) -> dict[str, list[Round]]:
    """Measures all phases in turns."""
    from a2i_tf.audio.settings import MFCC_SETTINGS
    from a2i_tf.datasets.manifest import read_pairs
    from a2i_tf.datasets.records.preparation import prepare_records
    from a2i_tf.models.presets import DEFAULT

    records, _ = prepare_records(
        read_pairs(data),
        MFCC_SETTINGS[DEFAULT.mfcc_setting],
        _IMAGE_SIZE,
        place=place,
        on_stage=print,
        on_count=lambda _what, _done, _total: None,
    )
    pipeline, batch = make_pipeline(records)
    phases = {"pipeline": pipeline, **make_training(records, batch)}
    rounds: dict[str, list[Round]] = {name: [] for name in phases}
    for _ in range(_ROUNDS):
        for name, phase in phases.items():
            rounds[name].append(measure_round(phase, _BATCHES[name], DEFAULT.batch_size))
    return rounds


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--records")
    arguments = parser.parse_args()
    rounds = measure(arguments.data, arguments.records)
    title = f"input pipeline, {_IMAGE_SIZE} px, {os.cpu_count()} cores"
    columns = ("phase", "pairs/s", "pipeline is faster by", "by processor time")
    table = Table(*columns, title=title, title_justify="left")
    for name, values in rounds.items():
        pairs = list(zip(rounds["pipeline"], values, strict=True))
        speed = statistics.median(1e3 / value.elapsed for value in values)
        elapsed = statistics.median(phase.elapsed / pipeline.elapsed for pipeline, phase in pairs)
        used = statistics.median(phase.processor / pipeline.processor for pipeline, phase in pairs)
        table.add_row(name, f"{speed:.0f}", f"{elapsed:.1f}", f"{used:.1f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
