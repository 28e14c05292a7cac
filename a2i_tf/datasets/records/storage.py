"""Files on any file system that TensorFlow knows: `gs://`, `s3://`, `ram://`, local paths."""

from __future__ import annotations

import contextlib
import hashlib
import time
import uuid
from collections.abc import Iterator

import tensorflow as tf

from a2i_tf.errors import A2IError

_CHUNK_BYTES = 2**20
# Nobody takes so long to write a file: whoever began it was killed.
_ABANDONED_SECONDS = 600

_ADVICE = {
    tf.errors.ResourceExhaustedError: "the disk is full",
    tf.errors.PermissionDeniedError: "permission denied",
    tf.errors.UnimplementedError: "TensorFlow has no file system for it",
    tf.errors.AlreadyExistsError: "a file of that name is in the way",
}


@contextlib.contextmanager
def explain_storage_errors(path: str, verb: str = "written") -> Iterator[None]:
    """Turns TensorFlow's errors about files at `path` into an `A2IError` that says what to do."""
    try:
        yield
    except tf.errors.OpError as error:
        reason = _ADVICE.get(type(error), error.message.splitlines()[0])
        raise A2IError(
            f"{path}: records cannot be {verb}: {reason}; name another folder with --records"
        ) from error


def load_file_system(path: str) -> None:
    """Loads tensorflow-io where `path` is of a kind that TensorFlow alone doesn't know."""
    scheme, separator, _ = path.partition("://")
    if separator and scheme not in tf.io.gfile.get_registered_schemes():
        with contextlib.suppress(ImportError):
            import tensorflow_io  # noqa: F401


def read_bytes(path: str) -> bytes | None:
    """Returns the contents of a file, or None if there is none."""
    with explain_storage_errors(path, "read"):
        try:
            with tf.io.gfile.GFile(path, "rb") as file:
                return bytes(file.read())
        except tf.errors.NotFoundError:
            return None


def write_bytes(path: str, contents: bytes) -> None:
    """Writes a file under a temporary name, then renames it."""
    with new_file(path) as temporary, tf.io.gfile.GFile(temporary, "wb") as file:
        file.write(contents)


@contextlib.contextmanager
def new_file(path: str) -> Iterator[str]:
    """Yields a temporary name beside `path`; the file takes its place when the block succeeds.

    Raises:
        A2IError: if it can't be written. Nothing is left behind.
    """
    folder, _, name = path.rpartition("/")
    temporary = f"{folder}/.{name}.{uuid.uuid4().hex[:8]}"
    with explain_storage_errors(path):
        try:
            yield temporary
            tf.io.gfile.rename(temporary, path, overwrite=True)
        except BaseException:
            with contextlib.suppress(tf.errors.OpError):
                tf.io.gfile.remove(temporary)
            raise


def make_folder(path: str) -> None:
    """Makes a folder, and removes what a killed writer left in it."""
    with explain_storage_errors(path):
        tf.io.gfile.makedirs(path)
        for name in tf.io.gfile.listdir(path):
            file = tf.io.gfile.join(path, name)
            # It's gone, if it was another writer's who has finished it by now.
            with contextlib.suppress(tf.errors.NotFoundError):
                if name.startswith(".") and _age_seconds(file) > _ABANDONED_SECONDS:
                    tf.io.gfile.remove(file)


def file_checksum(path: str) -> str | None:
    """Returns the SHA-256 of a file, or None if there is none."""
    digest = hashlib.sha256()
    with explain_storage_errors(path, "read"):
        try:
            with tf.io.gfile.GFile(path, "rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
        except tf.errors.NotFoundError:
            return None
    return digest.hexdigest()


def _age_seconds(path: str) -> float:
    return time.time() - tf.io.gfile.stat(path).mtime_nsec / 1e9
