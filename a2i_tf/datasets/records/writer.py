"""Writes records: one pass over the dataset, several shards at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import tensorflow as tf

from a2i_tf.datasets.pairs import Pair, PairsFolder
from a2i_tf.datasets.pipeline import read_batches
from a2i_tf.datasets.records.index import (
    RecordsConfig,
    RecordsFolder,
    RecordsIndex,
    shard_names,
    write_index,
)
from a2i_tf.datasets.records.shards import mix_sources, write_shard
from a2i_tf.datasets.records.storage import make_folder
from a2i_tf.datasets.statistics import StatisticsSum

_WRITERS = 2

OnCount = Callable[[int, int], None]
"""Called with (examples written, examples to write)."""


def write_records(
    path: str, folder: PairsFolder, config: RecordsConfig, on_count: OnCount
) -> RecordsFolder:
    """Writes all shards, then the index.

    Memory stays bounded: a few shards are held at a time. Another process may write the same
    records meanwhile: shards of one name hold the same examples, and each is whole at any time.

    Args:
        path: Folder of the records.
        folder: The dataset without its bad pairs.
        config: What the records shall hold.
        on_count: Called after every shard.

    Raises:
        A2IError: if the split is empty, a file can't be read, or `path` can't be written to.
            Whole shards stay, for they may be another process's too; without the index nobody
            takes them for records, and the next run writes over them.
    """
    pairs = mix_sources(folder.split(config.split))
    names = shard_names(config, len(pairs))
    total = StatisticsSum()
    checksums = _write_shards(path, folder, pairs, config, names, on_count, total)
    statistics = total.statistics()
    index = RecordsIndex(
        config=config,
        num_examples=len(pairs),
        shards=checksums,
        mfcc_mean=tuple(map(float, statistics.mean)),
        mfcc_variance=tuple(map(float, statistics.variance)),
        mfcc_variance_in_windows=tuple(map(float, statistics.variance_in_windows)),
    )
    write_index(path, index)
    return RecordsFolder(path, index)


def rewrite_shards(
    records: RecordsFolder, folder: PairsFolder, names: Sequence[str], on_count: OnCount
) -> RecordsFolder:
    """Writes some shards of whole records again.

    Args:
        records: The records.
        folder: The dataset that they were made of, without its bad pairs.
        names: Names of the shards.
        on_count: Called after every shard.

    Raises:
        A2IError: as `write_records` does.
    """
    index = records.index
    mixed = mix_sources(folder.split(index.config.split))
    size = index.config.examples_per_shard
    chosen = [(place, name) for place, name in enumerate(index.shards) if name in names]
    pairs = [pair for place, _ in chosen for pair in mixed[place * size : (place + 1) * size]]
    checksums = _write_shards(
        records.path,
        folder,
        pairs,
        index.config,
        [name for _, name in chosen],
        on_count,
        StatisticsSum(),
    )
    index = replace(index, shards={**index.shards, **checksums})
    write_index(records.path, index)
    return RecordsFolder(records.path, index)


def _write_shards(
    path: str,
    folder: PairsFolder,
    pairs: Sequence[Pair],
    config: RecordsConfig,
    names: Sequence[str],
    on_count: OnCount,
    total: StatisticsSum,
) -> dict[str, str]:
    """Writes `pairs`, in batches of a shard's size, to the shards of the given names."""
    batches = read_batches(folder, pairs, config.mfcc, config.image_size, config.examples_per_shard)
    make_folder(path)
    checksums: dict[str, str] = {}
    pending: deque[tuple[str, int, Future[str]]] = deque()
    written = 0

    def finish_one() -> None:
        nonlocal written
        name, count, future = pending.popleft()
        checksums[name] = future.result()
        written += count
        on_count(written, len(pairs))

    with ThreadPoolExecutor(_WRITERS) as pool:
        for number, (name, batch) in enumerate(zip(names, batches, strict=True)):
            total.add(batch[0])
            target = tf.io.gfile.join(path, name)
            first = number * config.examples_per_shard
            of_shard = pairs[first : first + len(batch[0])]
            pending.append((name, len(of_shard), pool.submit(write_shard, target, of_shard, batch)))
            if len(pending) > _WRITERS:
                finish_one()
        while pending:
            finish_one()
    return checksums
