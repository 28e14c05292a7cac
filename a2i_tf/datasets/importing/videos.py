"""Videos in folders by class, or with a list of labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from a2i_tf.datasets.importing.jobs import Job, Record, VideoJob, sound_name
from a2i_tf.datasets.importing.material import UNLABELLED, Linked
from a2i_tf.datasets.importing.names import readable, unique_names
from a2i_tf.datasets.importing.options import ImportOptions
from a2i_tf.datasets.importing.splitting import link_with_splits
from a2i_tf.datasets.importing.table import read_table
from a2i_tf.datasets.pairs import Pair
from a2i_tf.datasets.quantity import quantity
from a2i_tf.errors import A2IError


@dataclass(frozen=True)
class Videos:
    """Videos, each a source; see `Material`."""

    labels: Mapping[VideoJob, str]
    root: Path
    problems: list[str] = field(default_factory=list)

    @property
    def jobs(self) -> list[VideoJob]:
        """The videos."""
        return list(self.labels)

    @property
    def description(self) -> str:
        """What was recognized."""
        classes = quantity(len(set(self.labels.values())), "class")
        return f"videos: {quantity(len(self.labels), 'file')} in {classes}"

    @property
    def choices(self) -> list[str]:
        """The labels of the videos."""
        return list(self.labels.values())

    def link(self, records: Mapping[Job, Record], options: ImportOptions) -> Linked:
        """See `Material.link`."""
        del options
        pairs = [
            Pair(
                id=Path(image).parent.name + "-" + Path(image).stem,
                source=job.name,
                label=label,
                start_seconds=start,
                sound=sound_name(job.name),
                image=image,
            )
            for job, label in self.labels.items()
            if job in records
            for start, image in zip(records[job].starts, records[job].images, strict=True)
        ]
        linked = link_with_splits(pairs)
        return replace(linked, notes=[*linked.notes, *self._strays()])

    def _strays(self) -> list[str]:
        if len(set(self.labels.values())) == 1:
            return []
        return [
            f"{job.path}: lies beside the folders of the classes; its class is {UNLABELLED!r}"
            for job, label in self.labels.items()
            if label == UNLABELLED and job.path.parent == self.root
        ]


def find_videos(path: Path, label: str | None, labels_file: Path | None) -> Videos:
    """Finds the videos below a folder, or takes the one file.

    A video's label is `label`, or what the list says, or the name of the folder below `path`
    that it's in, or "unlabelled".

    Args:
        path: A folder or a file.
        label: Label of all videos.
        labels_file: CSV of `file,label`, with paths relative to `path`.

    Raises:
        A2IError: if there are no files, or the list can't be read.
    """
    root = path if path.is_dir() else path.parent
    files = sorted(files_below(path)) if path.is_dir() else [path]
    if not files:
        raise A2IError(f"{path}: holds no files; put videos there, in a folder for every class")
    problems: list[str] = []
    if labels_file is not None:
        labels = _read_labels(labels_file, root)
        known = {_real(file): file for file in files}
        problems += [
            f"{name}: no such file, named in {labels_file}" for name in labels if name not in known
        ]
        unnamed = [file for resolved, file in known.items() if resolved not in labels]
        problems += [f"{file}: has no label in {labels_file}" for file in unnamed]
        found = {known[name]: text for name, text in labels.items() if name in known}
    else:
        found = {file: label or _folder_label(file, root) for file in files}
    if not found:
        raise A2IError(f"{labels_file}: names no file in {path}; give paths relative to it")
    names = unique_names(found, root)
    return Videos(
        {VideoJob(names[file], file): text for file, text in found.items()}, root, problems
    )


def files_below(folder: Path) -> Iterator[Path]:
    """Yields all files in a folder and those below it, but hidden ones."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                yield Path(parent, name)


def _folder_label(file: Path, root: Path) -> str:
    inside = file.relative_to(root)
    return readable(inside.parts[0]) if len(inside.parts) > 1 else UNLABELLED


def _read_labels(labels_file: Path, root: Path) -> dict[Path, str]:
    labels: dict[Path, str] = {}
    for line, row in read_table(labels_file, ("file", "label")):
        if not row["file"] or not row["label"] or "\0" in row["file"]:
            raise A2IError(f"{labels_file}, line {line}: has no file or no label; fill it in")
        first = labels.setdefault(_real(root / row["file"]), row["label"])
        if first != row["label"]:
            raise A2IError(
                f"{labels_file}, line {line}: {row['file']} is {row['label']!r} here and "
                f"{first!r} before; choose one"
            )
    return labels


def _real(path: Path) -> Path:
    # Path.resolve fails on links that lead in a circle.
    return Path(os.path.realpath(path))
