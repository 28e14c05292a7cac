"""Which of the three forms a path has."""

from __future__ import annotations

from pathlib import Path

from a2i_tf.datasets.importing.by_class import PICTURES, SOUNDS, find_by_class, find_side
from a2i_tf.datasets.importing.material import Material
from a2i_tf.datasets.importing.pair_list import read_pair_list
from a2i_tf.datasets.importing.videos import files_below, find_videos
from a2i_tf.errors import A2IError

_FORMS = (
    "give videos (a file, or FOLDER/<class>/*), a list (CSV with the columns audio,image), or "
    f"sounds and pictures by class (FOLDER/{SOUNDS}/<class>/* and FOLDER/{PICTURES}/<class>/*)"
)

_SOUND_ENDINGS = {".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"}
_PICTURE_ENDINGS = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
_TEXT_ENDINGS = {"", ".csv", ".json", ".md", ".txt"}


def recognize(path: Path, label: str | None, labels_file: Path | None) -> Material:
    """Finds what there is to import at `path`, without opening sounds or pictures.

    Args:
        path: A list of pairs, a folder of sounds and pictures by class, a video, or a folder of
            videos.
        label: Label of videos, or of pairs without one.
        labels_file: CSV of `file,label` for videos.

    Raises:
        A2IError: if there is nothing there, or it has none of the forms.
    """
    if not path.exists():
        raise A2IError(f"{path}: no such file or folder; {_FORMS}")
    listed = path.is_file() and path.suffix.lower() == ".csv"
    by_class = find_side(path, SOUNDS).is_dir() or find_side(path, PICTURES).is_dir()
    if labels_file is not None and (listed or by_class):
        raise A2IError(f"{path}: --labels is for videos; leave it out")
    if listed:
        return read_pair_list(path, label)
    if by_class:
        if label is not None:
            raise A2IError(f"{path}: has classes already; leave --label out")
        return find_by_class(path)
    if path.is_dir() and not any(path.iterdir()):
        raise A2IError(f"{path}: is empty; {_FORMS}")
    if path.is_dir() and _lacks_links(path):
        raise A2IError(
            f"{path}: holds sounds and pictures, and nothing says which belong together; {_FORMS}"
        )
    return find_videos(path, label, labels_file)


def _lacks_links(folder: Path) -> bool:
    """Tells whether there are sounds and pictures, and no file that may be a video."""
    endings = {file.suffix.lower() for file in files_below(folder)}
    others = endings - _SOUND_ENDINGS - _PICTURE_ENDINGS - _TEXT_ENDINGS
    return bool(endings & _SOUND_ENDINGS and endings & _PICTURE_ENDINGS and not others)
