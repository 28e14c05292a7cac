"""One decoding process, seen from the server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from pathlib import Path

import a2i_tf
from a2i_tf.serving.decoder_worker import ANSWER, DECODED, READY, SAMPLE_RATE, UPLOAD
from a2i_tf.serving.limits import Limits

_START_SECONDS = 60.0
_ENVIRONMENT = ("LANG", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH")
_LARGEST_ERROR = 4_096
_WAV_HEADER_BYTES = 44


class UndecodableError(Exception):
    """The file can't be decoded; the message tells a person why."""


class DecoderDownError(Exception):
    """The decoding process doesn't start, or the file can't be handed to it."""


class _BrokenError(Exception):
    """The process ended without an answer."""


class DecoderProcess:
    """A process that decodes one file at a time, in a folder of its own.

    It gets none of the server's environment but what finding Python's modules takes. A process
    whose answer nobody waited for is ended: the next one who asks would get it.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    async def start(self) -> None:
        """Starts the process where it isn't running.

        Raises:
            DecoderDownError: if it can't be started.
        """
        if self._is_running():
            return
        await self.stop()
        ready = False
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="a2i-decode-")
            self._process = await self._create(self._folder.name)
            status, _, _ = await asyncio.wait_for(self._read_answer(), _START_SECONDS)
            if status != READY:
                raise DecoderDownError("the decoder does not start")
            ready = True
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
            raise DecoderDownError("the decoder does not start") from error
        finally:
            if not ready:
                await self.stop()

    async def decode(self, contents: bytes) -> bytes:
        """Decodes one file.

        Args:
            contents: Of any audio or video file.

        Returns:
            A 16-bit mono WAV file at `SAMPLE_RATE`.

        Raises:
            UndecodableError: if it can't be decoded within the limits. A process that took too
                long is gone; the next call starts another. One that ends without an answer may
                have been ended by the system, so the file is tried once more with a new one.
            DecoderDownError: if there is no process, or no room on the disk.
        """
        waited = self._is_running()
        await self.start()
        try:
            return await self._decode(contents)
        except _BrokenError as error:
            if not waited:
                raise _breaks_decoder() from error
        # It may have been ended while it waited, or be worn out by other files.
        await self.start()
        try:
            return await self._decode(contents)
        except _BrokenError as error:
            raise _breaks_decoder() from error

    async def stop(self) -> None:
        """Ends the process, and removes its folder."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _decode(self, contents: bytes) -> bytes:
        """Lets the process that runs decode one file, and ends it if it can't go on."""
        stays = False
        try:
            status, is_large, answer = await self._ask(contents)
            stays = not is_large
        except asyncio.TimeoutError as error:
            most = f"{self._limits.decode_seconds:g} seconds"
            text = f"{UPLOAD}: takes longer than {most} to decode; send a shorter one"
            raise UndecodableError(text) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise _BrokenError from error
        except OSError as error:
            raise DecoderDownError("the file cannot be stored") from error
        finally:
            if not stays:
                await self.stop()
        if status != DECODED:
            raise UndecodableError(answer.decode(errors="replace"))
        return answer

    async def _create(self, folder: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "a2i_tf.serving.decoder_worker", folder),
            *("--max-clip-seconds", str(self._limits.max_clip_seconds)),
            *("--decode-seconds", str(self._limits.decode_seconds)),
            *("--memory-bytes", str(self._limits.decode_memory_bytes)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(a2i_tf.__file__).parents[1],
            env=_environment(),
            start_new_session=True,
        )

    async def _ask(self, contents: bytes) -> tuple[int, bool, bytes]:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._folder is not None
        upload = Path(self._folder.name, UPLOAD)
        await asyncio.to_thread(upload.write_bytes, contents)
        try:
            self._process.stdin.write(b"\n")
            return await asyncio.wait_for(self._read_answer(), self._limits.decode_seconds)
        finally:
            upload.unlink()

    async def _read_answer(self) -> tuple[int, bool, bytes]:
        assert self._process is not None
        output = self._process.stdout
        assert output is not None
        status, is_large, length = ANSWER.unpack(await output.readexactly(ANSWER.size))
        longest = int(self._limits.max_clip_seconds * SAMPLE_RATE * 2) + _WAV_HEADER_BYTES
        if length > max(longest, _LARGEST_ERROR):
            raise asyncio.IncompleteReadError(b"", length)
        return status, is_large, await output.readexactly(length)


def _breaks_decoder() -> UndecodableError:
    return UndecodableError(f"{UPLOAD}: breaks the decoder; convert it to WAV and send that")


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    # Its threads would each take address space, and one file needs no more than one.
    return {**kept, "OPENBLAS_NUM_THREADS": "1"}
