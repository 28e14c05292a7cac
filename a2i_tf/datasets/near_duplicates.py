"""Pictures that lie in two splits: copies, re-encoded, resized, brightened or slightly cropped.

A perceptual hash finds what may be a copy, all against all; thumbnails decide. The hash alone
isn't enough: of 20.7 million pairs of pictures in two splits of the built-in scenes, none of them
copies, 6,262 differ in at most 10 of its 64 bits, and of handwritten digits one pair in 100 does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from a2i_tf.datasets.pairs import SPLITS, Pair, PairsFolder
from a2i_tf.datasets.picture_hash import perceptual_hash

# Within it are all copies of scenes that were re-encoded, halved, darkened or made grey, and 96%
# of those cropped by 2% a side.
_MAX_DISTANCE = 10
# No two different pictures of the built-in scenes reach it (0.982 at most), and 42 of 2,000
# handwritten digits do: a 1 resembles another. Nearly all copies of scenes do.
_MIN_CORRELATION = 0.985
# No two different digits reach this one (0.994 at most); all copies of scenes do but those that
# were brightened or cropped by 2% and more.
_SURE_CORRELATION = 0.995

_THUMBNAIL_PIXELS = 32
_VIEW_PIXELS = 24
_CROPS = (0.0, 0.01, 0.02, 0.03, 0.04)
_BLANK_DEVIATION = 1.0
_BLOCK = 256
# Where very many look alike, as digits do, the nearest are looked at.
_MAX_CANDIDATES = 100
_MAX_CROPPED = 3


@dataclass(frozen=True)
class Look:
    """What of a picture is needed to find its copies.

    Attributes:
        hash: `perceptual_hash`.
        thumbnail: uint8 [32, 32], luminance.
        size: Width and height in pixels.
    """

    hash: int
    thumbnail: NDArray[np.uint8]
    size: tuple[int, int]

    @property
    def is_blank(self) -> bool:
        """Whether it shows a single colour."""
        return float(self.thumbnail.std()) < _BLANK_DEVIATION


@dataclass(frozen=True)
class NearDuplicate:
    """A picture held out, and one of an earlier split that shows the same.

    Attributes:
        held_out: The pair of a later split.
        copy: The pair of an earlier split.
        correlation: Of their pixels, either cropped as fits best; at least 0.985.
    """

    held_out: Pair
    copy: Pair
    correlation: float

    @property
    def is_sure(self) -> bool:
        """Whether different pictures, be they as simple as digits, don't come as near."""
        return self.correlation >= _SURE_CORRELATION


def look_at(image: Image.Image) -> Look:
    """Measures a picture of any size and mode."""
    size = (_THUMBNAIL_PIXELS, _THUMBNAIL_PIXELS)
    # Smooth enough for a copy of another size, or shifted by a pixel, to stay alike.
    small = image.convert("L").resize(size, Image.Resampling.BILINEAR)
    return Look(perceptual_hash(image), np.asarray(small), image.size)


def find_near_duplicates(folder: PairsFolder, looks: dict[str, Look]) -> list[NearDuplicate]:
    """Finds pictures of validation and test that lie in a split before theirs too.

    Args:
        folder: The dataset.
        looks: By the picture's path in the folder; pictures that aren't there, and blank ones,
            are left out.

    Returns:
        The likest copy of every picture that has one.
    """
    shown = {image for image, look in looks.items() if not look.is_blank}
    splits = [
        list({pair.image: pair for pair in folder.split(split) if pair.image in shown}.values())
        for split in SPLITS
    ]
    _, validation, test = splits
    return [
        *_find_copies(validation, splits[0], looks),
        *_find_copies(test, splits[0] + splits[1], looks),
    ]


def _find_copies(
    held_out: Sequence[Pair], others: Sequence[Pair], looks: dict[str, Look]
) -> Iterator[NearDuplicate]:
    if not held_out or not others:
        return
    thumbnails = np.stack([looks[pair.image].thumbnail for pair in others])
    for place, nearest in _near_hashes(
        [looks[pair.image].hash for pair in held_out], [looks[pair.image].hash for pair in others]
    ):
        thumbnail = looks[held_out[place].image].thumbnail
        best, correlation = _likest(thumbnail, thumbnails[nearest])
        if correlation >= _MIN_CORRELATION:
            yield NearDuplicate(held_out[place], others[nearest[best]], correlation)


def _near_hashes(
    hashes: Sequence[int], others: Sequence[int]
) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Yields (place in `hashes`, places in `others` that differ in few bits, nearest first).

    With bits as signs, a matrix product counts equal bits less different ones.
    """
    signs, other_signs = _signs(hashes), _signs(others)
    num_bits = signs.shape[1]
    for start in range(0, len(signs), _BLOCK):
        agreements = signs[start : start + _BLOCK] @ other_signs.T
        rows, places = np.nonzero(agreements >= num_bits - 2 * _MAX_DISTANCE)
        for row in np.unique(rows):
            found = places[rows == row]
            order = np.argsort(-agreements[row, found], kind="stable")
            yield start + int(row), found[order[:_MAX_CANDIDATES]]


def _signs(hashes: Sequence[int]) -> NDArray[np.float32]:
    """Returns the bits as -1 and 1: float32 [n, 64]."""
    octets = np.array(hashes, dtype=">u8").view(np.uint8).reshape(len(hashes), 8)
    return np.unpackbits(octets, axis=1).astype(np.float32) * 2 - 1


def _likest(thumbnail: NDArray[np.uint8], candidates: NDArray[np.uint8]) -> tuple[int, float]:
    """Returns the place of the candidate that is likest, either of both cropped, and how like."""
    whole = _normalize(thumbnail.reshape(1, -1))
    plain = _normalize(candidates.reshape(len(candidates), -1)) @ whole[0]
    likely = np.argsort(-plain)[:_MAX_CROPPED]
    views, other_views = _views(thumbnail[None])[0], _views(candidates[likely])
    cropped = np.concatenate([other_views @ views[0], other_views[:, 0] @ views.T], axis=1)
    best = int(cropped.max(axis=1).argmax())
    return int(likely[best]), float(cropped[best].max())


def _views(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns centre crops, each normalized: float32 [n, crops, pixels]."""
    matrices = np.stack([_crop_matrix(crop) for crop in _CROPS])
    cropped = matrices @ thumbnails[:, None].astype(np.float32) @ matrices.transpose(0, 2, 1)
    return _normalize(cropped.reshape(*cropped.shape[:2], -1))


def _crop_matrix(crop: float) -> NDArray[np.float32]:
    """Returns the averages over areas of a line, less `crop` of it at either end: [24, 32]."""
    edges = np.linspace(crop, 1 - crop, _VIEW_PIXELS + 1) * _THUMBNAIL_PIXELS
    pixels = np.arange(_THUMBNAIL_PIXELS)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = np.maximum(overlap, 0.0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _normalize(pixels: NDArray[np.generic]) -> NDArray[np.float32]:
    """Makes the dot product of two rows their correlation."""
    centred = pixels.astype(np.float32)
    centred -= centred.mean(axis=-1, keepdims=True)
    norms = np.linalg.norm(centred, axis=-1, keepdims=True)
    return np.asarray(centred / np.maximum(norms, 1e-6), dtype=np.float32)
