import base64
import concurrent.futures
import contextlib
import functools
import json
import random

import httpx
import numpy as np
import pytest
from anyio.from_thread import start_blocking_portal
from echo_model import TYPES, make_engine, write_echo_model
from starlette.applications import Starlette

from a2i_tf.serving.limits import Limits
from a2i_tf.serving.rest import rest_routes

PREDICT = "/v1/models/echo:predict"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("echo")
    write_echo_model(folder)
    return folder


class Client:
    """Asks an application in this process, from outside its event loop."""

    def __init__(self, portal, app):
        transport = httpx.ASGITransport(app)
        self._portal = portal
        self._client = httpx.AsyncClient(transport=transport, base_url="http://here")

    def post(self, path, content):
        return self._portal.call(functools.partial(self._client.post, path, content=content))


@contextlib.contextmanager
def serving(folder, limits=None):
    engine, repository = make_engine(folder, limits)
    with start_blocking_portal() as portal:
        portal.call(repository.refresh, True)
        yield Client(portal, Starlette(routes=rest_routes(engine, limits)))


@pytest.fixture(scope="module")
def client(folder):
    with serving(folder) as client:
        yield client


def ask(client, **body):
    return client.post(PREDICT, content=json.dumps(body).encode())


def test_the_example_of_the_documentation(client):
    response = ask(client, instances=[[3.0, 4.0], [7, 0.5]])
    assert response.text == '{\n    "predictions": [[3.5, 4.0], [5.5, 2.25]\n    ]\n}'
    assert response.headers["content-type"] == "application/json"


def test_every_type_comes_back(client):
    for dtype in TYPES:
        values = [[True, False]] if dtype.is_bool else [[1, 2], [3, 100]]
        for key, answer in (("instances", "predictions"), ("inputs", "outputs")):
            response = ask(client, signature_name=dtype.name, **{key: values})
            assert response.json() == {answer: values}, dtype
    response = ask(client, signature_name="half", inputs=[1.0])
    assert (response.status_code, response.json()) == (
        501,
        {"error": "Conversion of JSON Value: [\n    1.0\n] to type: half"},
    )


def test_bytes_text_and_several_outputs(client):
    text = 'é\0"\\'
    contents = bytes(range(256))
    encoded = {"b64": base64.b64encode(contents).decode()}
    told = {"text": text, "text_bytes": {"b64": base64.b64encode(text.encode()).decode()}}
    assert ask(client, signature_name="text", instances=[text]).json() == {"predictions": [told]}
    response = ask(client, signature_name="text", inputs=[encoded])
    assert base64.b64encode(contents) in response.content
    assert contents[128:] in response.content  # TF Serving doesn't look whether it is UTF-8.
    rows = [{"a": 3, "b": 1}, {"b": 5, "a": 1}]
    assert ask(client, signature_name="pair", instances=rows).json() == {
        "predictions": [{"sum": 4.0, "difference": 2.0}, {"sum": 6.0, "difference": -4.0}]
    }


def test_special_floats_both_ways(client):
    body = b'{"signature_name": "float32", "inputs": [[NaN, Infinity, -Infinity, -0.0, 1e-45]]}'
    response = client.post(PREDICT, content=body)
    numbers = response.text.split("[")[2].split("]")[0].split(",")
    assert [number.strip() for number in numbers] == [
        "NaN",
        "Infinity",
        "-Infinity",
        "-0.0",
        "1.4013e-45",
    ]


def test_empty_columns_and_signatures_without_a_batch(client):
    assert ask(client, signature_name="text", inputs=[]).json() == {
        "outputs": {"text": [], "text_bytes": []}
    }
    square = [[1.0, 2.0], [3.0, 4.0]]
    assert ask(client, signature_name="whole", inputs=square).json() == {"outputs": square}


def test_what_no_client_should_send(client):
    for path in (
        "/v1/models/echo/versions/99999999999999999999:predict",
        f"/v1/models/echo/versions/{'9' * 5_000}:predict",
    ):
        response = client.post(path, content=b"{}")
        assert response.status_code == 400
        assert response.json()["error"].startswith("Failed to convert version: 9999")
    for path in (
        "/v1/models/echo/versions/1/labels/stable:predict",
        "/v1/models/echo/versions/-1:predict",
        "/v1/models/echo/versions/1",
        "/v1/models/a/b:predict",
        "/v1/models/echo:PREDICT",
        "/v1/models/echo:predict?x=1",
        "/v1/models/%2e%2e/%2e%2e:predict",
        "/v1/",
        "/v1/models/echo:predict/",
    ):
        response = client.post(path, content=b"{}")
        assert response.status_code == 400
        assert response.json() == {"error": f"Malformed request: POST {path}"}
    unknown = client.post("/v1/models/%FF%00:predict", content=b'{"inputs": 1}')
    assert unknown.status_code == 404
    init = ask(client, signature_name="__saved_model_init_op", inputs=[1])
    assert init.status_code == 400
    missing = ask(client, signature_name="pair", instances=[{"b64": "YQ=="}])
    assert missing.status_code == 400


def test_a_full_queue_is_told_with_when_to_come_again(folder):
    with serving(folder, Limits(max_queue_length=1)) as client:
        response = ask(client, instances=[[1, 2], [3, 4]])
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert "queue" in response.json()["error"]


def test_what_is_parsed_is_bounded(folder):
    with serving(folder, Limits(max_json_values=100)) as client:
        assert ask(client, instances=[[1, 2]] * 10).status_code == 200
        response = ask(client, instances=[[1, 2]] * 60)
    assert response.status_code == 400
    assert "more than 100 values" in response.json()["error"]


def test_as_much_is_parsed_as_a_model_can_take(client):
    """64 rows with a second of samples each."""
    rows = ",".join(["[" + ",".join(["0.5"] * 16_000) + "]"] * 64)
    response = client.post(
        PREDICT, b'{"signature_name": "float32", "inputs": [' + rows.encode() + b"]}"
    )
    assert response.status_code == 200
    response = client.post(PREDICT, b'{"instances": [' + b'{"a":1},' * 600_000 + b"1]}")
    assert (response.status_code, "more than 1100000 values" in response.text) == (400, True)


def test_large_bodies_take_turns_also_after_wrong_ones(folder):
    wrong = [b'{"inputs": [' + b"1," * 50_000, b'{"instances": [' + b"1," * 50_000 + b"1]}"]
    right = json.dumps({"signature_name": "float32", "inputs": [[0.5] * 20_000]}).encode()
    crowd = concurrent.futures.ThreadPoolExecutor(6)
    with serving(folder, Limits(json_parsers=1)) as client, crowd as threads:
        answers = list(threads.map(lambda body: client.post(PREDICT, body), [*wrong, right] * 2))
    assert [answer.status_code for answer in answers] == [400, 400, 200] * 2


def test_rows_are_counted_before_they_are_read(client):
    """A million rows fit into a small body, and take as many arrays."""
    for body in (
        {"instances": ["x"] * 65},
        {"signature_name": "text", "inputs": {"x": [1] * 65}},
        {"signature_name": "pair", "inputs": {"a": [1], "b": [1] * 65}},
    ):
        response = ask(client, **body)
        assert response.status_code == 400
        assert response.json() == {
            "error": "Task size 65 is larger than maximum input batch size 64"
        }


def test_large_bodies_are_answered_beside_small_ones(client):
    """They are read and written in threads."""
    large = np.linspace(-1, 1, 64 * 2_000, dtype=np.float32).reshape(64, -1)
    small = np.ones((1, 2), np.float32)
    bodies = [{"signature_name": "float32", "inputs": array.tolist()} for array in (large, small)]
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda body: ask(client, **body).json()["outputs"], bodies))
    np.testing.assert_array_equal(np.float32(answers[0]), large)
    np.testing.assert_array_equal(np.float32(answers[1]), small)


def test_mutated_bodies_are_refused_in_words(client, folder):
    rng = random.Random(0)
    seeds = [
        b'{"signature_name": "text", "instances": [{"b64": "YWJj"}, "x", "\\u00e9"]}',
        b'{"instances": [[1.5, -2e3], [NaN, 0]]}',
        b'{"signature_name": "pair", "inputs": {"a": [1, 2], "b": [3.5, 4]}}',
        b'{"signature_name": "int64", "inputs": [[1, 2], [3, 9223372036854775807]]}',
    ]
    tokens = [b"[", b"]", b"{", b"}", b",", b'"', b"\\", b"\xff", b"\0", b"1e999", b"null", b"b64"]
    codes = set()
    for _ in range(400):
        body = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 4)):
            start = rng.randrange(len(body) + 1)
            body[start : start + rng.randint(0, 3)] = rng.choice(tokens) * rng.randint(0, 2)
        response = client.post(PREDICT, content=bytes(body))
        codes.add(response.status_code)
        assert response.status_code in (200, 400), (bytes(body), response.text)
        if response.status_code == 400:
            assert list(response.json()) == ["error"]
            assert str(folder) not in response.text
    assert codes == {200, 400}
