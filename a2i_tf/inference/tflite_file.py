"""A TFLite file that is the whole model: the flatbuffer, and what belongs to it.

The contract follows the flatbuffer as a zip, the way TFLite Metadata appends associated files:
interpreters read the file from its start, zip readers find the directory at its end
(https://ai.google.dev/edge/litert/models/metadata).
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path

from a2i_tf.errors import A2IError
from a2i_tf.inference.contract import contract_from_json, contract_to_dict
from a2i_tf.models.config import CONFIG_FILE, ModelConfig

_CHECKSUM_FILE = "flatbuffer.crc32"
# The same model gives the same bytes, whenever it is exported.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def pack_tflite(flatbuffer: bytes, config: ModelConfig) -> bytes:
    """Returns the contents of a `.tflite` file with the contract in it."""
    contents = io.BytesIO()
    contents.write(flatbuffer)
    files = {
        CONFIG_FILE: json.dumps(contract_to_dict(config), indent=2),
        # Interpreters check that a flatbuffer holds together, not that its weights are intact.
        _CHECKSUM_FILE: f"{zlib.crc32(flatbuffer):08x}",
    }
    with zipfile.ZipFile(contents, "a", zipfile.ZIP_STORED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _NO_DATE), text)
    return contents.getvalue()


def unpack_tflite(path: Path) -> tuple[bytes, ModelConfig]:
    """Reads a file that `pack_tflite` made.

    Returns:
        The flatbuffer and the contract.

    Raises:
        A2IError: if the file can't be read, is damaged, or comes from elsewhere or from another
            version of a2i.
    """
    try:
        contents = path.read_bytes()
    except OSError as error:
        raise A2IError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        with zipfile.ZipFile(io.BytesIO(contents)) as archive:
            flatbuffer = contents[: min(entry.header_offset for entry in archive.infolist())]
            checksum = archive.read(_CHECKSUM_FILE).decode()
            text = archive.read(CONFIG_FILE)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise A2IError(
            f"{path}: is damaged, or no model that `a2i export` wrote; export it again"
        ) from error
    if checksum != f"{zlib.crc32(flatbuffer):08x}":
        raise A2IError(f"{path}: is damaged; export it again, or copy it again")
    return flatbuffer, contract_from_json(text, path)
