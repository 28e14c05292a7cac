"""A small pairs folder whose classes differ in colour and pitch, for tests of any part."""

from __future__ import annotations

import hashlib
import io
import wave
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from a2i_tf.atomic import write_bytes
from a2i_tf.datasets.manifest import read_pairs, write_pairs
from a2i_tf.datasets.pairs import SPLITS, DatasetInfo, Pair, PairsFolder, Split, split_of, summarize

SAMPLE_RATE = 16_000
LABELS = ("brook", "meadow", "street")


def make_pairs_folder(
    root: Path,
    sources_per_class: int = 5,
    labels: Sequence[str] = LABELS,
    pairs_per_source: int = 4,
    image_size: int = 32,
    seed: int = 0,
) -> PairsFolder:
    """Writes real WAV and PNG files and their manifest.

    A class is a colour and a pitch; a source shifts both a little, a pair adds noise. Every class
    has sources in all three splits: one in validation, one in test (two from 6 sources on), the
    others in train.

    Args:
        root: Where the folder goes.
        sources_per_class: At least 3.
        labels: Names of the classes.
        pairs_per_source: Seconds of sound, and pictures, in every source.
        image_size: Width and height of the pictures.
        seed: Seed of all noise, which also changes the checksum.
    """
    rng = np.random.default_rng(seed)
    pairs: list[Pair] = []
    digest = hashlib.sha256()
    for place, label in enumerate(labels):
        for source in _source_names(label, sources_per_class):
            shift = rng.uniform(-1, 1)
            sound = _wav(_tone(place, shift, pairs_per_source, rng))
            digest.update(sound)
            write_bytes(root / "audio" / f"{source}.wav", sound)
            for second in range(pairs_per_source):
                picture = _png(_picture(place, len(labels), shift, image_size, rng))
                digest.update(picture)
                name = f"images/{source}/{second}.png"
                write_bytes(root / name, picture)
                pairs.append(
                    Pair(
                        id=f"{source}-{second}",
                        source=source,
                        label=label,
                        start_seconds=float(second),
                        sound=f"audio/{source}.wav",
                        image=name,
                        factors={"pitch": 0.5 + 0.5 * shift},
                    )
                )
    info = DatasetInfo(
        name="fixture",
        licence="CC0-1.0",
        window_seconds=1.0,
        sample_rate=SAMPLE_RATE,
        image_size=image_size,
        made_with={"seed": seed},
        checksum=digest.hexdigest(),
        **summarize(pairs),
    )
    write_pairs(root, info, pairs)
    return read_pairs(root)


def _source_names(label: str, number: int) -> list[str]:
    """Picks names whose hashes fall into the splits that are wanted."""
    if number < len(SPLITS):
        raise ValueError(f"{number} sources can't cover {len(SPLITS)} splits")
    tested = 1 if number < 6 else 2
    wanted: list[Split] = ["validation", *["test"] * tested, *["train"] * (number - 1 - tested)]
    names = {split: _names_in(label, split) for split in SPLITS}
    return sorted(next(names[split]) for split in wanted)


def _names_in(label: str, split: Split) -> Iterator[str]:
    return (name for name in (f"{label}-{n:03d}" for n in count()) if split_of(name) == split)


def _tone(place: int, shift: float, seconds: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Returns a noisy tone, an octave apart for neighbouring classes: [samples] in [-1, 1]."""
    times = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    pitch_hz = 220.0 * 2.0 ** (place + 0.2 * shift)
    return 0.4 * np.sin(2 * np.pi * pitch_hz * times) + rng.normal(0, 0.02, len(times))


def _wav(waveform: NDArray[np.float64]) -> bytes:
    contents = io.BytesIO()
    with wave.open(contents, "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((waveform.clip(-1, 1) * 32_767).astype("<i2").tobytes())
    return contents.getvalue()


def _picture(
    place: int, num_labels: int, shift: float, size: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Returns noise around the class's colour: uint8 [size, size, 3]."""
    angles = 2 * np.pi * (place / num_labels + np.arange(3) / 3)
    colour = 128 + 90 * np.cos(angles) + 15 * shift
    return (colour + rng.normal(0, 20, (size, size, 3))).clip(0, 255).astype(np.uint8)


def _png(picture: NDArray[np.uint8]) -> bytes:
    contents = io.BytesIO()
    Image.fromarray(picture).save(contents, "PNG")
    return contents.getvalue()
