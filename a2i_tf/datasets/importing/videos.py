"""Videos in folders by class, or with a list of labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from a2i_tf.datasets.importing.jobs import Job, Record, VideoJob, sound_name
from a2i_tf.datasets.importing.material import UNLABELLED, Linked
from a2i_tf.datasets.importing.names import readable, unique_names
from a2i_tf.datasets.importing.options import ImportOptions
from a2i_tf.datasets.importing.splitting import with_splits
from a2i_tf.datasets.importing.table import read_table
from a2i_tf.datasets.pairs import Pair
from a2i_tf.errors import A2IError


@dataclass(frozen=True)
class Videos:
    """Videos, each a source; see `Material`."""

    labels: Mapping[VideoJob, str]
    problems: list[str] = field(default_factory=list)

    @property
    def jobs(self) -> list[VideoJob]:
        """The videos."""
        return list(self.labels)

    @property
    def description(self) -> str:
        """What was recognized."""
        classes = len(set(self.labels.values()))
        files = f"{len(self.labels)} {'file' if len(self.labels) == 1 else 'files'}"
        return f"videos: {files} in {classes} {'class' if classes == 1 else 'classes'}"

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
        return Linked(with_splits(pairs))


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
    files = sorted(_files_below(path)) if path.is_dir() else [path]
    if not files:
        raise A2IError(f"{path}: holds no files; put videos there, in a folder for every class")
    problems: list[str] = []
    if labels_file is not None:
        labels = _read_labels(labels_file, root)
        known = {file.resolve(): file for file in files}
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
    return Videos({VideoJob(names[file], file): text for file, text in found.items()}, problems)


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                yield Path(parent, name)


def _folder_label(file: Path, root: Path) -> str:
    inside = file.relative_to(root)
    return readable(inside.parts[0]) if len(inside.parts) > 1 else UNLABELLED


def _read_labels(labels_file: Path, root: Path) -> dict[Path, str]:
    labels = {}
    for line, row in read_table(labels_file, ("file", "label")):
        if not row["file"] or not row["label"]:
            raise A2IError(f"{labels_file}, line {line}: has no file or no label; fill it in")
        labels[(root / row["file"]).resolve()] = row["label"]
    return labels
