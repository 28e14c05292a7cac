"""Whether Kaggle knows us: where credentials are, and the client that they log in."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from a2i_tf.datasets.kaggle.failures import explain_failures
from a2i_tf.errors import A2IError

if TYPE_CHECKING:
    from kaggle.api.kaggle_api_extended import KaggleApi

_HOW_TO_GET_SOME = (
    "make a token at https://www.kaggle.com/settings and put it into the variable "
    "KAGGLE_API_TOKEN or the file ~/.kaggle/access_token; `a2i fetch scenes` needs none"
)


def find_credentials() -> str | None:
    """Says where the `kaggle` client would find credentials, or returns None.

    In the order of the client: access token, user name and key, login with a browser
    (https://github.com/Kaggle/kaggle-cli/blob/main/docs/README.md). Nothing is read or asked.
    """
    if os.environ.get("KAGGLE_API_TOKEN"):
        return "KAGGLE_API_TOKEN"
    if os.environ.get("KAGGLE_USERNAME") and os.environ.get("KAGGLE_KEY"):
        return "KAGGLE_USERNAME and KAGGLE_KEY"
    home = Path.home() / ".kaggle"
    files = (
        home / "access_token",
        home / "access_token.txt",
        _config_folder(home) / "kaggle.json",
        home / "credentials.json",
    )
    return next((str(path) for path in files if path.is_file()), None)


def require_credentials() -> str:
    """Says where credentials are.

    Raises:
        A2IError: if there are none.
    """
    found = find_credentials()
    if found is None:
        raise A2IError(f"no Kaggle credentials found; {_HOW_TO_GET_SOME}")
    return found


def log_in() -> KaggleApi:
    """Returns Kaggle's own client, logged in.

    Raises:
        A2IError: if there are no credentials, or Kaggle doesn't accept them.
        TransientError: if Kaggle can't be reached.
    """
    found = require_credentials()
    try:
        with quiet_client(), explain_failures():
            # Importing it logs in, too, and makes its configuration folder.
            from kaggle.api.kaggle_api_extended import KaggleApi

            api = KaggleApi()
            api.authenticate()
    except SystemExit as error:
        raise A2IError(
            f"Kaggle doesn't accept the credentials in {found}; {_HOW_TO_GET_SOME}"
        ) from error
    return api


@contextlib.contextmanager
def quiet_client() -> Iterator[None]:
    """Keeps what the client prints, such as how to log in, off stdout, which is for results."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def _config_folder(home: Path) -> Path:
    if folder := os.environ.get("KAGGLE_CONFIG_DIR"):
        return Path(folder)
    if home.exists():
        return home
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kaggle"
