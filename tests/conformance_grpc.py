"""gRPC: predictions. See conformance.py."""

import re

import grpc
import numpy as np
import tensorflow as tf
from conformance import (
    NO_VERSION,
    PNG,
    TIMEOUT_SECONDS,
    b64,
    check_refused,
    drawing_inputs,
    floats,
    from_b64,
    make_wav,
    predict,
)
from tensorflow_serving.apis import predict_pb2


class TestGrpcPredict:
    def test_bytes(self, server):
        clips = [make_wav(0.3, 8_000), make_wav(1.2, 44_100, seed=1)]
        response = predict(server, {"audio_bytes": clips})
        assert response.model_spec.name == server.model
        assert response.model_spec.signature_name == "serving_default"
        assert response.model_spec.version.value > 0
        images = response.outputs["image_bytes"]
        assert images.dtype == tf.string.as_datatype_enum
        assert tf.make_ndarray(images).shape == (2,)
        assert all(image.startswith(PNG) for image in images.string_val)
        alone = [
            predict(server, {"audio_bytes": [clip]}).outputs["image_bytes"].string_val[0]
            for clip in clips
        ]
        assert list(images.string_val) == alone

    def test_versions_and_labels(self, server):
        inputs = {"audio_bytes": [make_wav(0.2)]}
        expected = predict(server, inputs)
        version = expected.model_spec.version.value
        labels = [{"version_label": label} for label in server.labels]
        for spec in ({"version": version}, *labels):
            assert predict(server, inputs, spec=spec) == expected

    def test_values_in_their_field_and_as_content(self, server):
        waveform = np.linspace(-1, 1, 2 * 16_000, dtype=np.float32).reshape(2, -1)
        inputs = (
            floats(waveform.shape, float_val=waveform.ravel()),
            floats(waveform.shape, tensor_content=waveform.tobytes()),
        )
        first, second = (predict(server, {"waveform": value}, "encode") for value in inputs)
        embedding = first.outputs["embedding"]
        assert len(embedding.float_val) == tf.make_ndarray(embedding).size
        assert not embedding.tensor_content
        np.testing.assert_allclose(
            tf.make_ndarray(embedding), tf.make_ndarray(second.outputs["embedding"]), atol=1e-5
        )

    def test_one_value_fills_the_shape(self, server):
        filled = predict(server, {"waveform": floats((1, 16_000), float_val=[0.5])}, "encode")
        whole = predict(server, {"waveform": np.full((1, 16_000), 0.5, np.float32)}, "encode")
        assert filled == whole

    def test_output_filter(self, server):
        inputs = {"waveform": np.zeros((1, 16_000), np.float32)}
        filtered = predict(server, inputs, "encode", output_filter=["embedding"])
        assert list(filtered.outputs) == ["embedding"]
        check_refused(
            lambda: predict(server, inputs, "encode", output_filter=["nobody"]),
            grpc.StatusCode.INVALID_ARGUMENT,
            re.compile(
                "^output tensor alias not found in signature: nobody "
                r"Outputs expected to be in the set \{embedding.*\}\.$"
            ),
        )
        check_refused(
            lambda: predict(server, inputs, "encode", output_filter=["embedding"] * 2),
            grpc.StatusCode.INVALID_ARGUMENT,
            "duplicate output tensor alias: embedding",
        )

    def test_unknown_models_and_signatures(self, server):
        inputs = {"audio_bytes": [make_wav(0.1)]}
        for spec, code, message in (
            ({"name": ""}, "INVALID_ARGUMENT", "ModelSpec has no name specified."),
            ({"name": "nobody"}, "NOT_FOUND", "Servable not found for request: Latest(nobody)"),
            (
                {"version": NO_VERSION},
                "NOT_FOUND",
                f"Servable not found for request: Specific({server.model}, {NO_VERSION})",
            ),
            (
                {"version_label": "nobody"},
                "INVALID_ARGUMENT",
                "Unrecognized servable version label: nobody",
            ),
            (
                {"signature_name": "nobody"},
                "FAILED_PRECONDITION",
                'Serving signature key "nobody" not found.',
            ),
        ):
            check_refused(
                lambda spec=spec: predict(server, inputs, spec=spec),
                grpc.StatusCode[code],
                message,
            )
        check_refused(
            lambda: server.prediction.Predict(predict_pb2.PredictRequest(), TIMEOUT_SECONDS),
            grpc.StatusCode.INVALID_ARGUMENT,
            "Missing ModelSpec",
        )

    def test_inputs_that_do_not_fit(self, server):
        text = tf.make_tensor_proto(["a"])
        for signature, inputs, message in (
            (
                "draw",
                {"noise": np.zeros((1, 1), np.float32)},
                "input size does not match signature: 1!=2 len({noise}) != "
                "len({embedding,noise}). Sent extra: {}. Missing but required: {embedding}.",
            ),
            (
                "serving_default",
                {"audio_bytes": text, "nobody": text},
                "input size does not match signature: 2!=1 len({audio_bytes,nobody}) != "
                "len({audio_bytes}). Sent extra: {nobody}. Missing but required: {}.",
            ),
            (
                "serving_default",
                {"nobody": text},
                re.compile(
                    r"^Signature input alias: audio_bytes\(feed name: .*\) not found in request "
                    r"and no default value provided\. Inputs expected to be in the request "
                    r"\{nobody\}, or default input alias set: $"
                ),
            ),
            (
                "serving_default",
                {"audio_bytes": np.zeros(1, np.float32)},
                re.compile(r"Expects arg\[0\] to be string but float is provided"),
            ),
            (
                "encode",
                {"waveform": np.zeros((1, 16_000))},
                re.compile(r"Expects arg\[0\] to be float but double is provided"),
            ),
            ("serving_default", {"audio_bytes": [b"not a WAV file"]}, re.compile(".")),
        ):
            check_refused(
                lambda signature=signature, inputs=inputs: predict(server, inputs, signature),
                grpc.StatusCode.INVALID_ARGUMENT,
                message,
            )

    def test_damaged_tensors(self, server):
        unknown = floats((1, 2), float_val=[0.0])
        unknown.dtype = 0
        for tensor in (
            floats((1, 2), tensor_content=b"\x00" * 7),
            floats((1, 2), tensor_content=b"\x00" * 9),
            unknown,
        ):
            check_refused(
                lambda tensor=tensor: predict(server, {"waveform": tensor}, "encode"),
                grpc.StatusCode.INVALID_ARGUMENT,
                "tensor parsing error: waveform",
            )


class TestBothProtocols:
    def test_the_same_pictures(self, rest, server):
        clip = make_wav(1.3, 22_050)
        [by_rest] = rest.answer({"instances": [b64(clip)]})["predictions"]
        by_grpc = predict(server, {"audio_bytes": [clip]}).outputs["image_bytes"].string_val[0]
        assert from_b64(by_rest) == by_grpc

    def test_the_same_floats_to_the_last_bit(self, rest, server):
        inputs = drawing_inputs(rest, 2)
        for scale in (1.0, 1e-20, np.nan):
            scaled = {name: array * np.float32(scale) for name, array in inputs.items()}
            lists = {name: array.tolist() for name, array in scaled.items()}
            by_rest = rest.answer({"signature_name": "draw", "inputs": lists})["outputs"]
            by_grpc = tf.make_ndarray(predict(server, scaled, "draw").outputs["image"])
            np.testing.assert_array_equal(np.asarray(by_rest, np.float32), by_grpc)
