"""Judges that were trained before, kept beside the dataset they belong to.

    <dataset root>/.judge/<key>/judge.keras

The key covers all that the judge depends on, so that another dataset, image size, choice of pairs
or version of the judge trains another one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from a2i_tf.atomic import new_folder
from a2i_tf.datasets.pairs import PairsFolder
from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.errors import A2IError
from a2i_tf.evaluation.judge import JUDGE_VERSION, Judge, OnEpoch, train_judge
from a2i_tf.models.drawing import read_network

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
        cache: Where judges are kept; by default `.judge` in the dataset's folder.
        on_epoch: Called with (epochs done, epochs in all) while a judge is trained.
        on_note: Called with one line when a judge can't be read or kept. That is no error: it
            costs the next evaluation the time to train one again.

    Returns:
        The judge.
    """
    key = _key(folder, train, validation, seed)
    path = (cache or folder.root / CACHE_FOLDER) / key / "judge.keras"
    tell = on_note or (lambda _: None)
    try:
        if path.exists():
            return Judge(read_network(path))
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile):
        tell(f"{path.parent}: the kept judge is damaged; another one was trained")
        shutil.rmtree(path.parent, ignore_errors=True)
    judge = train_judge(train, validation, len(folder.labels), seed, on_epoch)
    try:
        with new_folder(path.parent) as temporary:
            judge.network.save(temporary / path.name)
    except A2IError as error:
        # Another process may have finished the same judge first; then one is there.
        if not path.exists():
            tell(f"the judge was not kept ({error})")
    return judge


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
    return hashlib.sha256(json.dumps(depends_on).encode()).hexdigest()[:_KEY_LENGTH]
