"""The Kaggle set *Scene Classification: Images and Audio*: for now, whether it could be had."""

from __future__ import annotations

import os
from pathlib import Path

DATASET = "birdy654/scene-classification-images-and-audio"


def find_credentials() -> str | None:
    """Says where the `kaggle` client would find credentials, or returns None.

    In the order of the client: environment, access token, `kaggle.json`
    (https://github.com/Kaggle/kaggle-api/blob/main/docs/README.md).
    """
    if os.environ.get("KAGGLE_API_TOKEN"):
        return "KAGGLE_API_TOKEN"
    if os.environ.get("KAGGLE_USERNAME") and os.environ.get("KAGGLE_KEY"):
        return "KAGGLE_USERNAME and KAGGLE_KEY"
    folder = Path(os.environ.get("KAGGLE_CONFIG_DIR", Path.home() / ".kaggle"))
    for name in ("access_token", "kaggle.json"):
        if (folder / name).is_file():
            return str(folder / name)
    return None
