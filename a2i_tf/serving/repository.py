"""The versions of a model: which are there, which are loaded, which one answers.

The newest version that loads is served, and every version that a label names; TF Serving's policy
`latest { num_versions: 1 }` serves the newest only, and nothing at all if that one is bad. A
version's folder is taken once its files have stopped changing, and a refused one is tried again
when they change: copying a folder into place isn't atomic.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import grpc

from a2i_tf.serving.errors import ServingError
from a2i_tf.serving.heap import set_aside
from a2i_tf.serving.metrics import Metrics
from a2i_tf.serving.model_version import ModelTarget, VersionStatus
from a2i_tf.serving.servable import Servable, load_servable
from a2i_tf.serving.version_folders import Contents, VersionFolders, read_contents

_LOGGER = logging.getLogger(__name__)
_POLL_SECONDS = 1.0
_Result = TypeVar("_Result")


@dataclass
class _Version:
    number: int
    state: str = "START"
    error: ServingError | None = None
    seen: Contents | None = None
    refused: Contents | None = None
    servable: Servable | None = None
    num_requests: int = 0

    def status(self) -> VersionStatus:
        if self.error is None:
            return VersionStatus(self.number, self.state)
        return VersionStatus(self.number, self.state, self.error.code.name, self.error.message)


class ModelRepository:
    """Loads, switches and unloads versions while they're asked.

    All methods belong to the event loop; only loading happens in a thread.

    Args:
        name: What requests call the model.
        folders: Where its versions are.
        labels: Versions by label; they stay loaded beside the newest.
        metrics: Told what is loaded.
        announce: Given a line for a person whenever something changes.
    """

    def __init__(
        self,
        name: str,
        folders: VersionFolders,
        labels: Mapping[str, int],
        metrics: Metrics,
        announce: Callable[[str], None],
    ) -> None:
        self.name = name
        self._folders = folders
        self._labels = dict(labels)
        self._metrics = metrics
        self._announce = announce
        self._versions: dict[int, _Version] = {}
        self._loader = ThreadPoolExecutor(1, "load-version")

    async def refresh(self, settled: bool = False) -> None:
        """Looks at the folders once: loads what is new, then unloads what isn't wanted any more.

        Args:
            settled: Whether to take folders without seeing twice that their files don't change.
        """
        folders = await self._in_thread(self._folders.find)
        self._forget_unseen(folders)
        newest = None
        for number in sorted(folders, reverse=True):
            if await self._is_loaded(number, folders[number], settled):
                newest = number
                break
        labelled = set(self._labels.values())
        for number in sorted(labelled & set(folders)):
            await self._is_loaded(number, folders[number], settled)
        if newest is not None:
            self._retire(keep={newest, *labelled})

    async def watch(self) -> None:
        """Refreshes every second, until it is cancelled; what goes wrong is logged once."""
        told = ""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                await self.refresh()
            except Exception as error:
                # Whatever it is, the versions that are loaded can still answer.
                if told != (told := repr(error)):
                    _LOGGER.exception("looking for new versions failed; trying on")

    @contextlib.contextmanager
    def lease(self, target: ModelTarget) -> Iterator[Servable]:
        """Yields the version asked for, which stays loaded for as long as the block runs.

        Raises:
            ServingError: `NOT_FOUND` or `INVALID_ARGUMENT`, in TF Serving's words.
        """
        version, servable = self._find(target)
        version.num_requests += 1
        try:
            yield servable
        finally:
            version.num_requests -= 1
            if version.state == "UNLOADING" and version.num_requests == 0:
                self._unload(version)

    def serving(self) -> list[int]:
        """Returns the numbers of the versions that answer, the newest first."""
        served = [entry.number for entry in self._versions.values() if entry.state == "AVAILABLE"]
        return sorted(served, reverse=True)

    def status(self, target: ModelTarget) -> list[VersionStatus]:
        """Returns the status of the version named, or else of all, the newest first.

        Raises:
            ServingError: `NOT_FOUND` or `INVALID_ARGUMENT`, in TF Serving's words.
        """
        number = self._number(target)
        found = self._versions if target.name == self.name else {}
        if number is not None:
            if number not in found:
                message = f"Could not find version {number} of model {target.name}"
                raise ServingError(grpc.StatusCode.NOT_FOUND, message)
            return [found[number].status()]
        if not found:
            message = f"Could not find any versions of model {target.name}"
            raise ServingError(grpc.StatusCode.NOT_FOUND, message)
        return [found[number].status() for number in sorted(found, reverse=True)]

    def close(self) -> None:
        """Lets the thread that loads end."""
        self._loader.shutdown(wait=False, cancel_futures=True)

    def _number(self, target: ModelTarget) -> int | None:
        """Returns the version that a request names by number or label, or None for the newest."""
        if not target.name:
            message = "ModelSpec has no name specified."
            raise ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)
        if target.label is None:
            return target.version
        if target.name != self.name or target.label not in self._labels:
            message = f"Unrecognized servable version label: {target.label}"
            raise ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)
        return self._labels[target.label]

    def _find(self, target: ModelTarget) -> tuple[_Version, Servable]:
        number = self._number(target)
        served = self.serving() if target.name == self.name else []
        if number is None and served:
            number = served[0]
        version = self._versions.get(number) if number in served else None
        if version is None or version.servable is None:
            wanted = (
                f"Latest({target.name})" if number is None else f"Specific({target.name}, {number})"
            )
            message = f"Servable not found for request: {wanted}"
            raise ServingError(grpc.StatusCode.NOT_FOUND, message)
        return version, version.servable

    async def _is_loaded(self, number: int, folder: Path, settled: bool) -> bool:
        """Loads a version if it isn't loaded yet; returns whether it serves now."""
        version = self._versions.setdefault(number, _Version(number))
        if version.servable is not None:
            # One that was to be unloaded is wanted again: the newer one has been removed.
            version.state = "AVAILABLE"
            return True
        contents = await self._in_thread(read_contents, folder)
        settled = settled or contents == version.seen
        version.seen = contents
        if settled and contents != version.refused:
            await self._load(version, folder, contents)
        return version.servable is not None

    async def _load(self, version: _Version, folder: Path, contents: Contents) -> None:
        version.state, version.error = "LOADING", None
        labels = (self.name, str(version.number))
        try:
            version.servable = await self._in_thread(load_servable, version.number, folder)
        except ServingError as error:
            version.state, version.error, version.refused = "END", error, contents
            self._metrics.version_refused.labels(*labels).inc()
            self._announce(f"refused version {version.number}: {error.message}; {self._told()}")
            return
        await self._in_thread(set_aside)
        version.state = "AVAILABLE"
        self._metrics.version_loaded.labels(*labels).set(1)
        self._announce(f"loaded version {version.number}; {self._told()}")

    def _forget_unseen(self, folders: Mapping[int, Path]) -> None:
        """Forgets versions whose folders left before they could be loaded."""
        gone = [number for number in self._versions if number not in folders]
        for number in gone:
            if self._versions[number].state == "START":
                del self._versions[number]

    def _told(self) -> str:
        served = self.serving()
        return f"{self.name} is served by version {served[0]}" if served else "none is served yet"

    def _retire(self, keep: set[int]) -> None:
        """Takes no more requests for versions that aren't wanted; the last one's end unloads."""
        for number in set(self.serving()) - keep:
            version = self._versions[number]
            version.state = "UNLOADING"
            if version.num_requests == 0:
                self._unload(version)

    def _unload(self, version: _Version) -> None:
        version.servable, version.state = None, "END"
        self._metrics.version_loaded.labels(self.name, str(version.number)).set(0)
        self._announce(f"unloaded version {version.number}; {self._told()}")
        self._loader.submit(set_aside)

    async def _in_thread(self, function: Callable[..., _Result], *arguments: object) -> _Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._loader, function, *arguments)
