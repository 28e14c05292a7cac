"""What it means when Kaggle, or the way to it, fails: give up with one line, or try again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from a2i_tf.datasets.kaggle import DATASET
from a2i_tf.errors import A2IError

if TYPE_CHECKING:
    from requests import HTTPError, Response

_PAGE = f"https://www.kaggle.com/datasets/{DATASET}"
_ADVICE = {
    401: "Kaggle doesn't accept the credentials (401); make a new token at "
    "https://www.kaggle.com/settings",
    403: f"Kaggle refuses the download (403); open {_PAGE} with your account, accept what it asks "
    "for, and run the command again",
    404: f"Kaggle has no dataset {DATASET} any more (404); `a2i fetch scenes` needs no Kaggle",
}
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


class TransientError(Exception):
    """A failure that may pass.

    Attributes:
        reason: What happened, for a person.
        wait_seconds: How long Kaggle wants us to wait; None if it doesn't say.
    """

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_seconds = wait_seconds


@contextlib.contextmanager
def explain_failures() -> Iterator[None]:
    """Turns what goes wrong between here and Kaggle into `TransientError` or `A2IError`.

    The messages hold no addresses: those of downloads are signed, and whoever has one may use it.
    """
    import requests

    try:
        yield
    except requests.HTTPError as error:
        raise _explain_status(error) from error
    except (requests.ConnectionError, requests.Timeout) as error:
        raise TransientError("Kaggle can't be reached, or the connection broke") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise TransientError("the connection broke") from error
    except (requests.RequestException, ValueError, KeyError) as error:
        raise _not_its_api(error) from error


def _explain_status(error: HTTPError) -> Exception:
    response = error.response
    if response is None:
        return _not_its_api(error)
    status = response.status_code
    if status == _TOO_MANY_REQUESTS:
        return TransientError("Kaggle asks for a pause (429)", _retry_after(response))
    if status >= _SERVER_ERROR:
        return TransientError(f"Kaggle fails ({status})", _retry_after(response))
    return A2IError(_ADVICE.get(status, f"Kaggle refuses ({status}); see {_PAGE}"))


def _not_its_api(error: Exception) -> A2IError:
    return A2IError(
        f"Kaggle's answer isn't of its API ({type(error).__name__}); open {_PAGE} in a browser "
        "to see whether a proxy or a sign-in page stands in between"
    )


def _retry_after(response: Response) -> float | None:
    """Reads the header, seconds or a date (RFC 9110, section 10.2.3)."""
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text).astimezone(timezone.utc)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
