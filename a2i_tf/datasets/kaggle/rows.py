"""The rows of the set's `dataset.csv`: one second of a video each.

The 104 values are read as 8 windows of 13 coefficients: `mfcc_1 … mfcc_13` are the first window's,
log energy first. This reading is checked whenever the set is read, because a wrong one would
train without complaint: windows of one second resemble each other, and energies lie where
python_speech_features puts those of 16-bit sounds.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.errors import A2IError

MFCC_SETTING = "scene104"
WINDOWS, COEFFICIENTS = MFCC_SETTINGS[MFCC_SETTING].shape
MFCC_COLUMNS = tuple(f"mfcc_{number}" for number in range(1, WINDOWS * COEFFICIENTS + 1))

_IMAGE_FORM = re.compile(
    r"images/(?P<source>\w[\w .-]*)/(?P<name>[\w .-]*?)(?P<number>\d{1,9})\.png", re.ASCII
)
# The set's are 11 to 22; digital silence, of which there may be some, is -36.
_ENERGY_RANGE = (5.0, 30.0)
# The set's are within 50, but for a few; nothing that isn't cepstra of this kind is.
_LARGEST_COEFFICIENT = 120.0
# The set's is 0.67 between the first and the last window, and -0.35 when read the other way.
_LEAST_RESEMBLANCE = 0.3


class OtherContentsError(A2IError):
    """The archive holds something else than the set; the message lacks the archive's path."""


@dataclass(frozen=True)
class Row:
    """One second of a video.

    Attributes:
        image: Path of the picture, as the set names it.
        source: The picture's folder: the video.
        number: Place of the second in its video.
        label: CLASS2 in the form of the built-in data, such as "football-match".
        mfcc: float32 [8, 13], in the setting `scene104`.
    """

    image: str
    source: str
    number: int
    label: str
    mfcc: NDArray[np.float32]

    @property
    def id(self) -> str:
        """Unique name of the second; sorts by source and time."""
        return f"{self.source}-{self.number:05d}"


def read_rows(lines: Iterable[str]) -> list[Row]:
    """Reads the rows of `dataset.csv`, sorted by source and time.

    Raises:
        OtherContentsError: if a column is missing, a value is no number, a picture isn't named as
            the set names them or has two rows, or the values aren't the MFCC that they should be.
    """
    try:
        reader = csv.DictReader(lines)
        _check_columns(reader.fieldnames or ())
        rows = [_read_row(line, values) for line, values in enumerate(reader, 2)]
    except (csv.Error, UnicodeDecodeError) as error:
        raise OtherContentsError(f"dataset.csv: cannot be read: {error}") from error
    if not rows:
        raise OtherContentsError("dataset.csv: holds no rows")
    rows.sort(key=lambda row: row.id)
    for row, following in pairwise(rows):
        if row.id == following.id:
            raise OtherContentsError(f"dataset.csv: has two rows of {row.id}")
    check_mfcc(np.stack([row.mfcc for row in rows]))
    return rows


def sample_rows(rows: Sequence[Row], count: int | None) -> list[Row]:
    """Keeps `count` rows a source, evenly spaced; all of a source that has fewer."""
    if count is None:
        return list(rows)
    by_source: dict[str, list[Row]] = {}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    return [
        found[place * len(found) // min(count, len(found))]
        for found in by_source.values()
        for place in range(min(count, len(found)))
    ]


def check_mfcc(mfcc: NDArray[np.float32]) -> None:
    """Makes sure that values are what `scene104` computes, in its order.

    Args:
        mfcc: float32 [rows, 8, 13].

    Raises:
        OtherContentsError: if energies or coefficients lie elsewhere, or the windows of a second
            don't resemble each other.
    """
    energy = float(np.median(mfcc[:, :, 0]))
    low, high = _ENERGY_RANGE
    if not low <= energy <= high:
        raise OtherContentsError(
            f"dataset.csv: every 13th value has the median {energy:.1f}, but a log energy's is "
            f"between {low:g} and {high:g}: the MFCC are of another kind or order"
        )
    largest = float(np.quantile(np.abs(mfcc), 0.99))
    if not largest <= _LARGEST_COEFFICIENT:
        raise OtherContentsError(
            f"dataset.csv: MFCC reach {largest:.0f}, but liftered cepstra stay within "
            f"{_LARGEST_COEFFICIENT:g}: they are of another kind"
        )
    alike = resemblance(mfcc[:, :-1, 1:], mfcc[:, 1:, 1:])
    if not alike >= _LEAST_RESEMBLANCE:
        raise OtherContentsError(
            f"dataset.csv: neighbouring windows of a second have a correlation of {alike:.2f}, not "
            f"at least {_LEAST_RESEMBLANCE}: the MFCC are in another order"
        )


def resemblance(ones: NDArray[np.floating], others: NDArray[np.floating]) -> float:
    """Returns the correlation between two arrays of the same shape; NaN if one is constant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.corrcoef(ones.ravel(), others.ravel())[0, 1])


def _check_columns(columns: Sequence[str]) -> None:
    missing = [name for name in ("IMAGE", *MFCC_COLUMNS, "CLASS2") if name not in columns]
    if missing:
        raise OtherContentsError(
            f"dataset.csv: has no column {missing[0]}"
            + (f" and {len(missing) - 1} more" if missing[1:] else "")
        )


def _read_row(line: int, values: dict[str, str]) -> Row:
    image = values["IMAGE"] or ""
    parts = _IMAGE_FORM.fullmatch(image)
    if parts is None:
        raise OtherContentsError(
            f"dataset.csv, line {line}: {image!r} is not images/<source>/<name>N.png"
        )
    try:
        mfcc = np.array([values[name] for name in MFCC_COLUMNS], dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise OtherContentsError(f"dataset.csv, line {line}: {error}") from error
    label = (values["CLASS2"] or "").strip().lower().replace("_", "-").replace(" ", "-")
    if not label or not np.isfinite(mfcc).all():
        raise OtherContentsError(
            f"dataset.csv, line {line}: has no class, or a value that is no number"
        )
    return Row(
        image=image,
        source=parts["source"],
        number=int(parts["number"]),
        label=label,
        mfcc=mfcc.reshape(WINDOWS, COEFFICIENTS),
    )
