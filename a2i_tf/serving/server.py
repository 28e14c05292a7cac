"""The server's process: both protocols in one event loop, from the first load to the last answer.

On Starlette and a page of our own rather than Gradio: TF Serving's routes can be met to the letter
beside a page of a few kilobytes, and nothing on it asks another host for fonts or scripts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import grpc
import tensorflow as tf
import uvicorn

from a2i_tf.errors import A2IError
from a2i_tf.serving.access_log import AccessLog
from a2i_tf.serving.addresses import address_text, cannot_listen
from a2i_tf.serving.app import build_app
from a2i_tf.serving.batching import Batcher, BatchingConfig
from a2i_tf.serving.engine import Engine
from a2i_tf.serving.grpc_service import add_services
from a2i_tf.serving.heap import use_system_allocator
from a2i_tf.serving.http_protocol import ConnectionBounds, HttpConnections
from a2i_tf.serving.limits import Limits
from a2i_tf.serving.metrics import Metrics
from a2i_tf.serving.model_version import ModelTarget
from a2i_tf.serving.observation import ObservedCalls, Observer
from a2i_tf.serving.open_files import BACKLOG, allowed_connections
from a2i_tf.serving.repository import ModelRepository
from a2i_tf.serving.version_folders import VersionFolders

# Kubernetes and systemd kill what hasn't ended 30 and 90 seconds after SIGTERM.
_DRAIN_SECONDS = 25.0
# What hasn't ended by then is cut off.
_CUT_OFF_SECONDS = 26
# Clients that keep connections open shouldn't find them closed between two requests.
_KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True)
class ServerConfig:
    """What to serve, where, and how.

    Attributes:
        folders: Where the model's versions are.
        name: What requests call it.
        host: Name or IP address to listen at.
        grpc_port: 0 for any that is free.
        labels: Versions by label.
        access_log: A file to append to, or None for stderr.
        batching: How requests are put together.
        limits: What requests may take.
    """

    folders: VersionFolders
    name: str
    host: str
    grpc_port: int
    labels: Mapping[str, int] = field(default_factory=dict)
    access_log: Path | None = None
    batching: BatchingConfig = field(default_factory=BatchingConfig)
    limits: Limits = field(default_factory=Limits)


class ModelServer:
    """A model served over REST and gRPC.

    Args:
        config: What to serve, where, and how.
        announce: Given a line for a person whenever something changes.

    Raises:
        A2IError: if the access log can't be written to.
    """

    def __init__(self, config: ServerConfig, announce: Callable[[str], None]) -> None:
        # The cores are shared by calls and by the clips in a call. Cutting up every small operation
        # too would cost twice the processor time for the same pictures.
        tf.config.threading.set_intra_op_parallelism_threads(1)
        use_system_allocator()
        self._config = config
        self._tell = announce
        self._max_connections = allowed_connections(config.limits.max_connections)
        metrics = Metrics()
        self._observer = Observer(metrics, AccessLog(config.access_log))
        self._repository = ModelRepository(
            config.name, config.folders, config.labels, metrics, self.announce
        )
        self._batcher = Batcher(config.batching, config.limits, metrics)
        self.engine = Engine(self._repository, self._batcher, config.limits)

    def announce(self, line: str) -> None:
        """Tells a person a line, if it can be told: a full disk or a closed pipe end nothing."""
        # rich makes a `SystemExit` of a closed pipe.
        with contextlib.suppress(OSError, SystemExit):
            self._tell(line)

    async def run(self, rest_socket: socket.socket, ready: Callable[[int], None]) -> bool:
        """Serves until SIGTERM or SIGINT, then lets what runs end.

        Args:
            rest_socket: Where to serve REST; it is listening.
            ready: Called once a version is served, with gRPC's port.

        Returns:
            Whether all requests were answered in the time that there is for it.

        Raises:
            A2IError: if no version can be loaded, a label names one that can't, or gRPC's port is
                taken.
        """
        stopping = asyncio.Event()
        rest = _RestServer(self._rest_config())
        calls, grpc_port = self._grpc_server()
        with _stopped_by_signals(self._stopper(stopping)):
            serving = asyncio.create_task(rest.serve(sockets=[rest_socket]))
            await calls.start()
            try:
                await self._serve(stopping, lambda: ready(grpc_port))
            finally:
                in_time = await self._drain(rest, serving, calls)
        return in_time

    def _stopper(self, stopping: asyncio.Event) -> Callable[[], None]:
        """Returns what a signal does: the first stops the server, the second ends the process."""

        def stop() -> None:
            if stopping.is_set():
                os._exit(1)
            stopping.set()
            self.announce("stopping: running requests are answered; Ctrl-C again ends at once")

        return stop

    def _rest_config(self) -> uvicorn.Config:
        bounds = ConnectionBounds(self._max_connections)
        connections = HttpConnections(bounds, self._observer.note_refused)
        return uvicorn.Config(
            build_app(self.engine, self._config.limits, self._observer),
            # It calls what it takes for a class.
            http=cast(Any, connections.protocol),
            lifespan="on",
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_CUT_OFF_SECONDS,
        )

    def _grpc_server(self) -> tuple[grpc.aio.Server, int]:
        """Returns gRPC's server and the port that it's bound to."""
        config = self._config
        server = grpc.aio.server(
            interceptors=[ObservedCalls(self._observer)],
            options=[
                ("grpc.max_receive_message_length", config.limits.max_body_bytes),
                ("grpc.max_send_message_length", -1),
                # By default two servers would share a port, and each get half of the calls.
                ("grpc.so_reuseport", 0),
                ("grpc.max_allowed_incoming_connections", self._max_connections),
            ],
        )
        add_services(server, self.engine)
        try:
            port = server.add_insecure_port(address_text(config.host, config.grpc_port))
        except RuntimeError as error:
            raise cannot_listen(config.host, config.grpc_port, error) from error
        return server, port

    async def _serve(self, stopping: asyncio.Event, ready: Callable[[], None]) -> None:
        """Loads, then watches for new versions until the server is stopped."""
        stopped = asyncio.create_task(stopping.wait())
        loading = asyncio.create_task(self._repository.refresh(settled=True))
        await asyncio.wait({stopped, loading}, return_when=asyncio.FIRST_COMPLETED)
        if not stopped.done():
            loading.result()
            self._check_loaded()
            ready()
            watching = asyncio.create_task(self._repository.watch())
            await asyncio.wait({stopped, watching}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
            watching.cancel()
        loading.cancel()
        stopped.cancel()

    def _check_loaded(self) -> None:
        served = self._repository.serving()
        if not served:
            statuses = self._repository.status(ModelTarget(self._config.name))
            raise A2IError(
                f"{self._config.folders.base}: version {statuses[0].version} can't be loaded "
                f"({statuses[0].error_message}), nor can another; export the model again"
            )
        for label, version in self._config.labels.items():
            if version not in served:
                raise A2IError(
                    f"label {label} names version {version}, which can't be loaded from "
                    f"{self._config.folders.base}; give a label to one of "
                    f"{', '.join(map(str, served))}, or export the version again"
                )

    async def _drain(
        self, rest: _RestServer, serving: asyncio.Task[None], calls: grpc.aio.Server
    ) -> bool:
        """Takes nothing new, and lets what runs end."""
        rest.should_exit = True
        answered = asyncio.gather(serving, calls.stop(_CUT_OFF_SECONDS))
        await asyncio.wait({answered}, timeout=_DRAIN_SECONDS)
        in_time = answered.done() and self._batcher.idle
        await answered
        self._batcher.close()
        self._repository.close()
        return in_time


class _RestServer(uvicorn.Server):
    """uvicorn's server; signals stop both protocols at once, so they aren't its own business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
