"""Pairs whose files can't be used, found before training trips over them."""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from a2i_tf.datasets.pairs import Pair, PairsFolder
from a2i_tf.datasets.quantity import quantity
from a2i_tf.errors import A2IError

PICTURE_ERRORS = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises when a picture doesn't open or isn't whole."""

_NAMED_IN_ERROR = 3
# What TensorFlow decodes.
_IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "GIF")
# A window may reach over the end of its file by rounding, no further.
_TOLERANCE_SECONDS = 0.01


@dataclass(frozen=True)
class BadPair:
    """A pair that can't be used, and why.

    Attributes:
        pair: The row of the manifest.
        reason: What is wrong, for a person.
        kind: "missing-file", "bad-picture" or "bad-sound".
    """

    pair: Pair
    reason: str
    kind: str


def find_bad_pairs(
    folder: PairsFolder,
    pairs: Sequence[Pair] | None = None,
    on_file: Callable[[int, int], None] | None = None,
) -> list[BadPair]:
    """Looks at every file that the manifest names, or at those of some pairs.

    Pictures must open and be whole; sounds must be 16-bit PCM WAV at the dataset's rate and
    reach to the end of the pair's window; features must have a row for it.

    Args:
        folder: The dataset.
        pairs: Those of its pairs that are looked at; by default all.
        on_file: Called with (pictures looked at, pictures in all) as the work goes on.

    Returns:
        The bad pairs, in the order of those that are looked at.
    """
    pairs = folder.pairs if pairs is None else pairs
    sounds = sorted({pair.sound for pair in pairs})
    image_problems = []
    with ThreadPoolExecutor() as pool:
        lengths = dict(
            zip(sounds, pool.map(lambda name: _sound_seconds(folder, name), sounds), strict=True)
        )
        found = pool.map(lambda pair: _image_problem(folder.root / pair.image), pairs)
        for done, problem in enumerate(found, 1):
            image_problems.append(problem)
            if on_file:
                on_file(done, len(pairs))
    bad = []
    for pair, image_problem in zip(pairs, image_problems, strict=True):
        problem = image_problem or _window_problem(folder, pair, lengths[pair.sound])
        if problem:
            bad.append(BadPair(pair, problem.reason, problem.kind))
    return bad


def drop_bad_pairs(
    folder: PairsFolder, pairs: Sequence[Pair] | None = None, *, skip_bad: bool
) -> tuple[PairsFolder, list[BadPair]]:
    """Returns the folder without its bad pairs, and these.

    Args:
        folder: The dataset.
        pairs: Those of its pairs that are looked at; by default all.
        skip_bad: Whether bad pairs are dropped, instead of raising an error.

    Raises:
        A2IError: if there are bad pairs and `skip_bad` is false, or if nothing is left.
    """
    bad = find_bad_pairs(folder, pairs)
    if bad and not skip_bad:
        raise A2IError(
            f"{folder.root}: {count_bad_pairs(bad, folder)}: {describe_bad_pairs(bad)}; mend "
            "them, or leave them out with --skip-bad"
        )
    kept = folder.without(item.pair.id for item in bad)
    if not kept.pairs:
        raise A2IError(f"{folder.root}: none of its pairs can be used")
    return kept, bad


def count_bad_pairs(bad: Sequence[BadPair], folder: PairsFolder) -> str:
    """Returns such as "2 of 36 pairs are bad"."""
    verb = "is" if len(bad) == 1 else "are"
    return f"{len(bad)} of {quantity(len(folder.pairs), 'pair')} {verb} bad"


def describe_bad_pairs(bad: Sequence[BadPair]) -> str:
    """Names the first few bad pairs in one line."""
    named = "; ".join(f"{item.pair.id} ({item.reason})" for item in bad[:_NAMED_IN_ERROR])
    rest = len(bad) - _NAMED_IN_ERROR
    return named + (f"; and {rest} more" if rest > 0 else "")


@dataclass(frozen=True)
class _Problem:
    kind: str
    reason: str


def _image_problem(path: Path) -> _Problem | None:
    try:
        with Image.open(path) as image:
            if image.format not in _IMAGE_FORMATS:
                formats = ", ".join(_IMAGE_FORMATS)
                return _Problem(
                    "bad-picture", f"{path.name} is {image.format}, not one of {formats}"
                )
            # A PNG's checksums tell whether it is whole without decoding it; other formats
            # carry none.
            image.verify() if image.format == "PNG" else image.load()
    except FileNotFoundError:
        return _Problem("missing-file", f"{path.name} is missing")
    except PICTURE_ERRORS:
        return _Problem("bad-picture", f"{path.name} is not a whole picture")
    return None


def _sound_seconds(folder: PairsFolder, name: str) -> float | _Problem:
    """Returns the seconds that a sound or feature file holds, or what is wrong with it."""
    path = folder.root / name
    try:
        if folder.info.mfcc_setting is not None:
            return len(np.load(path, mmap_mode="r")) * folder.info.window_seconds
        with wave.open(str(path)) as sound:
            if sound.getsampwidth() != 2 or sound.getframerate() != folder.info.sample_rate:
                return _Problem(
                    "bad-sound",
                    f"{path.name} is {8 * sound.getsampwidth()}-bit at {sound.getframerate()} Hz, "
                    f"not 16-bit at {folder.info.sample_rate} Hz",
                )
            bytes_per_frame = 2 * sound.getnchannels()
            readable = min(sound.getnframes(), path.stat().st_size // bytes_per_frame)
            return readable / sound.getframerate()
    except FileNotFoundError:
        return _Problem("missing-file", f"{path.name} is missing")
    except (OSError, EOFError, ValueError, wave.Error) as error:
        return _Problem("bad-sound", f"{path.name} cannot be read: {error}")


def _window_problem(folder: PairsFolder, pair: Pair, seconds: float | _Problem) -> _Problem | None:
    if isinstance(seconds, _Problem):
        return seconds
    end = pair.start_seconds + folder.info.window_seconds
    if end > seconds + _TOLERANCE_SECONDS:
        return _Problem(
            "bad-sound", f"its sound ends at {seconds:.2f} s, its window at {end:.2f} s"
        )
    return None
