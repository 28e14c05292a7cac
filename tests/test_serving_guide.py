"""The clients in docs/serving.md draw what the model draws, as written there."""

import base64
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import tensorflow as tf
from model_fixture import make_clip

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "serving.md"
CLIENTS = GUIDE.read_text().partition("## Clients")[2].partition("\n## ")[0]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", CLIENTS, re.DOTALL | re.MULTILINE)


@pytest.fixture
def clip(tmp_path):
    contents = tf.audio.encode_wav(make_clip(1.5)[:, None], 16_000).numpy()
    (tmp_path / "clip.wav").write_bytes(contents)
    return contents


@pytest.fixture
def expected(server, clip):
    """Returns the pictures of seeds."""

    def ask(seeds):
        b64 = {"b64": base64.b64encode(clip).decode()}
        rows = [{"audio_bytes": b64, "seed": seed} for seed in seeds]
        body = json.dumps({"signature_name": "serving_seeds", "instances": rows}).encode()
        url = f"{server.rest_url}/v1/models/a2i:predict"
        with urllib.request.urlopen(url, body) as answer:
            return [base64.b64decode(row["b64"]) for row in json.load(answer)["predictions"]]

    return ask


@pytest.fixture
def run(server, tmp_path):
    """Runs a program of the guide where clip.wav is; its addresses become the server's."""

    def run(name, program, *command):
        here = program.replace("http://127.0.0.1:8501", server.rest_url)
        (tmp_path / name).write_text(here.replace("127.0.0.1:8500", server.grpc_address))
        done = subprocess.run([*command, name], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return {path.name: path.read_bytes() for path in tmp_path.glob("picture*.png")}

    return run


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing")
def test_curl(run, expected):
    (program,) = blocks("sh")
    assert run("client.sh", program, "sh") == {"picture.png": expected([0])[0]}


def test_python(run, expected):
    program, _ = blocks("python")
    assert run("client.py", program, sys.executable) == {"picture.png": expected([0])[0]}


def test_python_over_grpc(run, expected):
    _, program = blocks("python")
    pictures = {f"picture-{seed}.png": data for seed, data in enumerate(expected(range(4)))}
    assert run("client.py", program, sys.executable) == pictures


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is missing")
def test_javascript(run, expected):
    (program,) = blocks("js")
    assert run("client.mjs", program, "node") == {"picture.png": expected([0])[0]}
