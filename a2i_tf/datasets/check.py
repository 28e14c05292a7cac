"""What is wrong with a pairs folder, found before training trips over it."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from a2i_tf.datasets.pairs import Pair, PairsFolder
from a2i_tf.errors import A2IError

_NAMED_IN_ERROR = 3
# What TensorFlow decodes.
_IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "GIF")
# A window may reach over the end of its file by rounding, no further.
_TOLERANCE_SECONDS = 0.01


@dataclass(frozen=True)
class BadPair:
    """A pair that can't be used, and why."""

    pair: Pair
    reason: str


def find_bad_pairs(folder: PairsFolder) -> list[BadPair]:
    """Looks at every file that the manifest names.

    Pictures must open and be whole; sounds must be 16-bit PCM WAV at the dataset's rate and
    reach to the end of the pair's window; features must have a row for it.

    Returns:
        The bad pairs in the order of the manifest.
    """
    sounds = sorted({pair.sound for pair in folder.pairs})
    with ThreadPoolExecutor() as pool:
        image_reasons = list(
            pool.map(lambda pair: _image_problem(folder.root / pair.image), folder.pairs)
        )
        lengths = dict(
            zip(sounds, pool.map(lambda name: _sound_seconds(folder, name), sounds), strict=True)
        )
    bad = []
    for pair, image_reason in zip(folder.pairs, image_reasons, strict=True):
        reason = image_reason or _window_problem(folder, pair, lengths[pair.sound])
        if reason:
            bad.append(BadPair(pair, reason))
    return bad


def drop_bad_pairs(folder: PairsFolder, *, skip_bad: bool) -> tuple[PairsFolder, list[BadPair]]:
    """Returns the folder without its bad pairs, and these.

    Raises:
        A2IError: if there are bad pairs and `skip_bad` is false, or if nothing is left.
    """
    bad = find_bad_pairs(folder)
    if bad and not skip_bad:
        raise A2IError(
            f"{folder.root}: {len(bad)} of {len(folder.pairs)} pairs are bad: "
            f"{describe_bad_pairs(bad)}; mend them, or leave them out with --skip-bad"
        )
    kept = folder.without(item.pair.id for item in bad)
    if not kept.pairs:
        raise A2IError(f"{folder.root}: none of its {len(folder.pairs)} pairs can be used")
    return kept, bad


def describe_bad_pairs(bad: Sequence[BadPair]) -> str:
    """Names the first few bad pairs in one line."""
    named = "; ".join(f"{item.pair.id} ({item.reason})" for item in bad[:_NAMED_IN_ERROR])
    rest = len(bad) - _NAMED_IN_ERROR
    return named + (f"; and {rest} more" if rest > 0 else "")


def _image_problem(path: Path) -> str | None:
    try:
        with Image.open(path) as image:
            if image.format not in _IMAGE_FORMATS:
                return f"{path.name} is {image.format}, not one of {', '.join(_IMAGE_FORMATS)}"
            # A PNG's checksums tell whether it is whole without decoding it; other formats
            # carry none.
            image.verify() if image.format == "PNG" else image.load()
    except FileNotFoundError:
        return f"{path.name} is missing"
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return f"{path.name} is not a whole picture"
    return None


def _sound_seconds(folder: PairsFolder, name: str) -> float | str:
    """Returns the seconds that a sound or feature file holds, or what is wrong with it."""
    path = folder.root / name
    try:
        if folder.info.mfcc_setting is not None:
            return len(np.load(path, mmap_mode="r")) * folder.info.window_seconds
        with wave.open(str(path)) as sound:
            if sound.getsampwidth() != 2 or sound.getframerate() != folder.info.sample_rate:
                return (
                    f"{path.name} is {8 * sound.getsampwidth()}-bit at {sound.getframerate()} Hz, "
                    f"not 16-bit at {folder.info.sample_rate} Hz"
                )
            bytes_per_frame = 2 * sound.getnchannels()
            readable = min(sound.getnframes(), path.stat().st_size // bytes_per_frame)
            return readable / sound.getframerate()
    except FileNotFoundError:
        return f"{path.name} is missing"
    except (OSError, EOFError, ValueError, wave.Error) as error:
        return f"{path.name} cannot be read: {error}"


def _window_problem(folder: PairsFolder, pair: Pair, seconds: float | str) -> str | None:
    if isinstance(seconds, str):
        return seconds
    end = pair.start_seconds + folder.info.window_seconds
    if end > seconds + _TOLERANCE_SECONDS:
        return f"its sound ends at {seconds:.2f} s, its window at {end:.2f} s"
    return None
