"""One call of the model for several requests."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from a2i_tf.serving.errors import ServingError
from a2i_tf.serving.servable import Servable

_LOGGER = logging.getLogger(__name__)
Arrays = Mapping[str, NDArray[Any]]
Outputs = dict[str, NDArray[Any]]


def run_together(
    servable: Servable, signature_name: str, requests: Sequence[Arrays]
) -> list[Outputs | Exception]:
    """Runs requests in one call, or one by one if that fails.

    Args:
        servable: The version asked.
        signature_name: The signature asked.
        requests: The inputs of each, with equal shapes but for the number of rows.

    Returns:
        For each, its own outputs or its own error.
    """
    if len(requests) == 1:
        return [_run_alone(servable, signature_name, requests[0])]
    counts = [len(next(iter(inputs.values()))) for inputs in requests]
    joint = {name: np.concatenate([inputs[name] for inputs in requests]) for name in requests[0]}
    outputs = _run_alone(servable, signature_name, joint)
    ends = np.cumsum(counts)
    if isinstance(outputs, Exception) or any(len(array) != ends[-1] for array in outputs.values()):
        return [_run_alone(servable, signature_name, inputs) for inputs in requests]
    parts = {name: np.split(array, ends[:-1]) for name, array in outputs.items()}
    return [{name: parts[name][index] for name in parts} for index in range(len(requests))]


def _run_alone(servable: Servable, signature_name: str, inputs: Arrays) -> Outputs | Exception:
    try:
        return servable.run(signature_name, inputs)
    except ServingError as error:
        return error
    except Exception as error:
        # Whatever it is, it's the answer to this request, and not to those beside it.
        _LOGGER.exception("%s failed", signature_name)
        return error
