"""Floating-point numbers as TF Serving writes them.

Source: `WriteDecimal` of
https://github.com/tensorflow/serving/blob/2.17.1/tensorflow_serving/util/json_tensor.cc
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def decimal(number: float) -> str:
    """Returns a number as an error repeats it: as a float where it fits into one."""
    fits = abs(number) <= np.finfo(np.float32).max
    return decimals(np.asarray([number], np.float32 if fits else np.float64))[0]


def decimals(numbers: NDArray[np.floating[Any]]) -> list[str]:
    """Returns numbers with six digits, or with all of them where six don't suffice.

    Args:
        numbers: float32 or float64 [n].
    """
    exact = numbers.tolist()
    short = [f"{number:.6g}" for number in exact]
    digits = np.finfo(numbers.dtype).precision + (3 if numbers.dtype == np.float32 else 2)
    suffices = (np.asarray(short, numbers.dtype) == numbers).tolist()
    return [
        _with_point(text if enough else f"{number:.{digits}g}")
        for text, enough, number in zip(short, suffices, exact, strict=True)
    ]


def _with_point(text: str) -> str:
    if text in _NOT_FINITE:
        return _NOT_FINITE[text]
    return text if "." in text or "e" in text else f"{text}.0"
