"""tf.data from a pairs folder to examples of (mfcc, image).

    source ──decode──▶ waveform ──cut──▶ [pairs, samples] ──mfcc──▶ [pairs, frames, coefficients]
    picture ──decode──▶ [H, W, 3] ──area──▶ [size, size, 3] uint8

Every source is decoded once for up to 128 pairs, in parallel. No Python runs per example. Training
reads what `records/` keeps of them; `load_arrays` holds a split in memory, for what looks at all of
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from a2i_tf.audio.graph_decode import decode_audio
from a2i_tf.audio.mfcc import mfcc
from a2i_tf.audio.settings import MfccConfig
from a2i_tf.datasets.autotuning import without_autotuning
from a2i_tf.datasets.pairs import Pair, PairsFolder
from a2i_tf.errors import A2IError

# Spectra of so many windows stay below 100 MB, however long a source is.
_PAIRS_PER_BLOCK = 128
_ARRAYS_BATCH = 256

Batch = tuple[NDArray[np.float32], NDArray[np.uint8]]
"""(mfcc [n, frames, coefficients], images [n, size, size, 3])."""


@dataclass(frozen=True)
class Arrays:
    """A split in memory, one row a pair.

    Attributes:
        pairs: The rows of the manifest.
        mfcc: float32 [n, frames, coefficients].
        images: uint8 [n, size, size, 3].
        labels: int64 [n], positions in the folder's `labels`.
    """

    pairs: tuple[Pair, ...]
    mfcc: NDArray[np.float32]
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def make_examples(
    folder: PairsFolder, pairs: Sequence[Pair], config: MfccConfig, image_size: int
) -> tf.data.Dataset:
    """Makes a dataset of single examples in the order of `pairs`, sources kept together.

    Returns:
        (mfcc float32 [frames, coefficients], image uint8 [image_size, image_size, 3]).

    Raises:
        A2IError: if there are no pairs, or the dataset's rate or features don't fit `config`.
    """
    if not pairs:
        raise A2IError(f"{folder.root}: no source falls into this split; use more sources")
    images = tf.data.Dataset.from_tensor_slices([str(folder.root / pair.image) for pair in pairs])
    images = images.map(
        lambda path: _load_image(path, image_size), num_parallel_calls=tf.data.AUTOTUNE
    )
    return without_autotuning(tf.data.Dataset.zip(_make_features(folder, pairs, config), images))


def read_batches(
    folder: PairsFolder,
    pairs: Sequence[Pair],
    config: MfccConfig,
    image_size: int,
    batch_size: int,
) -> Iterator[Batch]:
    """Reads `make_examples` in batches of `batch_size`; the last one holds the rest.

    Raises:
        A2IError: if `make_examples` raises one, or a sound or picture can't be decoded.
    """
    return _decode(folder, make_examples(folder, pairs, config, image_size).batch(batch_size))


def load_arrays(
    folder: PairsFolder, pairs: Sequence[Pair], config: MfccConfig, image_size: int
) -> Arrays:
    """Loads examples into memory."""
    batches = read_batches(folder, pairs, config, image_size, _ARRAYS_BATCH)
    starts = range(0, len(pairs), _ARRAYS_BATCH)
    rows = (np.arange(start, min(start + _ARRAYS_BATCH, len(pairs))) for start in starts)
    return fill_arrays(folder, pairs, config, image_size, zip(rows, batches, strict=True))


def fill_arrays(
    folder: PairsFolder,
    pairs: Sequence[Pair],
    config: MfccConfig,
    image_size: int,
    parts: Iterable[tuple[NDArray[np.int64], Batch]],
) -> Arrays:
    """Puts batches in their places, so that the whole is in memory once.

    Args:
        folder: The dataset.
        pairs: The rows.
        config: The front end.
        image_size: Width and height of the pictures in pixels.
        parts: Batches, and the rows they are of; all of them together are every row.
    """
    features = np.empty((len(pairs), *config.shape), np.float32)
    images = np.empty((len(pairs), image_size, image_size, 3), np.uint8)
    for rows, batch in parts:
        features[rows], images[rows] = batch
    positions = {label: position for position, label in enumerate(folder.labels)}
    labels = np.array([positions[pair.label] for pair in pairs], dtype=np.int64)
    return Arrays(tuple(pairs), features, images, labels)


def cut_blocks(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Cuts pairs where the sound changes, and long sounds into blocks that fit into memory."""
    sounds = [list(sound) for _, sound in groupby(pairs, key=lambda pair: pair.sound)]
    return [
        sound[start : start + _PAIRS_PER_BLOCK]
        for sound in sounds
        for start in range(0, len(sound), _PAIRS_PER_BLOCK)
    ]


def _decode(folder: PairsFolder, batches: tf.data.Dataset) -> Iterator[Batch]:
    try:
        yield from batches.as_numpy_iterator()
    except tf.errors.OpError as error:
        raise A2IError(
            f"{folder.root}: a sound or picture cannot be read: {error.message.splitlines()[0]}"
        ) from error


def _make_features(
    folder: PairsFolder, pairs: Sequence[Pair], config: MfccConfig
) -> tf.data.Dataset:
    if folder.info.mfcc_setting is not None:
        return _read_features(folder, pairs, config)
    if folder.info.sample_rate != config.sample_rate:
        raise A2IError(
            f"{folder.root}: its sounds are at {folder.info.sample_rate} Hz, the model's at "
            f"{config.sample_rate} Hz; import the dataset again at the model's rate"
        )
    if folder.info.window_seconds != config.window_seconds:
        raise A2IError(
            f"{folder.root}: its windows are {folder.info.window_seconds:g} s long, the model's "
            f"{config.window_seconds:g} s; import the dataset again with the model's window"
        )
    blocks = cut_blocks(pairs)
    starts = np.array([round(pair.start_seconds * config.sample_rate) for pair in pairs], np.int32)
    sources = tf.data.Dataset.from_tensor_slices(
        (
            [str(folder.root / block[0].sound) for block in blocks],
            tf.RaggedTensor.from_row_lengths(starts, [len(block) for block in blocks]),
        )
    )
    features = sources.map(
        lambda path, starts: _source_features(path, starts, config),
        num_parallel_calls=tf.data.AUTOTUNE,
    ).unbatch()
    return features.apply(tf.data.experimental.assert_cardinality(len(pairs)))


def _source_features(path: tf.Tensor, starts: tf.Tensor, config: MfccConfig) -> tf.Tensor:
    """Computes the features of a block of one source: [pairs, frames, coefficients]."""
    waveform = decode_audio(tf.io.read_file(path), "wav")
    padded = tf.pad(waveform, [[0, config.window_samples]])
    # Many pictures may share a window.
    different, places = tf.unique(starts)
    windows = tf.gather(padded, different[:, None] + tf.range(config.window_samples)[None, :])
    return tf.gather(mfcc(windows, config), places)


def _read_features(
    folder: PairsFolder, pairs: Sequence[Pair], config: MfccConfig
) -> tf.data.Dataset:
    names = {pair.sound for pair in pairs}
    files = {name: np.load(folder.root / name, mmap_mode="r") for name in names}
    rows = [
        files[pair.sound][round(pair.start_seconds / folder.info.window_seconds)] for pair in pairs
    ]
    features = np.stack(rows).astype(np.float32)
    if features.shape[1:] != config.shape:
        raise A2IError(
            f"{folder.root}: holds {folder.info.mfcc_setting} features of shape "
            f"{features.shape[1:]}, the model wants {config.shape}"
        )
    return tf.data.Dataset.from_tensor_slices(features)


def _load_image(path: tf.Tensor, size: int) -> tf.Tensor:
    image = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
    # Averaging areas keeps brightness and shows no aliasing, unlike bilinear sampling.
    small = tf.image.resize(image, [size, size], method="area")
    return tf.ensure_shape(tf.cast(tf.round(small), tf.uint8), [size, size, 3])
