"""Records for a run: those that are there already, mended or made anew where need be."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import tensorflow as tf

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.datasets.check import BadPair, drop_bad_pairs
from a2i_tf.datasets.pairs import Pair, PairsFolder
from a2i_tf.datasets.quantity import quantity
from a2i_tf.datasets.records.index import (
    RecordsConfig,
    RecordsFolder,
    hash_manifest,
    read_index,
)
from a2i_tf.datasets.records.storage import file_checksum, load_file_system
from a2i_tf.datasets.records.writer import rewrite_shards, write_records
from a2i_tf.errors import A2IError

FOLDER_NAME = ".records"

_READERS = 2

OnStage = Callable[[str], None]
"""Called with a few words when something begins that takes time."""

OnCount = Callable[[str, int, int], None]
"""Called with (what is done, things done, things in all)."""


def prepare_records(
    folder: PairsFolder,
    mfcc: MfccConfig,
    image_size: int,
    *,
    place: str | None = None,
    skip_bad: bool = False,
    on_stage: OnStage,
    on_count: OnCount,
) -> tuple[RecordsFolder, list[BadPair]]:
    """Returns whole records of the training split, and the bad pairs that they leave out.

    The dataset is checked for bad pairs only when records are written, or when it had some.

    Args:
        folder: The dataset.
        mfcc: The front end.
        image_size: Width and height of the pictures in pixels.
        place: Folder that holds a folder for every configuration, any path that TensorFlow reads
            and writes; None for `.records` in the dataset's folder.
        skip_bad: Whether bad pairs are left out, instead of raising an error.
        on_stage: Called when the dataset is checked or records are written.
        on_count: Called while records are checked or written.

    Raises:
        A2IError: if pairs are bad, the split is empty, the features don't fit, or records can't
            be read or written.
    """
    place = place or str(folder.root / FOLDER_NAME)
    load_file_system(place)
    config = _configure(folder, mfcc, image_size)
    records, damaged = _find(place, config, on_count)
    if records is not None and not damaged:
        return records, []
    on_stage("checking the dataset")
    kept, bad = drop_bad_pairs(folder, skip_bad=skip_bad)
    if bad:
        config = dataclasses.replace(config, left_out=tuple(item.pair.id for item in bad))
        records, damaged = _find(place, config, on_count)
    return _complete(place, kept, config, records, damaged, on_stage, on_count), bad


def find_records(
    folder: PairsFolder, mfcc: MfccConfig, image_size: int, on_count: OnCount
) -> RecordsFolder | None:
    """Returns the records that a training has left in the dataset's folder.

    Args:
        folder: The dataset.
        mfcc: The front end.
        image_size: Width and height of the pictures in pixels.
        on_count: Called while they are checked.

    Returns:
        Records of the training split; None if there are none that leave out no pair.

    Raises:
        A2IError: if they are damaged, or can't be read.
    """
    config = _configure(folder, mfcc, image_size)
    records, damaged = _find(str(folder.root / FOLDER_NAME), config, on_count)
    if damaged and records is not None:
        raise A2IError(f"{records.path}: {quantity(len(damaged), 'record file')} damaged")
    return records


def pairs_to_read(folder: PairsFolder, mfcc: MfccConfig, image_size: int) -> tuple[Pair, ...]:
    """Returns the pairs that an evaluation reads from files.

    Records of the whole training split stand for its files: these were looked at when the records
    were written.
    """
    config = _configure(folder, mfcc, image_size)
    if _open(str(folder.root / FOLDER_NAME), config) is None:
        return folder.pairs
    return tuple(pair for pair in folder.pairs if pair.effective_split != config.split)


def _configure(folder: PairsFolder, mfcc: MfccConfig, image_size: int) -> RecordsConfig:
    return RecordsConfig(
        checksum=folder.info.checksum,
        manifest=hash_manifest(folder.split("train")),
        mfcc=mfcc,
        image_size=image_size,
    )


def _find(
    place: str, config: RecordsConfig, on_count: OnCount
) -> tuple[RecordsFolder | None, list[str]]:
    """Returns the records of a configuration, if there are any, and the names of bad shards."""
    records = _open(place, config)
    return records, _damaged_shards(records, on_count) if records else []


def _open(place: str, config: RecordsConfig) -> RecordsFolder | None:
    """Returns the records of a configuration, if there are any, whatever became of their shards."""
    path = tf.io.gfile.join(place, config.key)
    index = read_index(path, config)
    return RecordsFolder(path, index) if index else None


def _damaged_shards(records: RecordsFolder, on_count: OnCount) -> list[str]:
    shards = records.index.shards
    damaged = []
    with ThreadPoolExecutor(_READERS) as pool:
        checksums = pool.map(file_checksum, records.shard_paths)
        for done, (name, checksum) in enumerate(zip(shards, checksums, strict=True), 1):
            if checksum != shards[name]:
                damaged.append(name)
            on_count("checking records", done, len(shards))
    return damaged


def _complete(
    place: str,
    kept: PairsFolder,
    config: RecordsConfig,
    records: RecordsFolder | None,
    damaged: list[str],
    on_stage: OnStage,
    on_count: OnCount,
) -> RecordsFolder:
    if records is None:
        on_stage("writing records")
        path = tf.io.gfile.join(place, config.key)
        return write_records(
            path, kept, config, lambda done, total: on_count("writing records", done, total)
        )
    if not damaged:
        return records
    what = f"writing {len(damaged)} of {len(records.index.shards)} record files again"
    on_stage(f"{records.path} is damaged: {what}")
    return rewrite_shards(records, kept, damaged, lambda done, total: on_count(what, done, total))
