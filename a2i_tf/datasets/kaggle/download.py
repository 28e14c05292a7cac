"""Downloads the set's archive: resumable, checked, kept aside until the dataset is made of it.

    data/.kaggle-download/archive.zip.part    what came so far
    data/.kaggle-download/archive.zip         all of it, checked
    data/.kaggle-download/archive.json        which archive that is

Kaggle's client logs in and finds the archive; its own download neither reports progress to
others, nor bounds how long it waits, nor compares checksums, so the bytes are fetched here.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from a2i_tf.atomic import explain_os_errors, make_folder, write_json
from a2i_tf.config import read_json
from a2i_tf.datasets.destination import check_disk
from a2i_tf.datasets.kaggle.failures import TransientError, explain_failures
from a2i_tf.datasets.kaggle.remote import RemoteArchive, find_archive
from a2i_tf.datasets.lock import locked
from a2i_tf.errors import A2IError

if TYPE_CHECKING:
    from requests import PreparedRequest

_TRIES = 6
_FIRST_WAIT_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 300.0
# Connecting; then between two reads.
_TIMEOUT_SECONDS = (15, 60)
# What is on its way is lost with the connection.
_BLOCK_BYTES = 1 << 16
_PROGRESS_BYTES = 1 << 20


@dataclass(frozen=True)
class Download:
    """The archive on this disk, and what Kaggle says about it."""

    path: Path
    remote: RemoteArchive


def download_archive(
    root: Path,
    unpacks_all: bool,
    on_bytes: Callable[[int, int], None] | None = None,
    on_pause: Callable[[str], None] | None = None,
) -> Download:
    """Downloads the archive beside `root`, or what is still missing of it; see `claimed_download`.

    Args:
        root: The pairs folder to be.
        unpacks_all: Whether the disk must hold all of the archive unpacked, too.
        on_bytes: Called with (bytes here, bytes in all) as the work goes on.
        on_pause: Called with a message before waiting for another try.

    Raises:
        A2IError: if there are no credentials, Kaggle refuses, the connection keeps breaking, the
            archive comes damaged, or the disk is full. What came is kept for the next time.
    """
    folder = make_folder(_download_folder(root))
    try:
        if not (folder / "archive.zip").exists():
            _try_until_whole(folder, root, unpacks_all, on_bytes, on_pause)
    except A2IError:
        if not _size(folder / "archive.zip.part"):
            discard_download(root)
        raise
    remote = RemoteArchive.from_dict(read_json(folder / "archive.json"))
    return Download(folder / "archive.zip", remote)


@contextlib.contextmanager
def claimed_download(root: Path) -> Iterator[None]:
    """Keeps a second process from downloading, or unpacking, into the same folders.

    Raises:
        A2IError: if another process does so.
    """
    folder = _download_folder(root)
    message = f"{folder}: another a2i is downloading into it; wait for it, or stop it"
    with locked(folder / "lock", message):
        yield


def discard_download(root: Path) -> None:
    """Removes all that `download_archive` left beside `root`."""
    shutil.rmtree(_download_folder(root), ignore_errors=True)


def _download_folder(root: Path) -> Path:
    return root.parent / f".{root.name}-download"


def _try_until_whole(
    folder: Path,
    root: Path,
    unpacks_all: bool,
    on_bytes: Callable[[int, int], None] | None,
    on_pause: Callable[[str], None] | None,
) -> None:
    part = folder / "archive.zip.part"
    failures = 0
    while True:
        before = _size(part)
        try:
            remote = _go_on(part, root, unpacks_all, on_bytes)
            break
        except TransientError as failure:
            # A connection that breaks now and then, but carries something, is no reason to stop.
            failures = 1 if _size(part) >= before + _PROGRESS_BYTES else failures + 1
            wait = _wait_seconds(failure, failures, part)
            if on_pause:
                on_pause(f"{failure.reason}: trying again in {wait:.0f} s")
            time.sleep(wait)
    _check_contents(part, remote)
    with explain_os_errors(part):
        part.replace(folder / "archive.zip")


def _wait_seconds(failure: TransientError, failures: int, part: Path) -> float:
    kept = f"{_size(part) / 1e6:.0f} MB are kept in {part.parent}"
    if failures >= _TRIES:
        raise A2IError(
            f"{failure.reason}, {failures} times; {kept}: run the command again to go on"
        ) from failure
    wait = failure.wait_seconds
    if wait is None:
        return _FIRST_WAIT_SECONDS * 2.0 ** (failures - 1)
    if wait > _LONGEST_WAIT_SECONDS:
        raise A2IError(
            f"{failure.reason} of {wait / 60:.0f} minutes; {kept}: run the command again after that"
        ) from failure
    return wait


def _go_on(
    part: Path, root: Path, unpacks_all: bool, on_bytes: Callable[[int, int], None] | None
) -> RemoteArchive:
    """Asks Kaggle for the archive, and appends what is missing of it to `part`."""
    remote, request = find_archive()
    have = _bytes_kept(part, remote)
    if not have:
        # What is there belongs to another archive than the note will say.
        with explain_os_errors(part):
            part.write_bytes(b"")
    check_disk(
        root,
        remote.size - have + unpacks_all * remote.size,
        "choose a folder on another disk with --data-dir",
    )
    write_json(part.parent / "archive.json", remote.to_dict())
    if on_bytes:
        on_bytes(have, remote.size)
    if have < remote.size:
        _append(part, remote, request, have, on_bytes)
    if _size(part) != remote.size:
        raise TransientError("the connection broke")
    return remote


def _bytes_kept(part: Path, remote: RemoteArchive) -> int:
    """Returns how much of `part` can stay: all of it, if it belongs to the same archive."""
    note = part.parent / "archive.json"
    if not (part.exists() and note.exists()) or remote.etag is None:
        return 0
    begun = RemoteArchive.from_dict(read_json(note))
    same = begun.etag == remote.etag and begun.size == remote.size
    return _size(part) if same and _size(part) <= remote.size else 0


def _append(
    part: Path,
    remote: RemoteArchive,
    request: PreparedRequest,
    have: int,
    on_bytes: Callable[[int, int], None] | None,
) -> None:
    import requests

    headers = {**request.headers, "Accept-Encoding": "identity", "Range": f"bytes={have}-"}
    if remote.etag:
        headers["If-Range"] = remote.etag
    with (
        explain_os_errors(part),
        explain_failures(),
        requests.request(
            request.method or "GET",
            request.url or "",
            headers=headers,
            data=request.body,
            stream=True,
            timeout=_TIMEOUT_SECONDS,
        ) as response,
    ):
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            have = 0
        with part.open("ab" if have else "wb") as file:
            for block in response.iter_content(_BLOCK_BYTES):
                file.write(block)
                have += len(block)
                if on_bytes:
                    on_bytes(have, remote.size)


def _check_contents(part: Path, remote: RemoteArchive) -> None:
    """Compares the MD5; without one, the checksums inside the archive must do."""
    if remote.md5 is None:
        return
    digest = hashlib.md5(usedforsecurity=False)
    with explain_os_errors(part), part.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    if base64.b64encode(digest.digest()).decode() != remote.md5:
        part.unlink()
        raise A2IError(
            f"{part}: came damaged, its MD5 isn't the one that Kaggle gives; it was removed: run "
            "the command again to download it anew"
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
