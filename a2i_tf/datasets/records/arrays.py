"""The training split in memory, from records where a training has left some."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.datasets.autotuning import without_autotuning
from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.datasets.pipeline import Arrays, load_arrays, positions_of_labels
from a2i_tf.datasets.records.index import RecordsFolder
from a2i_tf.datasets.records.preparation import OnCount, find_records
from a2i_tf.datasets.records.shards import in_stored_order, parse_examples
from a2i_tf.datasets.records.storage import explain_storage_errors

_BATCH = 512


def load_training_arrays(
    folder: PairsFolder, mfcc: MfccConfig, image_size: int, on_count: OnCount
) -> Arrays:
    """Loads the training split into memory, in the order of the manifest.

    Records hold what decoding would give, and are read several times as fast.

    Args:
        folder: The dataset.
        mfcc: The front end.
        image_size: Width and height of the pictures in pixels.
        on_count: Called while records are checked.

    Raises:
        A2IError: if the split is empty, the features don't fit, or a file can't be read.
    """
    records = find_records(folder, mfcc, image_size, on_count)
    if records is None:
        return load_arrays(folder, folder.split("train"), mfcc, image_size)
    return _read(records, folder)


def _read(records: RecordsFolder, folder: PairsFolder) -> Arrays:
    config, pairs = records.index.config, folder.split("train")
    rows = {pair.id: row for row, pair in enumerate(pairs)}
    stored = np.array([rows[pair.id] for pair in in_stored_order(pairs, config)])
    features = np.empty((len(pairs), *config.mfcc.shape), np.float32)
    images = np.empty((len(pairs), config.image_size, config.image_size, 3), np.uint8)
    batches = (
        tf.data.TFRecordDataset(records.shard_paths)
        .batch(_BATCH)
        .map(lambda serialized: parse_examples(serialized, config), num_parallel_calls=2)
    )
    start = 0
    with explain_storage_errors(records.path, "read"):
        for some_features, some_images in without_autotuning(batches).as_numpy_iterator():
            places = stored[start : start + len(some_images)]
            features[places], images[places] = some_features, some_images
            start += len(some_images)
    return Arrays(pairs, features, images, positions_of_labels(folder, pairs))
