"""The `config.json` of an export: a `ModelConfig`, and the version of a2i that wrote it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from a2i_tf.config import read_json
from a2i_tf.errors import A2IError
from a2i_tf.models.config import CONFIG_FILE, ModelConfig
from a2i_tf.version import __version__

_VERSION_FIELD = "a2i_version"


def contract_to_dict(config: ModelConfig) -> dict[str, Any]:
    """Returns what an export's `config.json` holds, as plain JSON types."""
    return {_VERSION_FIELD: __version__, **config.to_dict()}


def contract_from_json(text: bytes, origin: Path) -> ModelConfig:
    """Reads what `contract_to_dict` made.

    Args:
        text: A JSON object.
        origin: Where it was found, to begin error messages with.

    Raises:
        A2IError: if it is not JSON, or from another version of a2i.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        raise A2IError(f"{origin}: {CONFIG_FILE} is damaged ({error})") from error
    return _to_config(values, origin)


def read_contract(folder: Path) -> ModelConfig:
    """Reads the `config.json` of an export or of a run, which doesn't note the version.

    Raises:
        A2IError: if it is missing, not JSON, or from another version of a2i.
    """
    return _to_config(read_json(folder / CONFIG_FILE), folder)


def _to_config(values: dict[str, Any], origin: Path) -> ModelConfig:
    values.pop(_VERSION_FIELD, None)
    try:
        return ModelConfig.from_dict(values)
    except A2IError as error:
        raise A2IError(f"{origin}: {error}") from error
