"""What an evaluation learns from a dataset alone, kept beside it.

    <dataset root>/.judge/<key>/judge.keras      the judge
    <dataset root>/.judge/<key>/features.npz     what the judge sees in the training pictures
    <dataset root>/.judge/<key>/readings.npz     what the audio regressor reads

A key covers all that the thing depends on, so that another dataset or choice of pairs makes
another one.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from a2i_tf.atomic import new_folder
from a2i_tf.errors import A2IError

CACHE_FOLDER = ".judge"
KEY_LENGTH = 16

OnNote = Callable[[str], None]
Kept = TypeVar("Kept")

_DAMAGED = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile)


def load_or_make(
    path: Path,
    name: str,
    *,
    load: Callable[[Path], Kept],
    make: Callable[[], Kept],
    save: Callable[[Kept, Path], None],
    on_note: OnNote | None = None,
) -> Kept:
    """Returns what is kept at `path`, or makes it, to be kept from now on.

    Args:
        path: A file in a folder of its own.
        name: What it is, for notes.
        load: Reads the file.
        make: Makes what isn't there, or is damaged.
        save: Writes it to a file.
        on_note: Called with one line when it can't be read or kept. That is no error: it costs
            the next evaluation the time to make it again.
    """
    tell = on_note or (lambda _: None)
    try:
        if path.exists():
            return load(path)
    except _DAMAGED:
        tell(f"{path.parent}: the kept {name} was damaged, and made anew")
        shutil.rmtree(path.parent, ignore_errors=True)
    made = make()
    try:
        with new_folder(path.parent) as temporary:
            save(made, temporary / path.name)
    except A2IError as error:
        # Another process may have finished the same first; then one is there.
        if not path.exists():
            tell(f"the {name} was not kept ({error})")
    return made


def load_or_make_array(
    path: Path, name: str, make: Callable[[], NDArray[Any]], on_note: OnNote | None = None
) -> NDArray[Any]:
    """Does what `load_or_make` does, for an array in a `.npz` file, whose checksum tells damage."""
    return load_or_make(
        path,
        name,
        load=_load_array,
        make=make,
        save=lambda made, file: np.savez(file, made),
        on_note=on_note,
    )


def _load_array(path: Path) -> NDArray[Any]:
    with np.load(path) as file:
        (name,) = file.files
        return np.asarray(file[name])
