"""Made-up data in the form of FSDD and MNIST, for tests."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SPEAKERS = ("ada", "bob", "eve")
TAKES = 2


def make_digits_origin(root: Path) -> Path:
    """Writes 3 speakers, 10 digits, 2 takes, and 12 + 9 scans a digit below `root`.

    All recordings take half a second but for one, 3_bob_1.wav, of 1.6 s.
    """
    (root / "fsdd").mkdir()
    for place, speaker in enumerate(SPEAKERS):
        for digit in range(10):
            for take in range(TAKES):
                name = f"{digit}_{speaker}_{take}.wav"
                seconds = 1.6 if name == "3_bob_1.wav" else 0.5
                write_speech(root / "fsdd" / name, seconds, seed=100 * place + 10 * digit + take)
    arrays = {
        f"{split}_{kind}": values
        for split, count, seed in (("train", 120, 0), ("test", 90, 1))
        for kind, values in _scans(count, seed).items()
    }
    np.savez(root / "mnist.npz", **arrays)
    return root


def write_speech(path: Path, seconds: float, seed: int) -> None:
    """Writes noise that is loudest in its last half second."""
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 0.05, round(8_000 * seconds))
    samples[-4_000:] *= 4
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes((samples.clip(-1, 1) * 32_767).astype("<i2").tobytes())


def _scans(count: int, seed: int) -> dict[str, NDArray[np.uint8]]:
    """Returns scans that all differ; the top left pixel of each is its digit."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    images[:, 0, 0] = labels
    return {"images": images, "labels": labels}
