"""`POST /decode`: any audio or video file in, a 16-bit mono WAV file out.

Decoders of compressed audio are large and written in C. They run in processes of their own, so
that a file that crashes one, or keeps it busy, costs its sender an answer and nobody else.
"""

from __future__ import annotations

import asyncio
import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from a2i_tf.serving.decoder_process import DecoderDownError, DecoderProcess, UndecodableError
from a2i_tf.serving.http_errors import error_response
from a2i_tf.serving.limits import Limits

_LOGGER = logging.getLogger(__name__)
_FILES_WAITING_PER_WORKER = 16


class DecoderBusyError(Exception):
    """Too many files wait to be decoded."""


class Decoder:
    """At most `Limits.decode_workers` processes, the first made ready at once."""

    def __init__(self, limits: Limits) -> None:
        self._processes = [DecoderProcess(limits) for _ in range(limits.decode_workers)]
        self._most_waiting = _FILES_WAITING_PER_WORKER * limits.decode_workers
        # The one that was used last is taken first: it is running, and others may never have to.
        self._idle: asyncio.LifoQueue[DecoderProcess] = asyncio.LifoQueue()
        self._waiting = 0
        self._starting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Lets the first process start, and doesn't wait for it."""
        for process in self._processes:
            self._idle.put_nowait(process)
        self._starting = asyncio.create_task(self._start_first())

    async def stop(self) -> None:
        """Ends all processes."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait([self._starting])
        await asyncio.gather(*(process.stop() for process in self._processes))

    async def decode(self, contents: bytes) -> bytes:
        """Decodes one file; see `DecoderProcess.decode`.

        Raises:
            DecoderBusyError: if too many others are waiting.
            DecoderDownError: if no process can be started.
            UndecodableError: if the file can't be decoded within the limits.
        """
        if self._waiting >= self._most_waiting:
            raise DecoderBusyError
        self._waiting += 1
        try:
            process = await self._idle.get()
        finally:
            self._waiting -= 1
        try:
            return await process.decode(contents)
        finally:
            self._idle.put_nowait(process)

    async def _start_first(self) -> None:
        process = await self._idle.get()
        try:
            await process.start()
        except DecoderDownError as error:
            _LOGGER.error("%s", error)
        finally:
            self._idle.put_nowait(process)


def decode_routes(decoder: Decoder) -> list[Route]:
    """Returns `POST /decode`.

    It answers with `audio/wav`; or with `{"error": "…"}` and 400 for what can't be decoded, 503
    and Retry-After where too many are waiting or the decoder doesn't start.
    """

    async def decode(request: Request) -> Response:
        try:
            wav = await decoder.decode(await request.body())
        except UndecodableError as error:
            return error_response(str(error), 400)
        except DecoderBusyError:
            text = "too many files are being decoded; try again in a second"
            return error_response(text, 503, retry_after_seconds=1)
        except DecoderDownError as error:
            _LOGGER.error("%s", error)
            text = "files cannot be decoded at the moment; send 16-bit WAV, or try again"
            return error_response(text, 503, retry_after_seconds=10)
        return Response(wav, media_type="audio/wav")

    return [Route("/decode", decode, methods=["POST"])]
