"""Judges that were trained before."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation.cache import KEY_LENGTH, OnNote, load_or_make
from a2i_tf.evaluation.judge import JUDGE_VERSION, Judge, OnEpoch, train_judge
from a2i_tf.models.drawing import read_network


def load_or_train_judge(
    folder: PairsFolder,
    train: Arrays,
    validation: Arrays,
    *,
    cache: Path,
    seed: int = 0,
    on_epoch: OnEpoch | None = None,
    on_note: OnNote | None = None,
) -> Judge:
    """Returns the judge of a dataset: the kept one, or a new one that is kept from now on.

    Args:
        folder: The dataset.
        train: Its training split at the size of the images to be judged.
        validation: Its validation split at the same size.
        cache: Where judges are kept.
        seed: Seed of the training.
        on_epoch: Called with (epochs done, epochs in all) while a judge is trained.
        on_note: Called with one line when a judge can't be read or kept.

    Returns:
        The judge.
    """
    key = _key(folder, train, validation, seed)
    return load_or_make(
        cache / key / "judge.keras",
        "judge",
        load=lambda path: Judge(read_network(path)),
        make=lambda: train_judge(train, validation, len(folder.labels), seed, on_epoch),
        save=lambda judge, path: judge.network.save(path),
        on_note=on_note,
    )


def _key(folder: PairsFolder, train: Arrays, validation: Arrays, seed: int) -> str:
    """Returns the name under which a judge is kept."""
    depends_on = {
        "checksum": folder.info.checksum,
        "image_size": train.images.shape[1],
        "labels": folder.labels,
        # Pairs can be left out, or get other labels, without a change of the checksum.
        "pairs": [
            [[pair.id, pair.label] for pair in arrays.pairs] for arrays in (train, validation)
        ],
        "seed": seed,
        "version": JUDGE_VERSION,
    }
    return hashlib.sha256(json.dumps(depends_on).encode()).hexdigest()[:KEY_LENGTH]
