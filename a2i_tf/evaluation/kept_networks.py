"""Networks that were trained before, kept beside the dataset they belong to.

    <dataset root>/.judge/<key>/judge.keras
    <dataset root>/.judge/<key>/factor_reader.keras

The key covers all that a network depends on, so that another dataset, image size, choice of pairs
or version of the network trains another one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from a2i_tf.atomic import new_folder
from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.errors import A2IError
from a2i_tf.evaluation.factor_reader import (
    FACTOR_READER_VERSION,
    FactorReader,
    train_factor_reader,
)
from a2i_tf.evaluation.image_network import OnEpoch
from a2i_tf.evaluation.judge import JUDGE_VERSION, Judge, train_judge

CACHE_FOLDER = ".judge"
_KEY_LENGTH = 16

OnNote = Callable[[str], None]


def load_or_train_judge(
    folder: PairsFolder,
    train: Arrays,
    validation: Arrays,
    *,
    seed: int = 0,
    cache: Path | None = None,
    on_epoch: OnEpoch | None = None,
    on_note: OnNote | None = None,
) -> Judge:
    """Returns the judge of a dataset: the kept one, or a new one that is kept from now on.

    Args:
        folder: The dataset.
        train: Its training split at the size of the images to be judged.
        validation: Its validation split at the same size.
        seed: Seed of the training.
        cache: Where networks are kept; by default `.judge` in the dataset's folder.
        on_epoch: Called with (epochs done, epochs in all) while a judge is trained.
        on_note: Called with one line when a judge can't be read or kept. That is no error: it
            costs the next evaluation the time to train one again.

    Returns:
        The judge.
    """
    key = _key(folder, train, validation, seed=seed, labels=folder.labels, version=JUDGE_VERSION)
    network = _load_or_train(
        (cache or folder.root / CACHE_FOLDER) / key / "judge.keras",
        lambda: train_judge(train, validation, len(folder.labels), seed, on_epoch).network,
        on_note,
    )
    return Judge(network)


def load_or_train_factor_reader(
    folder: PairsFolder,
    train: Arrays,
    validation: Arrays,
    factor_names: Sequence[str],
    *,
    seed: int = 0,
    cache: Path | None = None,
    on_epoch: OnEpoch | None = None,
    on_note: OnNote | None = None,
) -> FactorReader:
    """Returns the factor reader of a dataset: the kept one, or a new one that is kept.

    Args:
        folder: The dataset.
        train: Its training split at the size of the images to be read.
        validation: Its validation split at the same size.
        factor_names: What is read.
        seed: Seed of the training.
        cache: Where networks are kept; by default `.judge` in the dataset's folder.
        on_epoch: Called with (epochs done, epochs in all) while a reader is trained.
        on_note: Called with one line when a reader can't be read or kept.

    Returns:
        The reader.
    """
    names = tuple(factor_names)
    key = _key(folder, train, validation, seed=seed, factors=names, version=FACTOR_READER_VERSION)
    network = _load_or_train(
        (cache or folder.root / CACHE_FOLDER) / key / "factor_reader.keras",
        lambda: train_factor_reader(train, validation, names, seed, on_epoch).network,
        on_note,
    )
    return FactorReader(network, names)


def _key(folder: PairsFolder, train: Arrays, validation: Arrays, **depends_on: Any) -> str:
    """Returns the name under which a network is kept."""
    depends_on |= {
        "checksum": folder.info.checksum,
        "image_size": train.images.shape[1],
        # Pairs can be left out without a change of the checksum.
        "pairs": [[pair.id for pair in arrays.pairs] for arrays in (train, validation)],
    }
    return hashlib.sha256(json.dumps(depends_on).encode()).hexdigest()[:_KEY_LENGTH]


def _load_or_train(
    path: Path, train: Callable[[], keras.Model], on_note: OnNote | None
) -> keras.Model:
    tell = on_note or (lambda _: None)
    kind = path.stem.replace("_", " ")
    try:
        if path.exists():
            return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile):
        tell(f"{path.parent}: the kept {kind} is damaged; another one was trained")
        shutil.rmtree(path.parent, ignore_errors=True)
    network = train()
    try:
        with new_folder(path.parent) as temporary:
            network.save(temporary / path.name)
    except A2IError as error:
        # Another process may have finished the same network first; then one is there.
        if not path.exists():
            tell(f"the {kind} was not kept ({error})")
    return network
