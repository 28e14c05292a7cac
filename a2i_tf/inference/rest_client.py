"""TF Serving's REST API (https://www.tensorflow.org/tfx/serving/api_rest), without TensorFlow."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from a2i_tf.inference.server_address import ServerAddress
from a2i_tf.inference.serving_client import (
    ANSWER_SECONDS,
    FIRST_BACK_OFF_SECONDS,
    LONGEST_BACK_OFF_SECONDS,
    MAX_RETRIES,
    ModelNotServedError,
    busy,
    nonsense,
    refused,
    too_slow,
    unreachable,
)

_CONNECT_SECONDS = 5.0
_BUSY = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_LOADING_STATES = ("START", "LOADING")


class BoundedRetry(Retry):
    """Honours Retry-After, but doesn't sleep for as long as a server likes."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Returns the seconds to wait, or None where the server doesn't say."""
        seconds = super().get_retry_after(response)
        return None if seconds is None else min(seconds, LONGEST_BACK_OFF_SECONDS)

    def increment(self, *arguments: Any, **named: Any) -> BoundedRetry:
        """Returns what is left to try; a slow answer isn't waited for again."""
        if isinstance(error := named.get("error"), ReadTimeoutError):
            raise error
        return super().increment(*arguments, **named)


class RestClient:
    """A `ServingClient` over HTTP."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address
        root = f"{address.scheme}://{address.authority}{address.prefix}"
        self._url = root + quote(address.model_path)
        self._session = requests.Session()
        retry = BoundedRetry(
            total=2 * MAX_RETRIES,
            connect=MAX_RETRIES,
            read=MAX_RETRIES,
            status=MAX_RETRIES,
            status_forcelist=_BUSY,
            allowed_methods=None,  # Predicting changes nothing, so a POST may be sent twice.
            backoff_factor=FIRST_BACK_OFF_SECONDS,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def predict(
        self, signature: str, inputs: Mapping[str, Sequence[bytes] | Sequence[int]], output: str
    ) -> list[Any]:
        """Asks in the columnar format; see `ServingClient.predict`."""
        del output  # A signature's only output comes without its name.
        columns = {name: [_to_json(value) for value in rows] for name, rows in inputs.items()}
        response = self._request(
            "POST", self._url + ":predict", {"signature_name": signature, "inputs": columns}
        )
        answer = _json_object(response)
        error = answer.get("error")
        if isinstance(error, str):
            self._raise(response, signature, error)
        rows = answer.get("outputs")
        if response.status_code != HTTPStatus.OK or not isinstance(rows, list):
            raise nonsense(self._address, _describe(response))
        try:
            return [_from_json(row) for row in rows]
        except (KeyError, TypeError, binascii.Error) as error:
            raise nonsense(self._address, "its rows are not base64") from error

    def is_loading(self) -> bool:
        """Asks for the model's status; see `ServingClient.is_loading`."""
        answer = _json_object(self._request("GET", self._url, None))
        versions = answer.get("model_version_status")
        return isinstance(versions, list) and any(
            isinstance(version, dict) and version.get("state") in _LOADING_STATES
            for version in versions
        )

    def _request(self, method: str, url: str, body: dict[str, Any] | None) -> requests.Response:
        try:
            return self._session.request(
                method,
                url,
                json=body,
                timeout=(_CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,  # They would turn the POST into a GET.
            )
        except requests.ReadTimeout as error:
            raise too_slow(self._address) from error
        except requests.RequestException as error:
            if "Read timed out" in str(error):
                raise too_slow(self._address) from error
            if "BadStatusLine" in str(error):
                raise nonsense(self._address, "it speaks no HTTP") from error
            raise unreachable(self._address, _innermost(error)) from error

    def _raise(self, response: requests.Response, signature: str, reason: str) -> None:
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise ModelNotServedError(reason)
        if response.status_code == HTTPStatus.GATEWAY_TIMEOUT:
            raise too_slow(self._address)
        if response.status_code in _BUSY:
            raise busy(self._address, reason)
        raise refused(self._address, signature, reason)


def _to_json(value: bytes | int) -> Any:
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["b64"], validate=True)
    return value


def _json_object(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        answer = None
    return answer if isinstance(answer, dict) else {}


def _describe(response: requests.Response) -> str:
    kind = response.headers.get("Content-Type", "no content type").partition(";")[0]
    return f"HTTP {response.status_code}, {kind}"


def _innermost(error: BaseException) -> str:
    """Returns the reason below the layers of requests and urllib3, such as a refused connection."""
    seen = error
    while isinstance(cause := seen.__cause__ or seen.__context__, BaseException):
        seen = cause
    return getattr(seen, "strerror", None) or str(seen) or type(seen).__name__
