"""Thousands of wrong requests to a real `a2i serve`: it refuses them, and goes on."""

import asyncio
import base64
import json
import urllib.request

import pytest
from attack import attack, memory_bytes
from model_fixture import make_clip
from mutations import MutatedRequest, Mutations, good_documents
from server_fixture import exported_model, running_server
from soak import SOAK, amount
from sound_files import encode, tone
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from a2i_tf.audio.wav_file import wav_bytes
from a2i_tf.inference.contract import read_contract

SEED = 5
WAV = wav_bytes(make_clip(0.5), 16_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("mutations")
    with running_server(exported_model(root), root / "log.txt") as running:
        yield running


@pytest.fixture(scope="module")
def mutations(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    formats = (
        *(("flac", "a.flac"), ("libmp3lame", "a.mp3"), ("aac", "a.m4a"), ("aac", "a.aac")),
        *(("libopus", "a.opus"), ("libopus", "a.webm"), ("aac", "a.mp4"), ("pcm_s24le", "a.wav")),
        *(("pcm_s16be", "a.aiff"), ("libopus", "a.ogg")),
    )
    sounds = [
        encode(folder / name, codec, tone(1.0, 48_000), 48_000).read_bytes()
        for codec, name in formats
    ]
    documents = good_documents(WAV, read_contract(server.model_path / "1"))
    return Mutations(SEED, WAV, sounds, documents, good_messages())


def good_messages():
    message = PredictRequest()
    message.model_spec.name = "a2i"
    message.inputs["audio_bytes"].dtype = 7
    message.inputs["audio_bytes"].tensor_shape.dim.add(size=1)
    message.inputs["audio_bytes"].string_val.append(WAV)
    draw = PredictRequest()
    draw.model_spec.name = "a2i"
    draw.model_spec.signature_name = "draw"
    for name, size in (("embedding", 32), ("noise", 8)):
        draw.inputs[name].dtype = 1
        draw.inputs[name].tensor_shape.dim.add(size=1)
        draw.inputs[name].tensor_shape.dim.add(size=size)
        draw.inputs[name].float_val.extend([0.5] * size)
    return [message, draw]


def post(server, path, body):
    with urllib.request.urlopen(server.rest_url + path, body, timeout=60) as answer:
        return answer.read()


def good_answers(server):
    """Also lets every decoding process start, so that each is in what is measured."""
    body = json.dumps({"instances": [{"b64": base64.b64encode(WAV).decode()}]}).encode()

    async def decode_both():
        calls = [asyncio.to_thread(post, server, "/decode", WAV) for _ in range(4)]
        return set(await asyncio.gather(*calls))

    return post(server, "/v1/models/a2i:predict", body), asyncio.run(decode_both())


def largest_requests():
    """Requests close to the limits: what a server takes for them once, it may keep."""
    numbers = b'{"instances": [' + b"1.5," * 3_900_000 + b"1.5]}"
    clip = base64.b64encode(wav_bytes(make_clip(590.0), 16_000)).decode()
    bodies = [numbers, json.dumps({"instances": [{"b64": clip}]}).encode()]
    path = "/v1/models/a2i:predict"
    return [MutatedRequest("largest", "POST", path, body) for body in bodies] * 4


def test_no_mutated_request_harms_the_server(server, mutations):
    before = good_answers(server)
    num_requests = amount(400, 10_000)
    warm_up = mutations.requests(num_requests // 4) + (largest_requests() if SOAK else [])
    warmed_up = asyncio.run(attack(server, warm_up))
    assert good_answers(server) == before
    memory = memory_bytes(server)
    findings = asyncio.run(attack(server, mutations.requests(num_requests - num_requests // 4)))
    assert server.process.poll() is None, server.log()
    assert good_answers(server) == before
    growth = memory_bytes(server) / memory - 1
    print(f"memory {memory / 2**20:.0f} MiB, {growth:+.1%}; {dict(findings.statuses)}")
    assert [*warmed_up.wrong, *findings.wrong] == []
    assert "Traceback" not in server.log()
    # The first hundreds of requests still fill caches, so the short form can't tell a leak.
    assert not SOAK or growth < 0.05
