"""TF Serving's protocols, asked of `a2i serve`; or of TF Serving, or any server, with an export.

A2I_SERVER_REST=http://host:8501 A2I_SERVER_GRPC=host:8500 pytest tests/test_serving_conformance.py

A2I_SERVER_MODEL is what the model is called there (a2i); A2I_SERVER_LABELS are labels of the
version that answers, with commas between them (none). Without its address, the tests of a protocol
are skipped.
"""

import contextlib
import os

import grpc
import httpx
import pytest
from server_fixture import running_server

for module in ("", "_rest", "_rest_errors", "_grpc", "_grpc_model"):
    pytest.register_assert_rewrite(f"conformance{module}")

from conformance import TIMEOUT_SECONDS, Server  # noqa: E402
from conformance_grpc import TestBothProtocols, TestGrpcPredict  # noqa: E402
from conformance_grpc_model import TestGrpcModel  # noqa: E402
from conformance_rest import TestRestMetadata, TestRestPredict, TestRestStatus  # noqa: E402
from conformance_rest_errors import TestRestErrors  # noqa: E402

__all__ = [
    "TestBothProtocols",
    "TestGrpcModel",
    "TestGrpcPredict",
    "TestRestErrors",
    "TestRestMetadata",
    "TestRestPredict",
    "TestRestStatus",
]


@pytest.fixture(scope="module")
def addressed(request, tmp_path_factory):
    """The server asked, with a client for each protocol that it has an address for."""
    rest, calls = (os.environ.get(f"A2I_SERVER_{name}") for name in ("REST", "GRPC"))
    model = os.environ.get("A2I_SERVER_MODEL", "a2i")
    labels = tuple(filter(None, os.environ.get("A2I_SERVER_LABELS", "").split(",")))
    with contextlib.ExitStack() as stack:
        if not rest and not calls:
            exported = request.getfixturevalue("exported")
            log = tmp_path_factory.mktemp("conformance") / "log.txt"
            options = ("--labels", "stable=1")
            started = stack.enter_context(running_server(exported, log, *options))
            rest, calls, labels = started.rest_url, started.grpc_address, ("stable",)
        client = channel = None
        if rest:
            client = httpx.Client(base_url=rest, timeout=TIMEOUT_SECONDS)
            stack.enter_context(client)
        if calls:
            channel = stack.enter_context(grpc.insecure_channel(calls))
        yield Server(model, labels, client, channel)


@pytest.fixture
def rest(addressed):
    """The server, if its REST API can be asked."""
    if addressed.rest is None:
        pytest.skip("A2I_SERVER_REST isn't set")
    return addressed


@pytest.fixture
def server(addressed):
    """The server, if its gRPC API can be asked."""
    if addressed.channel is None:
        pytest.skip("A2I_SERVER_GRPC isn't set")
    return addressed
