"""The training split in memory, from records where a training has left some."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.datasets.autotuning import without_autotuning
from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.datasets.pipeline import Arrays, fill_arrays, load_arrays
from a2i_tf.datasets.records.index import RecordsFolder
from a2i_tf.datasets.records.preparation import OnCount, find_records
from a2i_tf.datasets.records.shards import parse_examples
from a2i_tf.datasets.records.storage import explain_storage_errors
from a2i_tf.errors import A2IError

_BATCH = 512


def load_training_arrays(
    folder: PairsFolder,
    mfcc: MfccConfig,
    image_size: int,
    on_count: OnCount,
    on_note: Callable[[str], None],
) -> Arrays:
    """Loads the training split into memory, in the order of the manifest.

    Records hold what decoding would give, and are read several times as fast.

    Args:
        folder: The dataset.
        mfcc: The front end.
        image_size: Width and height of the pictures in pixels.
        on_count: Called while records are checked.
        on_note: Called with one line when there are records that can't be used, which costs the
            time to decode the files.

    Raises:
        A2IError: if the split is empty, the features don't fit, or a file can't be read.
    """
    try:
        records = find_records(folder, mfcc, image_size, on_count)
        if records is not None:
            return _read(records, folder)
    except A2IError as error:
        on_note(f"the records of the training split were not used, but its files ({error})")
    return load_arrays(folder, folder.split("train"), mfcc, image_size)


def _read(records: RecordsFolder, folder: PairsFolder) -> Arrays:
    config, pairs = records.index.config, folder.split("train")
    rows = {pair.id.encode(): row for row, pair in enumerate(pairs)}
    parts = (
        (np.array([rows[name] for name in names]), (features, images))
        for names, features, images in _read_examples(records)
    )
    return fill_arrays(folder, pairs, config.mfcc, config.image_size, parts)


def _read_examples(
    records: RecordsFolder,
) -> Iterator[tuple[NDArray[np.object_], NDArray[np.float32], NDArray[np.uint8]]]:
    """Yields ids, features and pictures, batch by batch."""
    batches = (
        tf.data.TFRecordDataset(records.shard_paths)
        .batch(_BATCH)
        .map(lambda rows: parse_examples(rows, records.index.config), num_parallel_calls=2)
    )
    with explain_storage_errors(records.path, "read"):
        yield from without_autotuning(batches).as_numpy_iterator()
