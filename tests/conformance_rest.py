"""REST: what is answered. See conformance.py."""

import concurrent.futures
import re

import numpy as np
import pytest
from conformance import NO_VERSION, PNG, b64, check_error, drawing_inputs, from_b64, make_wav


class TestRestStatus:
    def test_all_versions(self, rest):
        response = rest.rest.get(rest.path)
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        versions = response.json()["model_version_status"]
        assert list(response.json()) == ["model_version_status"]
        assert {
            "version": str(rest.version()),
            "state": "AVAILABLE",
            "status": {"error_code": "OK", "error_message": ""},
        } in versions

    def test_one_version(self, rest):
        version = rest.version()
        versions = rest.rest.get(f"{rest.path}/versions/{version}").json()["model_version_status"]
        assert [status["version"] for status in versions] == [str(version)]
        for label in rest.labels:
            assert rest.rest.get(f"{rest.path}/labels/{label}").status_code == 200

    def test_the_path_may_be_encoded_and_in_capitals(self, rest):
        encoded = "".join(f"%{byte:02X}" for byte in rest.model.encode())
        for path in (f"/v1/models/{encoded}", f"/V1/Models/{rest.model}"):
            assert rest.rest.get(path).json() == rest.rest.get(rest.path).json()

    def test_errors(self, rest):
        for path, status, message in (
            (
                f"{rest.path}/versions/{NO_VERSION}",
                404,
                f"Could not find version {NO_VERSION} of model {rest.model}",
            ),
            ("/v1/models/nobody", 404, "Could not find any versions of model nobody"),
            ("/v1/models", 400, "Missing model name in request."),
            ("/v1/nothing", 400, "Malformed request: GET /v1/nothing"),
            (f"{rest.path}/nothing", 400, f"Malformed request: GET {rest.path}/nothing"),
            (f"{rest.path}:predict", 400, f"Malformed request: GET {rest.path}:predict"),
        ):
            check_error(rest.rest.get(path), status, message)

    def test_other_verbs(self, rest):
        for verb in ("PUT", "DELETE", "OPTIONS", "PATCH"):
            response = rest.rest.request(verb, rest.path)
            check_error(response, 400, f"Malformed request: {verb} {rest.path}")
            assert not any(header.startswith("access-control-") for header in response.headers)
        check_error(rest.post({}, rest.path), 400, f"Malformed request: POST {rest.path}")


class TestRestMetadata:
    def test_signatures(self, rest):
        told = rest.rest.get(f"{rest.path}/metadata").json()
        assert set(told) == {"model_spec", "metadata"}
        version = told["model_spec"]["version"]
        assert told["model_spec"] == {
            "name": rest.model,
            "signature_name": "",
            "version": str(rest.version()),
        }
        signatures = told["metadata"]["signature_def"]["signature_def"]
        serving = signatures["serving_default"]
        assert serving["method_name"] == "tensorflow/serving/predict"
        audio = dict(serving["inputs"]["audio_bytes"])
        assert audio.pop("name")
        assert audio == {
            "dtype": "DT_STRING",
            "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
        }
        assert set(signatures["draw"]["inputs"]) == {"embedding", "noise"}
        for path in (f"/versions/{version}", *(f"/labels/{label}" for label in rest.labels)):
            assert rest.rest.get(f"{rest.path}{path}/metadata").status_code == 200

    def test_errors(self, rest):
        unknown = f"/versions/{NO_VERSION}/metadata"
        for path, status, message in (
            (
                f"{rest.path}{unknown}",
                404,
                f"Servable not found for request: Specific({rest.model}, {NO_VERSION})",
            ),
            (
                "/v1/models/nobody/metadata",
                404,
                "Servable not found for request: Latest(nobody)",
            ),
            (
                f"{rest.path}/labels/nobody/metadata",
                400,
                "Unrecognized servable version label: nobody",
            ),
        ):
            check_error(rest.rest.get(path), status, message)


class TestRestPredict:
    def test_bytes_in_rows_and_columns(self, rest):
        clip = b64(make_wav(0.5))
        rows = [
            rest.post({"instances": [clip, clip]}),
            rest.post({"instances": [{"audio_bytes": clip}] * 2}),
            rest.post({"signature_name": "serving_default", "instances": [clip, clip]}),
        ]
        columns = [
            rest.post({"inputs": [clip, clip]}),
            rest.post({"inputs": {"audio_bytes": [clip, clip]}}),
        ]
        assert {response.status_code for response in rows + columns} == {200}
        assert {response.headers["content-type"] for response in rows} == {"application/json"}
        answers = [response.json()["predictions"] for response in rows]
        answers += [response.json()["outputs"] for response in columns]
        for answer in answers:
            first, second = map(from_b64, answer)
            assert first == second == from_b64(answers[0][0])
            assert first.startswith(PNG)

    def test_versions_and_labels(self, rest):
        body = {"instances": [b64(make_wav(0.2))]}
        expected = rest.answer(body)
        labels = [f"labels/{label}" for label in rest.labels]
        for path in (f"versions/{rest.version()}", *labels):
            assert rest.answer(body, f"{rest.path}/{path}:predict") == expected

    def test_clips_of_all_lengths_and_rates_together_as_alone(self, rest):
        clips = [
            make_wav(seconds, rate, seed)
            for seed, (seconds, rate) in enumerate(
                ((0.3, 8_000), (1.0, 16_000), (2.3, 44_100), (0, 16_000), (1.7, 48_000))
            )
        ]
        together = rest.answer({"instances": [b64(clip) for clip in clips]})["predictions"]
        alone = [rest.answer({"instances": [b64(clip)]})["predictions"][0] for clip in clips]
        assert together == alone
        assert len({answer["b64"] for answer in alone}) > 1
        with concurrent.futures.ThreadPoolExecutor(len(clips)) as threads:
            bodies = [{"instances": [b64(clip)]} for clip in clips]
            at_once = threads.map(rest.answer, bodies)
        assert [answer["predictions"][0] for answer in at_once] == alone

    def test_floats_have_a_point_or_an_exponent(self, rest):
        waveform = np.linspace(-1, 1, 16_000).round(3).tolist()
        response = rest.post({"signature_name": "encode", "instances": [waveform, waveform]})
        assert response.status_code == 200, response.text
        numbers = re.findall(r"(?<=[\[ ])-?\d[^,\]\s]*", response.text)
        assert numbers
        assert all(re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?", text) for text in numbers)
        assert all("." in text or "e" in text for text in numbers)
        assert all(len(text.strip("-0.").replace(".", "")) <= 14 for text in numbers)

    def test_two_inputs_and_whole_numbers(self, rest):
        inputs = {name: array.tolist() for name, array in drawing_inputs(rest, 2).items()}
        rows = [dict(zip(inputs, row, strict=True)) for row in zip(*inputs.values(), strict=True)]
        by_rows = rest.answer({"signature_name": "draw", "instances": rows})["predictions"]
        by_columns = rest.answer({"signature_name": "draw", "inputs": inputs})["outputs"]
        assert by_rows == by_columns
        assert np.asarray(by_rows).ndim == 4
        whole = {name: np.ones((1, len(rows[0][name])), int).tolist() for name in inputs}
        real = {name: np.ones((1, len(rows[0][name]))).tolist() for name in inputs}
        answers = [
            rest.answer({"signature_name": "draw", "inputs": some}) for some in (whole, real)
        ]
        assert answers[0] == answers[1]

    def test_several_outputs_make_objects(self, rest):
        """A signature with one output answers with its values, with several by their names."""
        for name, signature in rest.signatures().items():
            if set(signature.inputs) != {"waveform"}:
                continue
            body = {"signature_name": name, "inputs": [[0.5] * 16_000]}
            columns = rest.answer(body)["outputs"]
            rows = rest.answer({"signature_name": name, "instances": body["inputs"]})["predictions"]
            if len(signature.outputs) == 1:
                assert rows == columns
            else:
                assert set(columns) == set(rows[0]) == set(signature.outputs)
                assert {key: value[0] for key, value in columns.items()} == rows[0]

    def test_unknown_members_are_ignored(self, rest):
        clip = b64(make_wav(0.2))
        expected = rest.answer({"inputs": [clip]})
        assert rest.answer({"inputs": {"audio_bytes": [clip], "nobody": 1}, "more": 2}) == expected

    def test_seeds(self, rest):
        if "serving_seeds" not in rest.signatures():
            pytest.skip("the model has no signature serving_seeds")
        rows = [{"audio_bytes": b64(make_wav(0.4)), "seed": seed} for seed in (0, 1)]
        body = {"signature_name": "serving_seeds", "instances": rows}
        first, second = map(from_b64, rest.answer(body)["predictions"])
        assert first == from_b64(rest.answer({"instances": [b64(make_wav(0.4))]})["predictions"][0])
        assert second != first
        for seed, text in ((1.5, "1.5"), (2**63, str(2**63))):
            rows[0]["seed"] = seed
            wrong = f"JSON Value: {text} Type: Number is not of expected type: int64"
            check_error(
                rest.post(body),
                400,
                "Failed to process element: 0 key: seed of 'instances' list. "
                f"Error: INVALID_ARGUMENT: {wrong}",
            )
