"""The `config.json` of an export: a `ModelConfig`, and the version of a2i that wrote it."""

from __future__ import annotations

import json
from typing import Any

from a2i_tf.errors import A2IError
from a2i_tf.models.config import ModelConfig
from a2i_tf.version import __version__

_VERSION_FIELD = "a2i_version"


def contract_to_dict(config: ModelConfig) -> dict[str, Any]:
    """Returns what an export's `config.json` holds, as plain JSON types."""
    return {_VERSION_FIELD: __version__, **config.to_dict()}


def contract_from_json(text: str | bytes, origin: object) -> ModelConfig:
    """Reads what `contract_to_dict` made, or a run's `config.json`, which has no version.

    Args:
        text: A JSON object.
        origin: Where it was found, to begin error messages with.

    Raises:
        A2IError: if it is not JSON, or from another version of a2i.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        raise A2IError(f"{origin}: config.json is damaged ({error}); export it again") from error
    if not isinstance(values, dict):
        raise A2IError(f"{origin}: config.json holds no JSON object; export it again")
    values.pop(_VERSION_FIELD, None)
    try:
        return ModelConfig.from_dict(values)
    except A2IError as error:
        raise A2IError(f"{origin}: {error}") from error
