"""What the path of a REST request asks for.

Source: `ParseModelInfo` of
https://github.com/tensorflow/serving/blob/2.17.1/tensorflow_serving/model_servers/http_rest_api_util.cc
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from a2i_tf.serving.errors import invalid
from a2i_tf.serving.model_version import ModelTarget
from a2i_tf.serving.version_folders import LARGEST_VERSION

_VERSION = r"(?:/versions/(\d+)|/labels/([^/:]+))?"
_FLAGS = re.IGNORECASE | re.ASCII
_POST = re.compile(rf"/v1/models/([^/:]+){_VERSION}:(classify|regress|predict)", _FLAGS)
_GET = re.compile(rf"/v1/models(?:/([^/:]+))?{_VERSION}(?:/(metadata))?", _FLAGS)


@dataclass(frozen=True)
class RestPath:
    """A path, understood.

    Attributes:
        model: Which model, and which version of it.
        method: "predict", "classify" or "regress", or None where something is told.
        metadata: Whether that is the signatures, instead of the status.
    """

    model: ModelTarget
    method: str | None = None
    metadata: bool = False


def parse_path(verb: str, path: str) -> RestPath:
    """Understands a request line.

    Args:
        verb: Such as "GET".
        path: As it was sent, with its percent-encoding and its query; with a query, TF Serving
            knows no path.

    Raises:
        ServingError: `INVALID_ARGUMENT` if it asks for nothing that there is.
    """
    pattern = {"POST": _POST, "GET": _GET}.get(verb)
    found = pattern.fullmatch(path) if pattern else None
    if found is None:
        raise invalid(f"Malformed request: {verb} {path}")
    name, version, label, last = found.groups()
    if name is None:
        raise invalid("Missing model name in request.")
    model = ModelTarget(
        unquote(name),
        None if version is None else _number(version),
        None if label is None else unquote(label),
    )
    if verb == "GET":
        return RestPath(model, metadata=last == "metadata")
    if last not in ("predict", "classify", "regress"):
        raise invalid(f"Malformed request: {verb} {path}")
    return RestPath(model, method=last)


def _number(digits: str) -> int:
    # Python refuses to read thousands of digits.
    number = int(digits.lstrip("0")[:20] or "0")
    if number > LARGEST_VERSION:
        raise invalid(f"Failed to convert version: {digits} to numeric.")
    return number
