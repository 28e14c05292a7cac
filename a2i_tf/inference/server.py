"""Drawing with a model on a server: TF Serving, or `a2i serve`."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.wav_file import wav_bytes
from a2i_tf.errors import A2IError
from a2i_tf.inference.painter import Painting
from a2i_tf.inference.server_address import ServerAddress, parse_address
from a2i_tf.inference.serving_client import (
    FIRST_BACK_OFF_SECONDS,
    ModelNotServedError,
    ServingClient,
    nonsense,
)
from a2i_tf.inference.training_range import range_warning

_SENT_RATE = 16_000
# What the server of a bundle takes in one request, even of the largest pictures.
_MAX_ROWS = 16
_MAX_SOUND_BYTES = 4 * 2**20
_LOADING_PAUSES = tuple(FIRST_BACK_OFF_SECONDS * 2**attempt for attempt in range(6))


class ServerPainter:
    """A `Painter` that sends sound and gets PNG files.

    Sound is decoded here and sent as 16-bit WAV at 16 kHz, so that any format works and the
    server reads nothing but WAV.
    """

    def __init__(self, address: ServerAddress, client: ServingClient) -> None:
        self.name = address.shown
        self._address = address
        self._client = client

    def paint(self, clip: Path, seeds: Sequence[int]) -> Painting:
        """Draws; see `Painter.paint`."""
        # TensorFlow takes seconds to import, and nothing else here needs it.
        waveform = load_waveform(clip, _SENT_RATE, use_tensorflow=False)
        # WAV readers divide by 32768: so a 16-bit file arrives with the samples that it had.
        wav = wav_bytes(waveform * np.float32(32_768 / 32_767), _SENT_RATE)
        warning = self._judge(wav)
        images: list[NDArray[np.uint8]] = []
        for some in _batches(seeds, len(wav)):
            inputs = {"audio_bytes": [wav] * len(some), "seed": list(some)}
            pictures = self._ask("serving_seeds", inputs, "image_bytes")
            images.extend(self._read_picture(picture) for picture in pictures)
        return Painting(images, warning)

    def _judge(self, wav: bytes) -> str | None:
        rows = self._ask("standard_scores", {"audio_bytes": [wav]}, "standard_score")
        try:
            scores = np.asarray(rows[0], np.float32)
        except (TypeError, ValueError) as error:
            raise nonsense(self._address, "standard scores are no numbers") from error
        if scores.ndim != 1 or not scores.size or not np.isfinite(scores).all():
            raise nonsense(self._address, "standard scores are no row of finite numbers")
        return range_warning(scores)

    def _ask(self, signature: str, inputs: dict[str, Any], output: str) -> list[Any]:
        """Waits for a model that is loading, for a bounded time."""
        for pause in (*_LOADING_PAUSES, None):
            try:
                rows = self._client.predict(signature, inputs, output)
            except ModelNotServedError as error:
                if not self._client.is_loading():
                    raise A2IError(
                        f"{self.name}: the server does not serve that model ({error}); "
                        "name the one it serves with --model-name"
                    ) from error
                if pause is None:
                    raise A2IError(
                        f"{self.name}: the model is still loading; try again in a minute"
                    ) from error
                time.sleep(pause)
            else:
                break
        if len(rows) != len(inputs["audio_bytes"]):
            raise nonsense(self._address, f"{len(rows)} rows")
        return rows

    def _read_picture(self, contents: Any) -> NDArray[np.uint8]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(io.BytesIO(contents), formats=["PNG"]) as image:
                    return np.asarray(image.convert("RGB"))
        except (OSError, TypeError, ValueError, SyntaxError, Warning) as error:
            raise nonsense(self._address, "a row is no PNG file") from error
        except Image.DecompressionBombError as error:
            raise nonsense(self._address, "a picture is far too large") from error


def _batches(seeds: Sequence[int], wav_length: int) -> Iterator[Sequence[int]]:
    rows = min(_MAX_ROWS, max(1, _MAX_SOUND_BYTES // wav_length))
    for first in range(0, len(seeds), rows):
        yield seeds[first : first + rows]


def connect(server: str, model_name: str) -> ServerPainter:
    """Prepares a connection; nothing is sent yet.

    Args:
        server: See `parse_address`.
        model_name: Name of the model where the address doesn't tell it.

    Raises:
        A2IError: if the address is none, or the stubs for gRPC aren't installed.
    """
    address = parse_address(server, model_name)
    if address.scheme == "grpc":
        from a2i_tf.inference.grpc_client import GrpcClient

        return ServerPainter(address, GrpcClient(address))
    from a2i_tf.inference.rest_client import RestClient

    return ServerPainter(address, RestClient(address))
