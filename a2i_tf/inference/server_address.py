"""Where a served model is: `http://host:8501`, `grpc://host:8500`, or a model's full address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from a2i_tf.errors import A2IError

_GRPC_PORT = 8_500
# https://www.tensorflow.org/tfx/serving/api_rest
_MODEL_PATH = re.compile(
    r"(?P<prefix>.*)/v1/models/(?P<model>[^/:]+)"
    r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
)
_EXPECTED = "give http://HOST:8501 or grpc://HOST:8500"


@dataclass(frozen=True)
class ServerAddress:
    """A model on a server that speaks TF Serving's protocols.

    Attributes:
        scheme: "http", "https" or "grpc".
        authority: The host and port; for HTTP also what a proxy wants before them.
        prefix: Path before `/v1`, for servers behind a proxy; empty or with a leading slash.
        model: Name of the model.
        version: Its version; None for the latest, or for the label's.
        label: Label of a version, or None.
    """

    scheme: str
    authority: str
    prefix: str
    model: str
    version: int | None
    label: str | None

    @property
    def model_path(self) -> str:
        """The model's path in TF Serving's REST API, from `/v1` on."""
        version = "" if self.version is None else f"/versions/{self.version}"
        label = "" if self.label is None else f"/labels/{self.label}"
        return f"/v1/models/{self.model}{version}{label}"

    @property
    def shown(self) -> str:
        """The whole address for people, without a password."""
        host = self.authority.rpartition("@")[2]
        return f"{self.scheme}://{host}{self.prefix}{self.model_path}"


def parse_address(text: str, model_name: str) -> ServerAddress:
    """Reads an address.

    Args:
        text: `http://host:port`, `https://host`, `grpc://host:port`; optionally followed by
            `/v1/models/NAME`, and that by `/versions/N` or `/labels/LABEL`.
        model_name: Name of the model where the address doesn't tell it.

    Raises:
        A2IError: if it is anything else.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise A2IError(f"--server {text}: is no address ({error}); {_EXPECTED}") from error
    if parts.scheme not in ("http", "https", "grpc") or not parts.hostname:
        raise A2IError(f"--server {text}: is no address of a model server; {_EXPECTED}")
    if parts.query or parts.fragment:
        raise A2IError(f"--server {text}: has more than a path after the host; {_EXPECTED}")
    path = parts.path.rstrip("/").removesuffix(":predict")
    found = _MODEL_PATH.fullmatch(path) or _MODEL_PATH.fullmatch(f"{path}/v1/models/{model_name}")
    if found is None or "/v1/" in found["prefix"] or (parts.scheme == "grpc" and found["prefix"]):
        raise A2IError(f"--server {text}: has an unknown path; {_EXPECTED}")
    authority = parts.netloc
    if parts.scheme == "grpc" and port is None:
        authority += f":{_GRPC_PORT}"
    version = None if found["version"] is None else int(found["version"])
    return ServerAddress(
        parts.scheme, authority, found["prefix"], found["model"], version, found["label"]
    )
