"""The whole server as a person runs it: new versions, a full queue, signals, wrong usage."""

import base64
import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import grpc
import pytest
import tensorflow as tf
from model_fixture import make_clip
from server_fixture import START_SECONDS, RunningServer, running_server, wait_until
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


def wav(seconds=1.0, seed=0):
    return tf.audio.encode_wav(make_clip(seconds, seed)[:, None], 16_000).numpy()


def get(url):
    with urllib.request.urlopen(url, timeout=START_SECONDS) as answer:
        return answer.read().decode()


def predict(server, *clips):
    """Returns the status, the headers and the document."""
    rows = [{"b64": base64.b64encode(clip).decode()} for clip in clips]
    request = urllib.request.Request(
        f"{server.rest_url}/v1/models/a2i:predict", json.dumps({"instances": rows}).encode()
    )
    try:
        with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)


def hang_up(server):
    """Sends a whole request and closes the connection."""
    body = json.dumps({"instances": [{"b64": base64.b64encode(wav()).decode()}]}).encode()
    address = server.rest_url.removeprefix("http://")
    host, _, port = address.partition(":")
    head = f"POST /v1/models/a2i:predict HTTP/1.1\r\nHost: {address}\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        wait_until(lambda: metric(server, "a2i_queue_rows") == 1)


def metric(server, name):
    for line in get(f"{server.rest_url}/metrics").splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[-1])
    return 0.0


def states(server):
    document = json.loads(get(f"{server.rest_url}/v1/models/a2i"))
    return {int(v["version"]): v["state"] for v in document["model_version_status"]}


def publish(exported, server, version):
    """Copies a version in under another name and renames it, as `a2i export` does."""
    hidden = server.model_path / f".{version}.new"
    shutil.copytree(exported / "1", hidden)
    return hidden, server.model_path / str(version)


def test_new_versions_are_taken_over_under_load_and_bad_ones_refused(exported, tmp_path):
    base = tmp_path / "a2i"
    shutil.copytree(exported, base)
    stop, answers = threading.Event(), []

    def ask(server):
        clip = wav()
        # Pauses leave the loading of versions its share of few cores.
        while not stop.wait(0.05):
            answers.append(predict(server, clip))

    with running_server(base, tmp_path / "log", "--labels", "stable=1") as server:
        with concurrent.futures.ThreadPoolExecutor(3) as clients:
            asking = [clients.submit(ask, server) for _ in range(3)]
            try:
                for version in (2, 3):
                    hidden, final = publish(exported, server, version)
                    hidden.rename(final)
                    wait_until(lambda n=version: states(server).get(n) == "AVAILABLE")
                wait_until(lambda: states(server)[2] == "END")
                assert states(server)[1] == "AVAILABLE"
                hidden, final = publish(exported, server, 4)
                next(hidden.glob("variables/*.data*")).write_bytes(b"")
                hidden.rename(final)
                wait_until(lambda: states(server).get(4) == "END")
                assert states(server)[3] == "AVAILABLE"
                count = len(answers)
                wait_until(lambda: len(answers) > count + 6)
            finally:
                stop.set()
            for client in asking:
                client.result()
        assert {status for status, _, _ in answers} == {200}
        assert len({json.dumps(document) for _, _, document in answers}) == 1
        assert "refused version 4" in server.log()
        assert server.stop() == 0


def test_a_full_queue_is_a_503_that_says_when_to_come_again(exported, tmp_path):
    options = ("--max-queue", "2", "--batch-wait-ms", "1000", "--threads", "1")
    with running_server(exported, tmp_path / "log", *options) as server:
        with concurrent.futures.ThreadPoolExecutor(10) as clients:
            answers = list(clients.map(lambda seed: predict(server, wav(seed=seed)), range(10)))
        assert {status for status, _, _ in answers} == {200, 503}
        for status, headers, document in answers:
            if status == 503:
                assert int(headers["retry-after"]) >= 1
                assert "queue" in document["error"]
        drawn = metric(server, 'a2i_batch_rows_count{signature="serving_default"}')
        hang_up(server)
        wait_until(lambda: '"status": 499' in server.log())
        # Whoever hangs up while waiting isn't drawn for.
        assert metric(server, 'a2i_batch_rows_count{signature="serving_default"}') == drawn
        assert metric(server, "a2i_queue_rows") == 0
        with concurrent.futures.ThreadPoolExecutor(1) as clients:
            running = clients.submit(predict, server, wav(60.0), wav(60.0, seed=1))
            wait_until(lambda: metric(server, "a2i_queue_rows") == 2)
            server.process.send_signal(signal.SIGINT)
            status, _, document = running.result()
        assert status == 200
        assert len(document["predictions"]) == 2
        assert server.process.wait(START_SECONDS) == 0
        assert "stopped" in server.log()
        assert "Traceback" not in server.log()


def start_unheard(exported, tmp_path):
    """Starts a server whose stderr is closed once it's ready, and whose log's folder is gone."""
    base, logs = tmp_path / "a2i", tmp_path / "logs"
    shutil.copytree(exported, base)
    logs.mkdir()
    command = [sys.executable, "-m", "a2i_tf", "serve", "--model", base, "--port", "0"]
    command += ["--grpc-port", "0", "--access-log", logs / "access.jsonl"]
    # Only a buffered stderr still holds at the end what it couldn't tell.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)
    addresses = {}
    for line in process.stderr:
        name, _, address = line.strip().partition(": ")
        addresses[name] = address
        if name == "try":
            break
    process.stderr.close()
    shutil.rmtree(logs)
    log = tmp_path / "nothing"
    return RunningServer(addresses["REST and page"], addresses["gRPC"], process, log, base)


def test_it_serves_on_where_nothing_can_be_told_and_stops_though_a_body_is_half_sent(
    exported, tmp_path
):
    server = start_unheard(exported, tmp_path)
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(server.process.kill)
        hidden, final = publish(exported, server, 2)
        hidden.rename(final)
        wait_until(lambda: states(server).get(1) == "END")
        assert states(server)[2] == "AVAILABLE"
        assert predict(server, wav())[0] == 200
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "a2i"
        request.inputs["audio_bytes"].CopyFrom(tf.make_tensor_proto([wav()]))
        with grpc.insecure_channel(server.grpc_address) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            assert stub.Predict(request).model_spec.version.value == 2
        host, _, port = server.rest_url.removeprefix("http://").partition(":")
        half = cleanup.enter_context(socket.create_connection((host, int(port))))
        half.sendall(b"POST /v1/models/a2i:predict HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
        wait_until(lambda: metric(server, "a2i_requests_in_flight") == 2)
        server.process.send_signal(signal.SIGTERM)
        # Half a body has a minute to arrive, and what runs has 25 seconds to end.
        assert server.process.wait(20) == 0


def refused(a2i, *arguments):
    code, out, err = a2i("serve", "--port", "0", "--grpc-port", "0", *arguments)
    assert (code, out) == (1, "")
    lines = [line for line in err.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert "Traceback" not in err
    return lines[0]


def test_a_port_in_use_is_one_line(a2i, exported):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for option in ("--port", "--grpc-port"):
            message = refused(a2i, "--model", exported, option, port)
            assert f"127.0.0.1:{port}: can't listen: another program listens there" in message
    assert "no address of this machine" in refused(
        a2i, "--model", exported, "--host", "203.0.113.9"
    )


@pytest.mark.parametrize("labels", ["a=" + "1" * 5_000, "a=1,a=2", "a", "=1", "a=-1", "a=\u0661"])
def test_labels_that_are_none_are_wrong_usage(a2i, labels):
    code, _, err = a2i("serve", "--labels", labels)
    assert code == 2
    assert "is not a label and its version" in " ".join(err.split())
    assert len(err) < 2_000


def test_what_is_no_export_is_one_line(a2i, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "savedmodels/a2i: no such folder; run `a2i export`" in refused(a2i)
    run = tmp_path / "runs" / "0001-x"
    (run / "model").mkdir(parents=True)
    (run / "config.json").write_text("{}")
    assert f"is a run, and what is served is an export; run `a2i export --run {run}`" in refused(
        a2i, "--model", run
    )


def test_what_cannot_be_loaded_is_one_line(exported, tmp_path):
    damaged = tmp_path / "a2i"
    shutil.copytree(exported, damaged)
    (damaged / "1" / "saved_model.pb").write_bytes(b"nothing of the kind")
    command = [sys.executable, "-m", "a2i_tf", "serve", "--port", "0", "--grpc-port", "0"]
    cases = {
        ("--model", damaged): "version 1 can't be loaded (saved_model.pb is damaged",
        ("--model", exported, "--labels", "stable=1,canary=2"): "label canary names version 2",
    }
    started = [
        subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)
        for options in cases
    ]
    for process, message in zip(started, cases.values(), strict=True):
        _, err = process.communicate(timeout=START_SECONDS)
        assert process.returncode == 1
        (line,) = (line for line in err.splitlines() if line.startswith("error:"))
        assert message in line
        assert "Traceback" not in err


def test_without_the_extra_it_says_what_to_install(a2i, exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert "pip install 'a2i[serve]'" in refused(a2i, "--model", exported)
