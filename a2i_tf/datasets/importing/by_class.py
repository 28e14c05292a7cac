"""Sounds and pictures that share nothing but their class."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from a2i_tf.datasets.importing.jobs import Job, PictureJob, Record, SoundJob, sound_name
from a2i_tf.datasets.importing.material import Linked
from a2i_tf.datasets.importing.names import readable, unique_names
from a2i_tf.datasets.importing.options import ImportOptions
from a2i_tf.datasets.importing.splitting import choose_splits
from a2i_tf.datasets.pairs import Pair, Split
from a2i_tf.datasets.quantity import quantity
from a2i_tf.errors import A2IError

SOUNDS, PICTURES = "audio", "images"
_UNUSED_RECORDINGS = "recordings of a split without pictures"
_UNUSED_PICTURES = "pictures of a class without recordings"


@dataclass(frozen=True)
class ByClass:
    """Sounds and pictures by class; see `Material`."""

    sounds: Mapping[SoundJob, str]
    pictures: Mapping[PictureJob, str]
    root: Path
    problems: list[str] = field(default_factory=list)

    @property
    def jobs(self) -> list[Job]:
        """The sounds and the pictures."""
        return [*self.sounds, *self.pictures]

    @property
    def description(self) -> str:
        """What was recognized."""
        return (
            f"{quantity(len(self.sounds), 'sound')} and "
            f"{quantity(len(self.pictures), 'picture')} in "
            f"{quantity(len(set(self.sounds.values())), 'class')}"
        )

    @property
    def choices(self) -> list[str]:
        """The classes of the files."""
        return [*self.sounds.values(), *self.pictures.values()]

    def link(self, records: Mapping[Job, Record], options: ImportOptions) -> Linked:
        """See `Material.link`.

        A recording is a source. The pictures of a class are dealt to the splits of its recordings
        first, so that none is on two sides, then to their windows: all windows and all pictures
        are used, the fewer ones more than once.
        """
        heard = {job: records[job] for job in self.sounds if job in records and records[job].starts}
        seen = [job for job in self.pictures if job in records and records[job].images]
        chosen = choose_splits({job.name: self.sounds[job] for job in heard})
        pairs: list[Pair] = []
        left_out: Counter[str] = Counter()
        for label in sorted(set(self.sounds.values())):
            recordings: dict[Split, list[SoundJob]] = {}
            for job in heard:
                if self.sounds[job] == label:
                    recordings.setdefault(chosen[job.name], []).append(job)
            images = [records[job].images[0] for job in seen if self.pictures[job] == label]
            if not recordings:
                left_out[_UNUSED_PICTURES] += len(images)
                continue
            hands = _deal_to_splits(images, recordings, random.Random(f"{options.seed} {label}"))
            for split, jobs in recordings.items():
                if not hands[split]:
                    left_out[_UNUSED_RECORDINGS] += len(jobs)
                    continue
                windows = [(job, start) for job in jobs for start in heard[job].starts]
                pairs += _pair(windows, hands[split], label, split)
        return Linked(sorted(pairs, key=lambda pair: pair.id), +left_out)


def find_by_class(path: Path) -> ByClass:
    """Finds `audio/<class>/*` and `images/<class>/*` below a folder, in small letters or capitals.

    A class that is on one side only is left out and told.

    Raises:
        A2IError: if no class has both.
    """
    sound_side, picture_side = find_side(path, SOUNDS), find_side(path, PICTURES)
    sounds, pictures = _files_by_class(sound_side), _files_by_class(picture_side)
    problems = [
        f"{sound_side / label}: has no {picture_side / label}; left out"
        for label in sorted(set(sounds) - set(pictures))
    ]
    problems += [
        f"{picture_side / label}: has no {sound_side / label}; left out"
        for label in sorted(set(pictures) - set(sounds))
    ]
    both = sorted(set(sounds) & set(pictures))
    if not both:
        raise A2IError(
            f"{path}: no class has files in both {SOUNDS}/ and {PICTURES}/; "
            f"put them into {SOUNDS}/<class>/ and {PICTURES}/<class>/"
        )
    sound_labels = {file: label for label in both for file in sounds[label]}
    picture_labels = {file: label for label in both for file in pictures[label]}
    sound_names = unique_names(sound_labels, sound_side)
    picture_names = unique_names(picture_labels, picture_side)
    return ByClass(
        {
            SoundJob(sound_names[file], file): readable(label)
            for file, label in sound_labels.items()
        },
        {
            PictureJob(picture_names[file], file): readable(label)
            for file, label in picture_labels.items()
        },
        path,
        problems,
    )


def find_side(path: Path, side: str) -> Path:
    """Returns the folder of that name below `path`, with capitals if there is no other."""
    if (path / side).is_dir() or not path.is_dir():
        return path / side
    others = (other for other in sorted(path.iterdir()) if other.name.lower() == side)
    return next((other for other in others if other.is_dir()), path / side)


def _files_by_class(folder: Path) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*/*")):
        if (
            file.is_file()
            and not file.name.startswith(".")
            and not file.parent.name.startswith(".")
        ):
            files.setdefault(file.parent.name, []).append(file)
    return files


def _deal_to_splits(
    images: Sequence[str], recordings: Mapping[Split, Sequence[SoundJob]], dealer: random.Random
) -> dict[Split, list[str]]:
    """Deals pictures to splits by their number of recordings, at least one each if there are.

    Where there are too few, training comes first, then testing.
    """
    deck = sorted(images)
    dealer.shuffle(deck)
    order: tuple[Split, ...] = ("train", "test", "validation")
    hands: dict[Split, list[str]] = {split: [] for split in order}
    present = [split for split in order if recordings.get(split)]
    for image in deck:
        # Who has the fewest for its recordings is next; who has none comes before.
        hungry = min(
            present,
            key=lambda split: (bool(hands[split]), len(hands[split]) / len(recordings[split])),
        )
        hands[hungry].append(image)
    return hands


def _pair(
    windows: Sequence[tuple[SoundJob, float]],
    images: Sequence[str],
    label: str,
    split: Split,
) -> list[Pair]:
    count = max(len(windows), len(images))
    numbers: Counter[str] = Counter()
    pairs = []
    for (job, start), image in islice(zip(cycle(windows), cycle(images), strict=False), count):
        pairs.append(
            Pair(
                id=f"{job.name}-{numbers[job.name]:05d}",
                source=job.name,
                label=label,
                start_seconds=start,
                sound=sound_name(job.name),
                image=image,
                split=split,
            )
        )
        numbers[job.name] += 1
    return pairs
