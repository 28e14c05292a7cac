"""`a2i generate --server` against the real `a2i serve`, and against servers that misbehave."""

import base64
import contextlib
import io
import json
import socket
import sys
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import numpy as np
import pytest
from model_fixture import make_clip
from PIL import Image
from sound_files import encode, tone, write_wav
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from a2i_tf.errors import A2IError
from a2i_tf.inference import rest_client, server
from a2i_tf.inference.server_address import parse_address


@pytest.fixture
def served(server):
    return server


@pytest.fixture
def clip(tmp_path):
    return write_wav(tmp_path / "clip.wav", make_clip(1.4))


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(rest_client, "FIRST_BACK_OFF_SECONDS", 0.01)
    monkeypatch.setattr(server, "_LOADING_PAUSES", (0.01, 0.01))


def pictures(json_text):
    return [np.asarray(Image.open(entry["picture"])) for entry in json.loads(json_text)["pictures"]]


def test_a_server_draws_what_is_drawn_here(a2i, tmp_path, served, clip):
    music = encode(tmp_path / "music.m4a", "aac", tone(2, 44_100), 44_100)
    silence = write_wav(tmp_path / "silence.wav", np.zeros(16_000))
    drawn, warnings = {}, {}
    places = {
        "here": ("--model", served.model_path),
        "rest": ("--server", served.rest_url),
        "grpc": ("--server", f"grpc://{served.grpc_address}"),
        "version": ("--server", f"{served.rest_url}/v1/models/a2i/versions/1/"),
    }
    for place, options in places.items():
        out = tmp_path / place
        code, stdout, err = a2i(
            "generate", clip, music, silence, "--seeds", "0,5,999", "-o", out, "--json", *options
        )
        assert code == 0, err
        drawn[place], warnings[place] = pictures(stdout), json.loads(stdout)["warnings"]
        assert err.count("warning: ") == len(warnings[place])
    for place in places:
        difference = np.abs(np.subtract(drawn["here"], drawn[place], dtype=np.int16))
        assert difference.max() <= 1, place
        assert str(silence) in [entry["clip"] for entry in warnings[place]]
        assert warnings[place] == warnings["here"]
    with Image.open(tmp_path / "rest" / "clip-seed5.png") as image:
        recipe = json.loads(image.text["a2i"])
    assert recipe["model"] == f"{served.rest_url}/v1/models/a2i"


def test_many_seeds_travel_in_bounded_requests(a2i, tmp_path, served, clip):
    code, stdout, err = a2i(
        "generate", clip, "--seeds", "0-69", "-o", tmp_path, "--json", "--server", served.rest_url
    )
    assert code == 0, err
    assert len({picture.tobytes() for picture in pictures(stdout)}) == 70


@pytest.mark.parametrize("scheme", ["http", "grpc"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model-name", "other"), "does not serve that model"),
        (("--seeds", "1000"), "outside 0 to 999"),
    ],
)
def test_what_the_real_server_refuses_is_one_line(a2i, served, clip, scheme, options, message):
    address = served.rest_url if scheme == "http" else f"grpc://{served.grpc_address}"
    assert_one_line(a2i("generate", clip, "--server", address, *options), message)


def assert_one_line(ended, *messages):
    code, stdout, err = ended
    lines = [line for line in err.splitlines() if line.strip()]
    assert (code, stdout, len(lines)) == (1, "", 1), err
    for message in messages:
        assert message in err


def test_rest_does_not_import_tensorflow(served, clip, tmp_path):
    import subprocess

    code = (
        "import sys; from pathlib import Path; from a2i_tf.inference.server import connect\n"
        "connect(sys.argv[1], 'a2i').paint(Path(sys.argv[2]), [0])\n"
        "print([name for name in ('tensorflow', 'keras', 'grpc') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, served.rest_url, str(clip)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("[]\n", "")


class Script(ThreadingHTTPServer):
    """Answers requests in turn, the last answer again and again, and keeps what was asked."""

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), ScriptHandler)
        self.answers = list(answers)
        self.asked = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class ScriptHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self.server.asked.append((self.command, self.path, self.rfile.read(length)))
        answers = self.server.answers
        status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *arguments):
        """Says nothing."""


@contextlib.contextmanager
def scripted(*answers):
    script = Script(*answers)
    thread = threading.Thread(target=script.serve_forever)
    thread.start()
    try:
        yield script
    finally:
        script.shutdown()
        thread.join()
        script.server_close()


def answer(values, status=200, **headers):
    return status, headers, json.dumps(values).encode()


def error(message, status, **headers):
    return answer({"error": message}, status, **headers)


def status_of(state):
    return answer({"model_version_status": [{"version": "1", "state": state}]})


def png():
    contents = io.BytesIO()
    Image.new("RGB", (32, 32)).save(contents, "PNG")
    return {"b64": base64.b64encode(contents.getvalue()).decode()}


SCORES = answer({"outputs": [[0.0, -9.0]]})
PICTURE = answer({"outputs": [png()]})
NOT_FOUND = error("Servable not found for request: Latest(a2i)", 404)


def test_a_busy_server_is_asked_again(a2i, tmp_path, clip):
    busy = error("the queue is full", 503, **{"Retry-After": "0"})
    with scripted(busy, busy, SCORES, busy, PICTURE) as script:
        code, _, err = a2i("generate", clip, "-o", tmp_path / "out", "--server", script.url)
    assert code == 0, err
    assert len(script.asked) == 5
    assert "warning: " in err
    assert json.loads(script.asked[-1][2])["signature_name"] == "serving_seeds"


def test_a_loading_model_is_waited_for(a2i, tmp_path, clip):
    with scripted(NOT_FOUND, status_of("LOADING"), SCORES, PICTURE) as script:
        code, _, err = a2i("generate", clip, "-o", tmp_path / "out", "--server", script.url)
    assert code == 0, err
    assert [method for method, _, _ in script.asked] == ["POST", "GET", "POST", "POST"]


def test_pauses_are_bounded_whatever_a_server_asks_for():
    class Response:
        headers = {"Retry-After": "86400"}  # noqa: RUF012

    assert rest_client.BoundedRetry().get_retry_after(Response()) == 30


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([NOT_FOUND, error("Could not find any versions of model a2i", 404)], "--model-name"),
        ([NOT_FOUND, status_of("LOADING")] * 3, "still loading"),
        ([error("the queue is full", 503)], "busy (the queue is full)"),
        (
            [error('Serving signature name: "standard_scores" not found in signature def', 400)],
            "has no signature",
        ),
        ([SCORES, error('"serving_seeds" not found', 400)], "run `a2i export` again"),
        ([error("the WAV file\n is\x1b[31m bad", 400)], "refused (the WAV file is [31m bad)"),
        ([(200, {"Content-Type": "text/html"}, b"<html>router</html>")], "HTTP 200, text/html"),
        ([(302, {"Location": "/login"}, b"")], "HTTP 302"),
        ([(404, {}, b"404 page not found")], "HTTP 404"),
        ([answer([1, 2])], "not as an a2i model"),
        ([answer({"outputs": {"a": 1}})], "not as an a2i model"),
        ([answer({"outputs": []})], "0 rows"),
        ([answer({"outputs": [["NaN"]]})], "finite numbers"),
        ([answer({"outputs": [{"b64": "AA=="}]})], "no numbers"),
        ([SCORES, answer({"outputs": ["picture"]})], "no PNG"),
        ([SCORES, answer({"outputs": [{"b64": "*"}]})], "not base64"),
        ([SCORES, answer({"outputs": [{"b64": "AAAA"}]})], "no PNG"),
        ([(200, {"Content-Length": 1_000}, b"cut short")], "no server answers"),
    ],
)
def test_what_goes_wrong_over_rest_is_one_line(a2i, tmp_path, clip, answers, message):
    with scripted(*answers) as script:
        ended = a2i("generate", clip, "-o", tmp_path / "out", "--server", script.url)
    assert_one_line(ended, script.url, message)
    assert not (tmp_path / "out").exists()


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_no_server_is_one_line(a2i, clip, scheme):
    address = f"{scheme}://127.0.0.1:{closed_port()}"
    assert_one_line(a2i("generate", clip, "--server", address), "no server answers there", address)


def test_the_other_protocol_s_port_is_told(a2i, clip):
    with refusing(grpc.StatusCode.UNIMPLEMENTED, "") as address:
        ended = a2i("generate", clip, "--server", address.replace("grpc", "http"))
        assert_one_line(ended, "speaks no HTTP", "usually REST is at")
    with scripted(SCORES) as script:
        ended = a2i("generate", clip, "--server", script.url.replace("http", "grpc"))
        assert_one_line(ended, "no gRPC", "usually REST is at")


def test_grpc_without_its_stubs_is_one_line(a2i, clip, monkeypatch):
    monkeypatch.delitem(sys.modules, "a2i_tf.inference.grpc_client", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    ended = a2i("generate", clip, "--server", "grpc://127.0.0.1:1")
    assert_one_line(ended, "pip install 'a2i[serve]'")


class Refuser(
    prediction_service_pb2_grpc.PredictionServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
):
    def __init__(self, code, details, state):
        self.code, self.details, self.state = code, details, state

    def Predict(self, request, context):  # noqa: N802, ARG002
        context.abort(self.code, self.details)

    def GetModelStatus(self, request, context):  # noqa: N802, ARG002
        status = get_model_status_pb2.GetModelStatusResponse()
        status.model_version_status.add(version=1, state=self.state)
        return status


@contextlib.contextmanager
def refusing(code, details, state="AVAILABLE"):
    running = grpc.server(futures.ThreadPoolExecutor(2))
    state = get_model_status_pb2.ModelVersionStatus.State.Value(state)
    refuser = Refuser(code, details, state)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(refuser, running)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(refuser, running)
    port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        running.stop(0).wait()


@pytest.mark.parametrize(
    ("code", "details", "state", "message"),
    [
        ("NOT_FOUND", "Servable not found", "END", "--model-name"),
        ("NOT_FOUND", "Servable not found", "LOADING", "still loading"),
        ("INVALID_ARGUMENT", 'key "standard_scores" not found.', "AVAILABLE", "no signature"),
        ("INVALID_ARGUMENT", "a bad file", "AVAILABLE", "refused (a bad file)"),
        ("UNIMPLEMENTED", "no such method", "AVAILABLE", "not as an a2i model"),
    ],
)
def test_what_goes_wrong_over_grpc_is_one_line(a2i, clip, code, details, state, message):
    with refusing(getattr(grpc.StatusCode, code), details, state) as address:
        assert_one_line(a2i("generate", clip, "--server", address), address, message)


def test_a_bad_clip_is_found_before_anything_is_sent(a2i, tmp_path):
    with scripted(SCORES) as script:
        bad = tmp_path / "bad.wav"
        bad.write_bytes(b"")
        assert_one_line(a2i("generate", bad, "--server", script.url), "bad.wav")
    assert script.asked == []


@pytest.mark.parametrize(
    ("text", "shown", "path"),
    [
        ("http://host:8501", "http://host:8501/v1/models/a2i", "/v1/models/a2i"),
        ("https://u:p@host/proxy/", "https://host/proxy/v1/models/a2i", "/v1/models/a2i"),
        ("grpc://host", "grpc://host:8500/v1/models/a2i", "/v1/models/a2i"),
        (
            "http://host/v1/models/b/labels/canary",
            "http://host/v1/models/b/labels/canary",
            "/v1/models/b/labels/canary",
        ),
        (
            "http://[::1]:80/v1/models/b/versions/3:predict",
            "http://[::1]:80/v1/models/b/versions/3",
            "/v1/models/b/versions/3",
        ),
    ],
)
def test_addresses(text, shown, path):
    address = parse_address(text, "a2i")
    assert (address.shown, address.model_path) == (shown, path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost:8501",
        "ftp://host",
        "http://",
        "http://host:99999",
        "http://[::1",
        "http://host/?a=b",
        "http://host/v1/models/a2i/versions/latest",
        "http://host/v1/models",
        "grpc://host:8500/proxy",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(A2IError, match="give http://HOST:8501 or grpc://HOST:8500"):
        parse_address(text, "a2i")


def test_a_model_and_a_server_are_wrong_usage(a2i, clip):
    code, _, err = a2i("generate", clip, "--model", Path("x"), "--server", "http://host")
    assert code == 2
    assert "not both" in err
