"""`a2i serve`: TF Serving's API and a page, on one machine."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from a2i_tf.cli.console import say, working
from a2i_tf.errors import A2IError

if TYPE_CHECKING:
    from a2i_tf.serving.server import ServerConfig

_EXPORTED = Path("savedmodels/a2i")
# What the extra brings that nothing else does.
_EXTRA_PACKAGES = ("starlette", "uvicorn", "tensorflow_serving", "prometheus_client", "rapidjson")
_MAX_PORT = 65_535
_SHOWN_LENGTH = 80
# No more digits than 63 bits have.
_VERSION = re.compile("[0-9]{1,19}")
_NAME = re.compile(r"[\w.-]+", re.ASCII)


def serve(
    model: Annotated[
        Path, typer.Option(help="An export: its folder of versions, or one version.")
    ] = _EXPORTED,
    name: Annotated[str, typer.Option(help="What requests call the model.")] = "a2i",
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 is all of this machine's.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=_MAX_PORT, help="Port of REST and the page; 0 for any.")
    ] = 8501,
    grpc_port: Annotated[
        int, typer.Option(min=0, max=_MAX_PORT, help="Port of gRPC; 0 for any.")
    ] = 8500,
    labels: Annotated[
        str, typer.Option(help="Versions that stay loaded, by label, such as stable=1,canary=2.")
    ] = "",
    max_batch_size: Annotated[
        int, typer.Option(min=1, help="Most clips in one call of the model, and in one request.")
    ] = 64,
    batch_wait_ms: Annotated[
        float, typer.Option(min=0, max=1_000, help="How long a request waits for others to join.")
    ] = 3.0,
    max_queue: Annotated[
        int, typer.Option(min=1, help="Most clips that wait; beyond it, requests get a 503.")
    ] = 512,
    threads: Annotated[
        int, typer.Option(min=1, max=64, help="How many calls of the model run at a time.")
    ] = 2,
    access_log: Annotated[
        Path | None,
        typer.Option(help="File for the access log. \\[default: stderr]", show_default=False),
    ] = None,
) -> None:
    """Serve an exported model: TF Serving's REST and gRPC API, and a page to try it.

    The newest version answers; versions that come later are taken over without dropping a request.
    Ctrl-C or SIGTERM lets running requests end.

    [bold]Examples[/]

    a2i serve

    a2i serve --model /srv/models/a2i --labels stable=1,canary=2 --access-log access.jsonl

    a2i serve --host 0.0.0.0 --port 80 --grpc-port 9000
    """
    if not _NAME.fullmatch(name):
        raise typer.BadParameter(f"{name!r} can't be a part of an URL; use letters and digits")
    versions = parse_labels(labels)
    _require_extra()
    from a2i_tf.serving.addresses import bound_socket
    from a2i_tf.serving.version_folders import find_version_folders

    folders = find_version_folders(model)
    with bound_socket(host, port) as rest_socket:
        with bound_socket(host, grpc_port):
            # Better to hear now that it's taken than after TensorFlow has been imported.
            pass
        started = time.monotonic()
        with working("loading TensorFlow"):
            from a2i_tf.serving.batching import BatchingConfig
            from a2i_tf.serving.limits import Limits
            from a2i_tf.serving.server import ModelServer, ServerConfig

        config = ServerConfig(
            folders=folders,
            name=name,
            host=host,
            grpc_port=grpc_port,
            labels=versions,
            access_log=access_log,
            batching=BatchingConfig(batch_wait_ms / 1_000, threads),
            limits=Limits(max_batch_size=max_batch_size, max_queue_length=max_queue),
        )
        server = ModelServer(config, say)
        rest_port = rest_socket.getsockname()[1]

        def ready(bound_grpc_port: int) -> None:
            seconds = time.monotonic() - started
            for line in _start_lines(config, rest_port, bound_grpc_port, seconds):
                server.announce(line)

        in_time = asyncio.run(server.run(rest_socket, ready))
    if not in_time:
        server.announce("gave up on requests that were still running")
        # Python would wait for them.
        os._exit(1)
    server.announce("stopped")


def parse_labels(text: str) -> dict[str, int]:
    """Reads "stable=1,canary=2".

    Raises:
        typer.BadParameter: if it's something else, or names a label twice.
    """
    labels: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        label, _, version = (piece.strip() for piece in part.partition("="))
        if not label or label in labels or not _VERSION.fullmatch(version):
            shown = part[:_SHOWN_LENGTH]
            raise typer.BadParameter(f"{shown!r} is not a label and its version, such as stable=1")
        labels[label] = int(version)
    return labels


def _require_extra() -> None:
    if any(importlib.util.find_spec(name) is None for name in _EXTRA_PACKAGES):
        raise A2IError("the server's packages are missing; run: pip install 'a2i[serve]'")


def _start_lines(
    config: ServerConfig, rest_port: int, grpc_port: int, seconds: float
) -> Iterator[str]:
    from a2i_tf.serving.addresses import address_text, is_loopback

    rest = f"http://{address_text(config.host, rest_port)}"
    yield f"ready after {seconds:.1f} s"
    yield f"REST and page: {rest}"
    yield f"gRPC: {address_text(config.host, grpc_port)}"
    yield (
        f"""try: printf '{{"instances": [{{"b64": "%s"}}]}}' "$(base64 -w0 clip.wav)" | """
        f"curl -d @- {rest}/v1/models/{config.name}:predict"
    )
    if not is_loopback(config.host):
        yield (
            f"warning: whoever reaches this machine at {config.host} can use this server: it asks "
            "for no password and encrypts nothing; outside a network that you trust, put a proxy "
            "with TLS before it"
        )
