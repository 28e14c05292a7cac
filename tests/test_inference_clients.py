"""Both protocols' clients say the same, and ask as often, whatever a server has to say."""

import contextlib
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import pytest
from tensorflow_serving.apis import prediction_service_pb2_grpc

from a2i_tf.errors import A2IError
from a2i_tf.inference import grpc_client, rest_client
from a2i_tf.inference.server_address import parse_address

WORDS = "these are its words"


@contextlib.contextmanager
def rest_server(status):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"error": "%s"}' % WORDS.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@contextlib.contextmanager
def grpc_server(code):
    asked = []

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):  # noqa: N802
            asked.append(request)
            context.abort(code, WORDS)

    server = grpc.server(futures.ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"grpc://127.0.0.1:{port}", asked
    server.stop(None)


def refusal(client, url):
    address = parse_address(url, "a2i")
    with pytest.raises(A2IError) as refused:
        client(address).predict("standard_scores", {"audio_bytes": [b"RIFF"]}, "scores")
    return str(refused.value).removeprefix(f"{address.shown}: ")


@pytest.fixture
def _quick(monkeypatch):
    (name, config), *others = grpc_client._OPTIONS
    quick = config.replace('"initialBackoff": "0.5s"', '"initialBackoff": "0.01s"')
    assert quick != config
    quick = quick.replace('"backoffMultiplier": 2', '"backoffMultiplier": 1')
    monkeypatch.setattr(grpc_client, "_OPTIONS", ((name, quick), *others))


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(
    ("status", "code", "message", "times"),
    [
        (429, "RESOURCE_EXHAUSTED", f"the server is busy ({WORDS}); try again later", 4),
        (503, "UNAVAILABLE", f"the server is busy ({WORDS}); try again later", 4),
        (504, "DEADLINE_EXCEEDED", "gave no answer in time", 1),
        (400, "INVALID_ARGUMENT", f"the server refused ({WORDS})", 1),
    ],
)
def test_the_same_words_and_retries(status, code, message, times):
    with rest_server(status) as (url, asked):
        told = refusal(rest_client.RestClient, url)
        assert (told.startswith(message), len(asked)) == (True, times)
    with grpc_server(grpc.StatusCode[code]) as (url, asked):
        assert (refusal(grpc_client.GrpcClient, url), len(asked)) == (told, times)


def test_a_slow_answer_is_waited_for_once(monkeypatch):
    monkeypatch.setattr(rest_client, "ANSWER_SECONDS", 0.2)
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            over.wait(30)

        def log_message(self, *_arguments):
            pass

    over = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told = refusal(rest_client.RestClient, f"http://127.0.0.1:{server.server_port}")
        over.set()
        server.shutdown()
    assert told.startswith("gave no answer in time")
    assert len(asked) == 1
