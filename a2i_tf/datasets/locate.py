"""Which dataset is meant when none is named."""

from __future__ import annotations

from pathlib import Path

from a2i_tf.datasets.manifest import INFO_FILE
from a2i_tf.errors import A2IError

DATA_FOLDER = Path("data")


def only_dataset(data: Path = DATA_FOLDER) -> Path:
    """Returns the one pairs folder below `data`.

    Raises:
        A2IError: if there is none, or more than one.
    """
    found = sorted(path.parent for path in data.glob(f"*/{INFO_FILE}"))
    if not found:
        raise A2IError(f"{data}: holds no dataset; run `a2i fetch`, or name one elsewhere")
    if len(found) > 1:
        names = ", ".join(map(str, found))
        raise A2IError(f"{data}: holds several datasets ({names}); name one")
    return found[0]
