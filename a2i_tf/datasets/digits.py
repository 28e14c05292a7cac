"""Spoken digits paired with handwritten ones: FSDD with MNIST, by digit.

    fsdd/7_theo_12.wav    8 kHz     →  audio/theo/7_theo_12.wav       a second at 16 kHz
    mnist.npz             28 px     →  images/theo/7_theo_12-0.png    32 px, several a recording

A speaker is a source. One speaker is the test split, paired with MNIST's test images; all others
train, paired with its training images. No image is used twice. The pairing is that of
Żelaszczyk & Mańdziuk, "Audio-to-Image Cross-Modal Generation" (arXiv 2109.13354).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from a2i_tf.atomic import new_folder
from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.wav_file import wav_bytes
from a2i_tf.datasets.checksum import checksum_files
from a2i_tf.datasets.destination import (
    check_disk,
    check_not_in_the_way,
    is_made,
    remove_leftovers,
)
from a2i_tf.datasets.manifest import read_pairs, write_pairs
from a2i_tf.datasets.pairs import DatasetInfo, Pair, PairsFolder, Split, summarize
from a2i_tf.errors import A2IError

NAME = "digits"

_LICENCE = (
    "sounds: CC BY-SA 4.0, Free Spoken Digit Dataset, Zohar Jackson et al.; "
    "pictures: CC BY-SA 3.0, MNIST, Yann LeCun and Corinna Cortes"
)
_SAMPLE_RATE = 16_000
_SCAN_SIZE = 28
_IMAGE_SIZE = 32
# MNIST has 892 test images of its rarest digit, a speaker 50 recordings of each.
TEST_IMAGES_PER_RECORDING = 4
"""Of the speaker who is left out."""
# Raised whenever the same options would give other pairs.
_VERSION = 1
_BYTES_PER_SOUND = 36_000
_BYTES_PER_IMAGE = 4_096
_ADVICE_ON_TOO_MANY: dict[Split, str] = {
    "train": "ask for fewer --images-per-recording",
    "test": "name a speaker with fewer recordings with --leave-out",
}
_UNREADABLE = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    zipfile.BadZipFile,
    zlib.error,
)
_NAME_FORM = re.compile(r"(?P<digit>\d)_(?P<speaker>[^_]+)_(?P<index>\d+)")


@dataclass(frozen=True, order=True)
class Utterance:
    """A recording of one spoken digit.

    Attributes:
        speaker: Who speaks.
        digit: What is said, 0 to 9.
        index: Which of the speaker's takes.
        path: The file.
    """

    speaker: str
    digit: int
    index: int
    path: Path


def find_utterances(origin: Path) -> list[Utterance]:
    """Finds the recordings below `origin`/fsdd, sorted by speaker, digit and take.

    Raises:
        A2IError: if there are none, a file's name isn't `{digit}_{speaker}_{index}.wav`, or
            there is only one speaker.
    """
    folder = origin / "fsdd"
    paths = sorted(folder.glob("*.wav"))
    if not paths:
        raise A2IError(
            f"{folder}: no recordings there; name the folder that holds fsdd/*.wav and mnist.npz "
            "with --from"
        )
    utterances = sorted(map(_read_name, paths))
    if len(speakers_of(utterances)) < 2:
        raise A2IError(f"{folder}: has one speaker; there must be another one to test with")
    return utterances


def speakers_of(utterances: Sequence[Utterance]) -> list[str]:
    """Returns the names of all speakers, sorted."""
    return sorted({utterance.speaker for utterance in utterances})


def choose_left_out(utterances: Sequence[Utterance], speaker: str | None) -> str:
    """Returns the speaker to test with: the one named, or the last by name.

    Raises:
        A2IError: if nobody of that name speaks.
    """
    speakers = speakers_of(utterances)
    if speaker is None:
        return speakers[-1]
    if speaker not in speakers:
        raise A2IError(f"there is no speaker {speaker!r}; choose one of {', '.join(speakers)}")
    return speaker


def is_paired(root: Path, left_out: str, images_per_recording: int) -> bool:
    """Tells whether `root` holds just these digits, whole.

    Raises:
        A2IError: if it holds anything else.
    """
    check_not_in_the_way(root)
    return is_made(root, _made_with(left_out, images_per_recording))


def pair_digits(
    root: Path,
    origin: Path,
    left_out: str,
    images_per_recording: int,
    on_recording: Callable[[int, int], None] | None = None,
) -> PairsFolder:
    """Pairs recordings with images, and writes them as a pairs folder, whole or not at all.

    Args:
        root: The pairs folder.
        origin: Folder that holds fsdd/*.wav and mnist.npz.
        left_out: The speaker that training never hears.
        images_per_recording: Images for every recording of a speaker that trains; one that is
            left out gets 4.
        on_recording: Called with (recordings ready, recordings in all) as the work goes on.

    Returns:
        The finished dataset. Where it is there already, nothing is done.

    Raises:
        A2IError: if something of `origin` is missing or wrong, the folder holds something else,
            or the disk is full.
    """
    utterances = find_utterances(origin)
    choose_left_out(utterances, left_out)
    if is_paired(root, left_out, images_per_recording):
        return read_pairs(root)
    remove_leftovers(root)
    jobs = _deal_images(origin / "mnist.npz", utterances, left_out, images_per_recording)
    num_images = sum(len(images) for _, _, images in jobs)
    needed = len(jobs) * _BYTES_PER_SOUND + num_images * _BYTES_PER_IMAGE
    check_disk(root, needed, "ask for fewer --images-per-recording")
    with new_folder(root) as folder:
        pairs: list[Pair] = []
        for done, (utterance, split, images) in enumerate(jobs, 1):
            pairs += _write_pairs_of(folder, utterance, split, images)
            if on_recording:
                on_recording(done, len(jobs))
        info = DatasetInfo(
            name=NAME,
            licence=_LICENCE,
            window_seconds=1.0,
            sample_rate=_SAMPLE_RATE,
            image_size=_IMAGE_SIZE,
            made_with=_made_with(left_out, images_per_recording),
            checksum=checksum_files(folder, pairs),
            **summarize(pairs),
        )
        write_pairs(folder, info, pairs)
    return read_pairs(root)


def _read_name(path: Path) -> Utterance:
    parts = _NAME_FORM.fullmatch(path.stem)
    if parts is None:
        raise A2IError(f"{path}: is not named {{digit}}_{{speaker}}_{{index}}.wav; rename it")
    return Utterance(parts["speaker"], int(parts["digit"]), int(parts["index"]), path)


def _made_with(left_out: str, images_per_recording: int) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "leave_out": left_out,
        "images_per_recording": images_per_recording,
        "command": "a2i fetch digits",
    }


_Job = tuple[Utterance, Split, NDArray[np.uint8]]


def _deal_images(
    path: Path, utterances: Sequence[Utterance], left_out: str, images_per_recording: int
) -> list[_Job]:
    """Gives every recording its images: uint8 [images, 28, 28]."""
    tested = [utterance for utterance in utterances if utterance.speaker == left_out]
    trained = [utterance for utterance in utterances if utterance.speaker != left_out]
    return [
        *_deal_split(path, "train", trained, images_per_recording),
        *_deal_split(path, "test", tested, TEST_IMAGES_PER_RECORDING),
    ]


def _deal_split(
    path: Path, split: Split, utterances: Sequence[Utterance], images_per_recording: int
) -> Iterator[_Job]:
    scans, digits = _load_scans(path, split)
    for digit in sorted({utterance.digit for utterance in utterances}):
        takes = [utterance for utterance in utterances if utterance.digit == digit]
        found, wanted = scans[digits == digit], len(takes) * images_per_recording
        if wanted > len(found):
            raise A2IError(
                f"{path}: has {len(found)} {split} images of {digit}, not {wanted}; "
                f"{_ADVICE_ON_TOO_MANY[split]}"
            )
        # MNIST's halves are of other writers, so its images are taken evenly from all of it.
        chosen = found[np.arange(wanted) * len(found) // wanted]
        for place, utterance in enumerate(takes):
            yield utterance, split, chosen[place :: len(takes)]


def _load_scans(path: Path, split: Split) -> tuple[NDArray[np.uint8], NDArray[np.integer[Any]]]:
    """Returns MNIST's images, uint8 [n, 28, 28], and their digits [n]."""
    try:
        with np.load(path) as arrays:
            scans, digits = arrays[f"{split}_images"], arrays[f"{split}_labels"]
    except FileNotFoundError as error:
        raise A2IError(
            f"{path}: no such file; name the folder that holds fsdd/*.wav and mnist.npz with --from"
        ) from error
    except _UNREADABLE as error:
        raise A2IError(f"{path}: cannot be read as MNIST: {error}; download it again") from error
    expected = (len(digits), _SCAN_SIZE, _SCAN_SIZE)
    if scans.dtype != np.uint8 or scans.shape != expected or digits.ndim != 1:
        raise A2IError(
            f"{path}: its {split} images are {scans.dtype} {scans.shape}, not uint8 {expected}; "
            "download it again"
        )
    return scans, digits


def _write_pairs_of(
    folder: Path, utterance: Utterance, split: Split, images: NDArray[np.uint8]
) -> list[Pair]:
    """Writes a recording and its images, and returns their pairs."""
    name = utterance.path.stem
    sound = f"audio/{utterance.speaker}/{name}.wav"
    for kind in ("audio", "images"):
        (folder / kind / utterance.speaker).mkdir(parents=True, exist_ok=True)
    second = _one_second(load_waveform(utterance.path, _SAMPLE_RATE, use_tensorflow=False))
    (folder / sound).write_bytes(wav_bytes(second, _SAMPLE_RATE))
    pairs = []
    for number, scan in enumerate(images):
        image = f"images/{utterance.speaker}/{name}-{number}.png"
        margin = (_IMAGE_SIZE - _SCAN_SIZE) // 2
        Image.fromarray(np.pad(scan, margin)).convert("RGB").save(folder / image, compress_level=1)
        pairs.append(
            Pair(
                id=f"{name}-{number}",
                source=utterance.speaker,
                label=str(utterance.digit),
                start_seconds=0.0,
                sound=sound,
                image=image,
                split=split,
            )
        )
    return pairs


def _one_second(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centres a short recording in silence; keeps the second of most energy of a long one."""
    spare = _SAMPLE_RATE - len(waveform)
    if spare >= 0:
        return np.pad(waveform, (spare // 2, spare - spare // 2))
    energy = np.concatenate([[0.0], np.cumsum(np.square(waveform, dtype=np.float64))])
    start = int(np.argmax(energy[_SAMPLE_RATE:] - energy[:-_SAMPLE_RATE]))
    return waveform[start : start + _SAMPLE_RATE]
