"""Makes a pairs folder of the set's archive.

    dataset.csv                  →  mfcc/<source>.npy    float32 [rows, 8, 13], a row a second
    images/<source>/<name>.png   →  images/<source>/     the same bytes

A pair's label is CLASS2 in small letters, such as "football-match"; its source is the picture's
folder. Every class has a source in each split, where it has three or more.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from a2i_tf.atomic import new_folder
from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets.checksum import checksum_files
from a2i_tf.datasets.destination import (
    check_disk,
    check_not_in_the_way,
    is_made,
    remove_leftovers,
)
from a2i_tf.datasets.kaggle import DATASET
from a2i_tf.datasets.kaggle.archive import BadArchiveError, open_archive
from a2i_tf.datasets.kaggle.download import Download, discard_download
from a2i_tf.datasets.kaggle.rows import (
    MFCC_SETTING,
    OtherContentsError,
    Row,
    read_rows,
    sample_rows,
)
from a2i_tf.datasets.manifest import read_pairs, write_pairs
from a2i_tf.datasets.pairs import DatasetInfo, Pair, PairsFolder, Split, summarize
from a2i_tf.datasets.stratify import stratified_splits
from a2i_tf.errors import A2IError

# Pairs by class of the set as published in 2020.
PUBLISHED_COUNTS = {
    "beach": 2080,
    "city": 2432,
    "classroom": 2753,
    "football-match": 1600,
    "forest": 1361,
    "grocery-store": 2079,
    "jungle": 1404,
    "restaurant": 1459,
    "river": 2084,
}

_IMAGE_SIZE = 256
# The set's is 20 MB; all of it is in memory at once.
_MOST_TABLE_BYTES = 200_000_000
# Raised whenever the same archive would give other pairs.
_VERSION = 1


def is_fetched(root: Path, sample: int | None) -> bool:
    """Tells whether `root` holds just this sample of the set, whole.

    Raises:
        A2IError: if it holds anything else.
    """
    check_not_in_the_way(root)
    return is_made(root, _options(sample))


def assemble_pairs(
    root: Path,
    download: Download,
    sample: int | None = None,
    on_image: Callable[[int, int], None] | None = None,
) -> PairsFolder:
    """Makes a pairs folder of the archive, whole or not at all, and removes the download.

    Args:
        root: The pairs folder.
        download: What `download_archive` returned.
        sample: Rows to keep of every source, evenly spaced; None for all.
        on_image: Called with (pictures ready, pictures in all) as the work goes on.

    Raises:
        A2IError: if the archive is damaged, not to be trusted or holds something else, or the disk
            is full. A bad archive is removed; otherwise the download stays for another try.
    """
    try:
        folder = _assemble(root, download, sample, on_image)
    except BadArchiveError as error:
        discard_download(root)
        raise A2IError(
            f"{download.path}: {error}; it was removed: run the command again to download it anew"
        ) from error
    except OtherContentsError as error:
        raise A2IError(
            f"{download.path}: {error}; it isn't the set that this a2i knows: remove it to "
            "download it anew"
        ) from error
    discard_download(root)
    return folder


def count_difference(folder: PairsFolder) -> str | None:
    """Says how the set differs from the one published in 2020; None if it doesn't."""
    counts = folder.info.made_with["rows"]
    different = [
        f"{label} {counts.get(label, 0)} instead of {PUBLISHED_COUNTS.get(label, 0)}"
        for label in sorted({*counts, *PUBLISHED_COUNTS})
        if counts.get(label) != PUBLISHED_COUNTS.get(label)
    ]
    return ", ".join(different) or None


def _options(sample: int | None) -> dict[str, Any]:
    return {"version": _VERSION, "sample": sample, "command": "a2i fetch kaggle"}


def _assemble(
    root: Path,
    download: Download,
    sample: int | None,
    on_image: Callable[[int, int], None] | None,
) -> PairsFolder:
    remove_leftovers(root)
    with open_archive(download.path) as archive:
        every = _read_table(archive)
        rows = sample_rows(every, sample)
        _check_images(root, archive, rows)
        splits = stratified_splits(_source_labels(every))
        with new_folder(root) as folder:
            _write_images(folder, archive, rows, on_image)
            pairs = _write_features(folder, rows, splits)
            made_with = {
                **_options(sample),
                "kaggle_version": download.remote.version,
                "archive_md5": download.remote.md5,
                "rows": dict(sorted(Counter(row.label for row in every).items())),
            }
            write_pairs(folder, _describe(folder, pairs, download, made_with), pairs)
    return read_pairs(root)


def _read_table(archive: zipfile.ZipFile) -> list[Row]:
    try:
        member = archive.getinfo("dataset.csv")
    except KeyError as error:
        raise OtherContentsError("has no dataset.csv") from error
    if member.file_size > _MOST_TABLE_BYTES:
        raise OtherContentsError(
            f"has a dataset.csv of {member.file_size / 1e6:.0f} MB, far more than the set's"
        )
    with io.TextIOWrapper(archive.open(member), encoding="utf-8-sig", newline="") as text:
        return read_rows(text)


def _check_images(root: Path, archive: zipfile.ZipFile, rows: Sequence[Row]) -> None:
    sizes = {member.filename: member.file_size for member in archive.infolist()}
    missing = [row.image for row in rows if row.image not in sizes]
    if missing:
        raise OtherContentsError(
            f"has no {missing[0]}, which dataset.csv names"
            + (f", nor {len(missing) - 1} more" if missing[1:] else "")
        )
    check_disk(root, sum(sizes[row.image] for row in rows), "ask for a smaller --sample")


def _source_labels(rows: Sequence[Row]) -> dict[str, str]:
    """Returns the class of every source: that of most of its rows, should they differ."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(row.source, Counter())[row.label] += 1
    return {source: found.most_common(1)[0][0] for source, found in counts.items()}


def _write_images(
    folder: Path,
    archive: zipfile.ZipFile,
    rows: Sequence[Row],
    on_image: Callable[[int, int], None] | None,
) -> None:
    for done, row in enumerate(rows, 1):
        contents = archive.read(row.image)
        _check_image(row.image, contents)
        path = folder / row.image
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
        if on_image:
            on_image(done, len(rows))


def _check_image(name: str, contents: bytes) -> None:
    try:
        with Image.open(io.BytesIO(contents), formats=["PNG"]) as image:
            size = image.size
            if size == (_IMAGE_SIZE, _IMAGE_SIZE):
                image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise OtherContentsError(f"{name} is not a whole PNG file") from error
    if size != (_IMAGE_SIZE, _IMAGE_SIZE):
        raise OtherContentsError(f"{name} is {size[0]} x {size[1]} pixels, not 256 x 256")


def _write_features(folder: Path, rows: Sequence[Row], splits: dict[str, Split]) -> list[Pair]:
    (folder / "mfcc").mkdir()
    pairs = []
    for source, group in groupby(rows, key=lambda row: row.source):
        found = list(group)
        name = f"mfcc/{source}.npy"
        np.save(folder / name, np.stack([row.mfcc for row in found]))
        pairs += [
            Pair(
                id=row.id,
                source=source,
                label=row.label,
                start_seconds=float(place),
                sound=name,
                image=row.image,
                split=splits[source],
            )
            for place, row in enumerate(found)
        ]
    return pairs


def _describe(
    folder: Path, pairs: Sequence[Pair], download: Download, made_with: dict[str, Any]
) -> DatasetInfo:
    setting = MFCC_SETTINGS[MFCC_SETTING]
    return DatasetInfo(
        name="kaggle",
        licence=f"{download.remote.licence}; {DATASET} on Kaggle, Jordan J. Bird et al.",
        window_seconds=setting.window_seconds,
        sample_rate=setting.sample_rate,
        image_size=_IMAGE_SIZE,
        made_with=made_with,
        checksum=checksum_files(folder, pairs),
        mfcc_setting=MFCC_SETTING,
        **summarize(pairs),
    )
