"""The set's archive, opened with suspicion: it comes from outside.

Nothing is unpacked by the names inside. Files are read one by one, and whoever reads them decides
what they are called on disk; an archive with names, links or sizes that nobody means well with is
refused all the same.
"""

from __future__ import annotations

import contextlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from a2i_tf.errors import A2IError

# The set has 1.61 GB of PNG files, which hardly get smaller in an archive, and 20 MB of text.
_MOST_BYTES = 8_000_000_000
_MOST_MEMBERS = 200_000
_LARGEST_RATIO = 100
_SMALL_BYTES = 1_000_000
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError)


class BadArchiveError(A2IError):
    """An archive that isn't whole, or that isn't to be trusted; the message lacks its path."""


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Opens a zip file and looks at everything in it before anything is read.

    Raises:
        BadArchiveError: if it is damaged, or holds paths that lead out of the folder, links, or far
            more bytes than it says. Also from the block, when what it reads turns out damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (*_DAMAGED, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise BadArchiveError(f"is not a whole zip file ({error})") from error
    with archive:
        _check_members(archive.infolist())
        try:
            yield archive
        except _DAMAGED as error:
            raise BadArchiveError(f"is damaged ({error})") from error


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members)
    if total > _MOST_BYTES or len(members) > _MOST_MEMBERS:
        raise BadArchiveError(
            f"would unpack to {len(members)} files of {total / 1e9:.1f} GB, far more "
            "than the set has"
        )
    for member in members:
        reason = _what_is_wrong(member)
        if reason:
            raise BadArchiveError(f"is not to be trusted: {member.orig_filename!r} {reason}")


def _what_is_wrong(member: zipfile.ZipInfo) -> str | None:
    name = member.orig_filename
    if name.startswith("/") or PureWindowsPath(name).anchor:
        return "is an absolute path"
    if ".." in PurePosixPath(name).parts or ".." in PureWindowsPath(name).parts:
        return "leads out of its folder"
    if "\0" in name or "\\" in name:
        return "has characters that no path should have"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if member.flag_bits & 1 or member.compress_type not in _COMPRESSIONS:
        return "is encrypted, or compressed in an unusual way"
    if member.file_size > max(_SMALL_BYTES, _LARGEST_RATIO * member.compress_size):
        return f"would swell from {member.compress_size} to {member.file_size} bytes"
    return None
