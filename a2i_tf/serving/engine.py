"""What the protocols are written on: a model's versions, asked in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from a2i_tf.serving.batching import Batcher
from a2i_tf.serving.limits import Limits
from a2i_tf.serving.model_version import ModelTarget, VersionStatus
from a2i_tf.serving.repository import ModelRepository
from a2i_tf.serving.request_notes import note_batch
from a2i_tf.serving.servable import DEFAULT_SIGNATURE
from a2i_tf.serving.signature_check import check_request
from a2i_tf.serving.wav_check import check_wavs

_AUDIO_INPUT = "audio_bytes"


@dataclass(frozen=True)
class Prediction:
    """An answer.

    Attributes:
        version: The version that gave it.
        signature_name: The signature that was asked.
        outputs: Arrays by name; strings are object arrays of bytes.
    """

    version: int
    signature_name: str
    outputs: dict[str, NDArray[Any]]


class Engine:
    """Answers requests for one model; its methods belong to the event loop.

    Attributes:
        limits: What requests may take.
    """

    def __init__(self, repository: ModelRepository, batcher: Batcher, limits: Limits) -> None:
        self._repository = repository
        self._batcher = batcher
        self.limits = limits

    @property
    def name(self) -> str:
        """What requests call the model."""
        return self._repository.name

    @property
    def ready(self) -> bool:
        """Whether any version is served."""
        return bool(self._repository.serving())

    async def predict(
        self,
        target: ModelTarget,
        signature_name: str,
        inputs: Mapping[str, NDArray[Any]],
        output_filter: Sequence[str] = (),
    ) -> Prediction:
        """Runs a signature.

        Args:
            target: The model asked.
            signature_name: "" means `serving_default`.
            inputs: Arrays by name; strings are object arrays of bytes.
            output_filter: The outputs wanted; none means all.

        Raises:
            ServingError: `NOT_FOUND` for a model or version that isn't served,
                `FAILED_PRECONDITION` for a signature that the model doesn't have,
                `INVALID_ARGUMENT` for a label, an input or an output that it doesn't have and for
                what the model can't take, `UNAVAILABLE` where too many are waiting.
        """
        name = signature_name or DEFAULT_SIGNATURE
        with self._repository.lease(target) as servable:
            check_request(servable.signature(name), inputs, output_filter)
            if _AUDIO_INPUT in inputs:
                check_wavs(inputs[_AUDIO_INPUT].flat, self.limits)
            batched = await self._batcher.run(servable, name, inputs)
        note_batch(batched.num_rows)
        outputs = {wanted: batched.outputs[wanted] for wanted in output_filter or batched.outputs}
        return Prediction(servable.version, name, outputs)

    def signature(self, target: ModelTarget, name: str) -> SignatureDef:
        """Returns a signature that can be run; "" means `serving_default`.

        Raises:
            ServingError: `NOT_FOUND`, `INVALID_ARGUMENT` or `FAILED_PRECONDITION`, as in `predict`.
        """
        with self._repository.lease(target) as servable:
            return servable.signature(name or DEFAULT_SIGNATURE)

    def signature_defs(self, target: ModelTarget) -> tuple[int, dict[str, SignatureDef]]:
        """Returns the version, and its signatures as in `saved_model.pb`.

        Raises:
            ServingError: `NOT_FOUND` or `INVALID_ARGUMENT`, as in `predict`.
        """
        with self._repository.lease(target) as servable:
            return servable.version, servable.signature_defs

    def status(self, target: ModelTarget) -> list[VersionStatus]:
        """Returns the status of the version named, or else of all versions, the newest first.

        Raises:
            ServingError: `NOT_FOUND` for another model's name or for a version never seen,
                `INVALID_ARGUMENT` for a label that the server doesn't have.
        """
        return self._repository.status(target)
