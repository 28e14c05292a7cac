"""What both protocols tell about a model, as messages.

Sources: `get_model_status_impl.cc`, `get_model_metadata_impl.cc` and `http_rest_api_util.cc` of
https://github.com/tensorflow/serving/tree/2.17.1/tensorflow_serving
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from google.protobuf import json_format
from google.protobuf.message import Message
from tensorflow.core.protobuf import error_codes_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataResponse,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import (
    GetModelStatusResponse,
    ModelVersionStatus,
)
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.status_pb2 import StatusProto

from a2i_tf.serving.model_version import VersionStatus

SIGNATURE_DEF = "signature_def"


def model_spec(name: str, version: int, signature_name: str = "") -> ModelSpec:
    """Returns what tells which version gave an answer."""
    spec = ModelSpec(name=name, signature_name=signature_name)
    spec.version.value = version
    return spec


def status_message(versions: Iterable[VersionStatus]) -> GetModelStatusResponse:
    """Returns the status of versions, in their order."""
    return GetModelStatusResponse(
        model_version_status=[
            ModelVersionStatus(
                version=version.version,
                state=ModelVersionStatus.State.Value(version.state),
                status=StatusProto(
                    error_code=error_codes_pb2.Code.Value(version.error_code),
                    error_message=version.error_message,
                ),
            )
            for version in versions
        ]
    )


def metadata_message(
    name: str, version: int, signatures: Mapping[str, SignatureDef]
) -> GetModelMetadataResponse:
    """Returns a version's signatures, packed as gRPC gives them."""
    response = GetModelMetadataResponse(model_spec=model_spec(name, version))
    response.metadata[SIGNATURE_DEF].Pack(SignatureDefMap(signature_def=signatures))
    return response


def status_json(versions: Iterable[VersionStatus]) -> bytes:
    """Returns the status of versions, as REST gives it."""
    return f"{_json(status_message(versions))}\n".encode()


def metadata_json(name: str, version: int, signatures: Mapping[str, SignatureDef]) -> bytes:
    """Returns a version's signatures, as REST gives them: not packed."""
    spec = _json(model_spec(name, version))
    signature_map = _json(SignatureDefMap(signature_def=signatures))
    return (
        f'{{\n"model_spec":{spec}\n,\n"metadata": {{"signature_def": {signature_map}\n}}\n}}\n'
    ).encode()


def _json(message: Message) -> str:
    return json_format.MessageToJson(
        message,
        preserving_proto_field_name=True,
        including_default_value_fields=True,
        indent=1,
        ensure_ascii=False,
    )
