"""gRPC: what is told of a model, and the methods that no model of ours has. See conformance.py."""

import re

import grpc
from conformance import NO_VERSION, TIMEOUT_SECONDS, check_refused
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    regression_pb2,
)


class TestGrpcModel:
    def metadata(self, server, *fields, **spec):
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
        request.model_spec.name = spec.get("name", server.model)
        return server.prediction.GetModelMetadata(request, TIMEOUT_SECONDS)

    def status(self, server, name, version=None):
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = name
        if version is not None:
            request.model_spec.version.value = version
        return server.models.GetModelStatus(request, TIMEOUT_SECONDS)

    def test_metadata(self, server):
        response = self.metadata(server, "signature_def")
        assert response.model_spec.name == server.model
        assert response.model_spec.version.value > 0
        assert not response.model_spec.signature_name
        signatures = get_model_metadata_pb2.SignatureDefMap()
        assert response.metadata["signature_def"].Unpack(signatures)
        assert {"serving_default", "encode", "encode_mfcc", "draw"} <= set(signatures.signature_def)
        if server.rest is not None:
            assert dict(signatures.signature_def) == server.signatures()

    def test_metadata_errors(self, server):
        for fields, name, code, message in (
            (
                (),
                "nobody",
                "INVALID_ARGUMENT",
                "GetModelMetadataRequest must specify at least one metadata_field",
            ),
            (("nothing",), server.model, "INVALID_ARGUMENT", re.compile("is not supported")),
            (
                ("signature_def",),
                "nobody",
                "NOT_FOUND",
                "Servable not found for request: Latest(nobody)",
            ),
        ):
            check_refused(
                lambda fields=fields, name=name: self.metadata(server, *fields, name=name),
                grpc.StatusCode[code],
                message,
            )

    def test_status(self, server):
        available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        versions = self.status(server, server.model).model_version_status
        states = {status.version: status.state for status in versions}
        newest = self.metadata(server, "signature_def").model_spec.version.value
        assert states[newest] == available
        numbers = [status.version for status in versions]
        assert numbers == sorted(numbers, reverse=True)
        [one] = self.status(server, server.model, newest).model_version_status
        assert (one.version, one.state, one.status.error_code) == (newest, available, 0)

    def test_status_errors(self, server):
        check_refused(
            lambda: self.status(server, server.model, NO_VERSION),
            grpc.StatusCode.NOT_FOUND,
            f"Could not find version {NO_VERSION} of model {server.model}",
        )
        check_refused(
            lambda: self.status(server, "nobody"),
            grpc.StatusCode.NOT_FOUND,
            "Could not find any versions of model nobody",
        )
        check_refused(
            lambda: server.models.GetModelStatus(
                get_model_status_pb2.GetModelStatusRequest(), TIMEOUT_SECONDS
            ),
            grpc.StatusCode.INVALID_ARGUMENT,
            "Missing ModelSpec",
        )

    def test_methods_on_examples(self, server):
        stub = server.prediction
        for call, request, kind in (
            (stub.Classify, classification_pb2.ClassificationRequest(), "classification"),
            (stub.Regress, regression_pb2.RegressionRequest(), "regression"),
        ):
            check_refused(
                lambda call=call, request=request: call(request, TIMEOUT_SECONDS),
                grpc.StatusCode.INVALID_ARGUMENT,
                "Missing ModelSpec",
            )
            request.model_spec.name = server.model
            request.input.example_list.examples.add()
            check_refused(
                lambda call=call, request=request: call(request, TIMEOUT_SECONDS),
                grpc.StatusCode.INVALID_ARGUMENT,
                re.compile(f"^No {kind} inputs found in SignatureDef: "),
            )
        request = inference_pb2.MultiInferenceRequest()
        request.tasks.add().model_spec.name = server.model
        request.tasks[0].method_name = "nothing"
        check_refused(
            lambda: stub.MultiInference(request, TIMEOUT_SECONDS),
            grpc.StatusCode.UNIMPLEMENTED,
            "Unsupported signature method_name: nothing",
        )
