"""What the running server tells of itself."""

import base64
import json
import shutil
import urllib.error
import urllib.request

import grpc
import pytest
import tensorflow as tf
from model_fixture import make_clip
from prometheus_client.parser import text_string_to_metric_families
from server_fixture import wait_until
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from a2i_tf.errors import A2IError
from a2i_tf.serving.access_log import AccessLog
from a2i_tf.serving.addresses import address_text, is_loopback
from a2i_tf.serving.answered import Answered
from a2i_tf.serving.request_notes import RequestNotes


def clip():
    return tf.audio.encode_wav(make_clip(1.0)[:, None], 16_000).numpy()


def sample(server, name, **labels):
    with urllib.request.urlopen(f"{server.rest_url}/metrics") as answer:
        assert answer.headers["content-type"].startswith("text/plain; version=")
        text = answer.read().decode()
    for family in text_string_to_metric_families(text):
        for found in family.samples:
            if found.name == name and labels.items() <= found.labels.items():
                return found.value
    return 0


def post(server, path, *clips):
    rows = [{"b64": base64.b64encode(clip).decode()} for clip in clips]
    body = json.dumps({"instances": rows}).encode()
    request = urllib.request.Request(server.rest_url + path, body)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def lines(server):
    return [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]


def test_it_is_healthy_and_says_which_version_is_loaded(server):
    with urllib.request.urlopen(f"{server.rest_url}/healthz") as answer:
        assert (answer.status, json.load(answer)) == (200, {"status": "ok"})
    assert sample(server, "a2i_version_loaded", model="a2i", version="1") == 1
    assert sample(server, "process_resident_memory_bytes") > 1e8


def test_rest_requests_are_counted_by_method_and_code(server):
    def count(method, code):
        return sample(server, "a2i_requests_total", protocol="rest", method=method, code=code)

    before = [count("predict", "200"), count("predict", "400"), count("unknown", "404")]
    batches = sample(server, "a2i_batch_rows_sum", signature="serving_default")
    seconds = sample(server, "a2i_request_seconds_count", protocol="rest", method="predict")
    assert post(server, "/v1/models/a2i:predict", clip(), clip())[0] == 200
    assert post(server, "/v1/models/a2i:predict", b"RIFFnonsense")[0] == 400
    assert post(server, "/nothing/here")[0] == 404
    # It is counted when the answer is out, which a client can see before.
    expected = [count + 1 for count in before]
    wait_until(
        lambda: (
            [count("predict", "200"), count("predict", "400"), count("unknown", "404")] == expected
        )
    )
    assert sample(server, "a2i_batch_rows_sum", signature="serving_default") == batches + 2
    counted = sample(server, "a2i_request_seconds_count", protocol="rest", method="predict")
    assert counted == seconds + 2
    wait_until(lambda: sample(server, "a2i_requests_in_flight") == 1)


def test_grpc_calls_are_counted_and_logged(server):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "a2i"
    request.inputs["audio_bytes"].CopyFrom(tf.make_tensor_proto([clip()]))
    with grpc.insecure_channel(server.grpc_address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        response = stub.Predict(request)
        request.model_spec.name = "another"
        with pytest.raises(grpc.RpcError) as refused:
            stub.Predict(request)
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND
    labels = {"protocol": "grpc", "method": "Predict"}
    for code in ("OK", "NOT_FOUND"):
        wait_until(lambda c=code: sample(server, "a2i_requests_total", code=c, **labels) >= 1)
    answered, unanswered = [line for line in lines(server) if line["method"] == "GRPC"][-2:]
    assert answered["path"] == "/tensorflow.serving.PredictionService/Predict"
    assert (answered["client"], answered["status"]) == ("127.0.0.1", "OK")
    assert (answered["bytes"], answered["batch"]) == (response.ByteSize(), 1)
    assert (unanswered["status"], unanswered["batch"]) == ("NOT_FOUND", None)


def test_a_line_a_request_and_no_secrets_in_it(server):
    _, body = post(server, "/v1/models/a2i:predict", clip(), clip(), clip())
    urllib.request.urlopen(f"{server.rest_url}/healthz?token=hunter2").close()
    wait_until(lambda: lines(server)[-1]["path"] == "/healthz")
    asked = lines(server)[-1]
    predicted = [line for line in lines(server) if line["path"].endswith(":predict")][-1]
    assert sorted(predicted) == [
        "batch", "bytes", "client", "method", "path", "seconds", "status", "time",
    ]  # fmt: skip
    assert predicted["path"] == "/v1/models/a2i:predict"
    assert (predicted["method"], predicted["status"]) == ("POST", 200)
    assert (predicted["bytes"], predicted["batch"]) == (len(body), 3)
    assert 0 < predicted["seconds"] < 600
    assert predicted["time"].endswith("Z")
    assert asked["batch"] is None
    assert "hunter2" not in server.log()


def answered(path, status):
    return Answered("rest", "unknown", "::1", "GET", path, status, 0, 0.5, RequestNotes())


def test_the_access_log_can_be_a_file_and_an_impossible_one_is_refused(tmp_path):
    with pytest.raises(A2IError, match="cannot be written"):
        AccessLog(tmp_path / "no" / "log.jsonl")
    log = AccessLog(tmp_path / "log.jsonl")
    log.write(answered("/\n" + "x" * 1_000, 404))
    (line,) = (tmp_path / "log.jsonl").read_text().splitlines()
    assert len(json.loads(line)["path"]) == 200
    folder = tmp_path / "gone"
    folder.mkdir()
    log = AccessLog(folder / "log.jsonl")
    shutil.rmtree(folder)
    log.write(answered("/", 200))
    folder.mkdir()
    log.write(answered("/back", 200))
    assert json.loads((folder / "log.jsonl").read_text())["path"] == "/back"


def test_addresses():
    assert [is_loopback(host) for host in ("127.0.0.2", "::1", "localhost")] == [True] * 3
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "box")] == [False] * 4
    assert address_text("::1", 8501) == "[::1]:8501"
