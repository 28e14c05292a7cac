"""Smaller files: the networks' weights of a TFLite model stored as float16 or int8.

TensorFlow's converter can do that, but it stores the front end's constants likewise. Then the mel
filters round quiet bands away, and the floor under the logarithm becomes 0 in float16: silence
gives NaN. So the float32 file is rewritten here: a small weight goes into a DEQUANTIZE operation,
which interpreters run once, when they allocate memory. What is computed stays float32.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

TflitePrecision = Literal["float32", "float16", "int8"]
TFLITE_PRECISIONS: tuple[TflitePrecision, ...] = get_args(TflitePrecision)

# Below, a scale and an operation cost more than they save; the converter has the same bound.
_MIN_NUMBERS = 1024
_DEQUANTIZE_VERSION = {"float16": 3, "int8": 5}


def store_weights(
    flatbuffer: bytes, weights: Iterable[NDArray[np.float32]], precision: TflitePrecision
) -> bytes:
    """Rewrites a float32 TFLite model.

    Args:
        flatbuffer: The model.
        weights: All weights of its networks, in any order and layout: the converter transposes
            them, but keeps their numbers, and that is how they are told from other constants.
        precision: "float32", which changes nothing; "float16"; or "int8", symmetric with a scale
            for each output channel (https://ai.google.dev/edge/litert/models/quantization_spec).

    Returns:
        The rewritten model.
    """
    if precision == "float32":
        return flatbuffer
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(flatbuffer))
    known = {_fingerprint(weight) for weight in weights if weight.size >= _MIN_NUMBERS}
    code = _add_dequantize(model, precision)
    for subgraph in model.subgraphs:
        # Operators run in order, so what is put before all others is ready for them.
        subgraph.operators[:0] = [
            _store(model, subgraph, index, precision, code)
            for index, tensor in enumerate(list(subgraph.tensors))
            if _is_weight(model, tensor, known)
        ]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _fingerprint(numbers: NDArray[np.float32]) -> bytes:
    return np.sort(numbers, axis=None).tobytes()


def _is_weight(model: Any, tensor: Any, known: set[bytes]) -> bool:
    data = model.buffers[tensor.buffer].data
    if tensor.type != schema.TensorType.FLOAT32 or data is None:
        return False
    return _fingerprint(_numbers(model, tensor)) in known


def _numbers(model: Any, tensor: Any) -> NDArray[np.float32]:
    return np.asarray(model.buffers[tensor.buffer].data, np.uint8).view(np.float32)


def _add_dequantize(model: Any, precision: str) -> int:
    """Declares the operation and returns its index."""
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    code.version = _DEQUANTIZE_VERSION[precision]
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _store(model: Any, subgraph: Any, index: int, precision: str, code: int) -> Any:
    """Moves a constant into a smaller tensor, and returns the operation that restores it."""
    tensor = subgraph.tensors[index]
    numbers = _numbers(model, tensor).reshape(tensor.shape)
    stored = schema.TensorT()
    stored.name, stored.shape, stored.buffer = tensor.name + b"_stored", tensor.shape, tensor.buffer
    if precision == "float16":
        stored.type = schema.TensorType.FLOAT16
        small: NDArray[Any] = numbers.astype(np.float16)
    else:
        stored.type = schema.TensorType.INT8
        small, scales = _quantize(numbers)
        stored.quantization = _by_output_channel(scales)
    model.buffers[stored.buffer].data = np.frombuffer(small.tobytes(), np.uint8)
    tensor.buffer = 0  # The first buffer is empty by definition: no longer a constant.
    subgraph.tensors.append(stored)
    operator = schema.OperatorT()
    operator.opcodeIndex = code
    operator.inputs, operator.outputs = [len(subgraph.tensors) - 1], [index]
    return operator


def _quantize(numbers: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rounds to [-127, 127] steps; output channels come first in all of TFLite's layouts."""
    peaks = np.abs(numbers).reshape(len(numbers), -1).max(axis=1)
    scales = (np.maximum(peaks, np.finfo(np.float32).tiny) / 127.0).astype(np.float32)
    steps = numbers / scales.reshape(-1, *[1] * (numbers.ndim - 1))
    return np.round(steps).clip(-127, 127).astype(np.int8), scales


def _by_output_channel(scales: NDArray[np.float32]) -> Any:
    quantization = schema.QuantizationParametersT()
    quantization.scale = scales
    quantization.zeroPoint = np.zeros(len(scales), np.int64)
    quantization.quantizedDimension = 0
    return quantization
