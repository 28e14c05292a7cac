"""What tells whether a dataset, or its split, is still the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from a2i_tf.datasets.pairs import Pair

_BLOCK_BYTES = 2**20


def checksum_files(root: Path, pairs: Sequence[Pair]) -> str:
    """Returns the SHA-256 over the names and contents of all files that `pairs` name.

    Where the dataset splits its sources itself, it covers id, source, label and split of every
    pair too: nothing else tells who trains.
    """
    digest = hashlib.sha256()
    for name in sorted({pair.sound for pair in pairs} | {pair.image for pair in pairs}):
        digest.update(f"{_hash_file(root / name)}  {name}\n".encode())
    if any(pair.split for pair in pairs):
        rows = sorted((pair.id, pair.source, pair.label, pair.split or "") for pair in pairs)
        digest.update(json.dumps(rows).encode())
    return digest.hexdigest()


def hash_splits(pairs: Sequence[Pair]) -> str:
    """Returns the SHA-256 over the split of every source, whoever chose it.

    A manifest that was edited by hand keeps its dataset's checksum.
    """
    splits = sorted({(pair.source, pair.effective_split) for pair in pairs})
    return hashlib.sha256(json.dumps(splits).encode()).hexdigest()


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    # A sound may last for hours.
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
