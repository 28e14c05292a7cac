"""The Kaggle set in small, and what its fetching leaves and says."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import python_speech_features
from numpy.typing import NDArray
from PIL import Image

CLASS2 = (
    "BEACH",
    "CITY",
    "CLASSROOM",
    "FOOTBALL-MATCH",
    "FOREST",
    "GROCERY-STORE",
    "JUNGLE",
    "RESTAURANT",
    "RIVER",
)
SECONDS = 5
_INDOORS = {"CLASSROOM", "GROCERY-STORE", "RESTAURANT"}


def set_mfcc(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Computes a row's 104 values in the order of the set's columns, from 16,000 samples."""
    return python_speech_features.mfcc(
        np.append(samples, np.int16(0)), 16_000, winlen=0.25, winstep=0.125, nfft=4096
    ).ravel()


def class_sound(place: int, seed: int) -> NDArray[np.int16]:
    """Returns a second of a class: a tone that others don't have, in noise."""
    rng = np.random.default_rng([place, seed])
    tone = np.sin(2 * np.pi * 150 * 1.5**place * np.arange(16_000) / 16_000)
    return (8_000 * tone + rng.normal(0, 400, 16_000)).round().astype(np.int16)


def make_members(sounds: dict[str, NDArray[np.int16]] | None = None) -> dict[str, bytes]:
    """Returns the set's files by name: 9 classes, 3 sources each, 5 seconds of each source.

    Args:
        sounds: int16 [16000] by name of picture, for rows that are to be of other sounds.
    """
    members: dict[str, bytes] = {}
    rows = []
    for place, label in enumerate(CLASS2):
        name = label.lower().split("-")[-1]
        for source in (name, f"{name}2", f"{name}4"):
            for second in range(SECONDS):
                hyphen = "" if source == name else "-"
                image = f"images/{source}/{source}{hyphen}{second}.png"
                sound = (sounds or {}).get(image, class_sound(place, len(rows)))
                members[image] = _png(place, seed=len(rows))
                kind = "INDOORS" if label in _INDOORS else "OUTDOORS"
                rows.append([image, *(f"{value:.6f}" for value in set_mfcc(sound)), kind, label])
    columns = ["IMAGE", *(f"mfcc_{number}" for number in range(1, 105)), "CLASS1", "CLASS2"]
    members["dataset.csv"] = write_table([columns, *rows])
    return members


def read_table(contents: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(contents.decode())))


def write_table(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def zip_members(members: dict[str | zipfile.ZipInfo, bytes]) -> bytes:
    contents = io.BytesIO()
    with zipfile.ZipFile(contents, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return contents.getvalue()


def _png(place: int, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    colour = np.array([25 * place, 255 - 25 * place, 128])
    cells = (colour + rng.normal(0, 20, (16, 16, 3))).clip(0, 255).astype(np.uint8)
    contents = io.BytesIO()
    Image.fromarray(cells).resize((256, 256), Image.Resampling.NEAREST).save(contents, "PNG")
    return contents.getvalue()


def kept(tmp_path: Path) -> list[str]:
    """Returns the names of all that lies in the data folder."""
    return sorted(path.name for path in (tmp_path / "data").iterdir())


def only_error(err: str) -> str:
    """Returns the one line that is an error; it must be the last."""
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert errors == err.splitlines()[-1:], err
    return errors[0]


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
