import errno
import os
import stat
from pathlib import Path

import pytest

from a2i_tf.atomic import explain_os_errors, new_folder, write_bytes
from a2i_tf.errors import A2IError


def test_write_replaces_whole_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "a" / "file"
    write_bytes(path, b"old")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "file", b"")
        with new_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750


def test_failed_folder_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), new_folder(tmp_path / "folder") as folder:
        (folder / "half").write_text("x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_folder_in_the_way_of_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(A2IError, match="cannot be written: a .*file"):
        write_bytes(tmp_path / "file" / "below", b"")


def test_full_device_says_so():
    # The kernel's own full disk.
    with (
        pytest.raises(A2IError, match="the disk is full; free some space"),
        explain_os_errors(Path("/dev/full")),
        Path("/dev/full").open("wb", buffering=0) as file,
    ):
        file.write(b"x")


def test_unknown_error_keeps_its_words(tmp_path):
    with pytest.raises(A2IError, match="Too many levels"), explain_os_errors(tmp_path):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
