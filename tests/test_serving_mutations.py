"""Thousands of wrong requests to a real `a2i serve`: it refuses them, and goes on."""

import asyncio
import base64
import json
import urllib.request

import pytest
from attack import attack, memory_bytes
from model_fixture import make_clip
from mutations import MutatedRequest, Mutations, good_documents
from server_fixture import running_server, wait_until
from soak import SOAK, amount
from sound_files import encode, tone
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from a2i_tf.audio.wav_file import wav_bytes
from a2i_tf.inference.contract import read_contract

SEED = 5
WAV = wav_bytes(make_clip(0.5), 16_000)
MOST_GROWTH = 150 * 2**20
# Hours of sound and millions of numbers at once leave 180 to 320 MiB with the server and its
# decoders.
MOST_LEFT = 512 * 2**20


@pytest.fixture(scope="module")
def server(exported, tmp_path_factory):
    with running_server(exported, tmp_path_factory.mktemp("mutations") / "log.txt") as running:
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
    """Requests close to the limits, each several times at a time."""
    numbers = ",".join(["[" + ",".join(["0.5"] * 16_000) + "]"] * 64)
    clip = wav_bytes(make_clip(590.0), 16_000)
    message = good_messages()[0]
    message.inputs["audio_bytes"].string_val[0] = clip
    encoded = base64.b64encode(clip).decode()
    return [
        predict_request(f'{{"signature_name": "encode", "inputs": [{numbers}]}}'),
        predict_request(json.dumps({"instances": [{"b64": encoded}]})),
        MutatedRequest("largest", "POST", "/decode", clip),
        MutatedRequest("largest", "", "", message.SerializeToString()),
    ] * 4


def predict_request(text):
    return MutatedRequest("largest", "POST", "/v1/models/a2i:predict", text.encode())


def test_no_mutated_request_harms_the_server(server, mutations):
    """Every answer is one that a server should give, and good requests get the same ones as before.

    Memory is measured from when other requests have filled caches, started what starts when it's
    needed, and let the decoders grow to what the worst files take (they're replaced at 256 MiB):
    the long form sends as many before as after, which may add 5%; the short one may add
    `MOST_GROWTH`, and only tells a large leak. The largest requests are sent last, so that what
    they leave for the next isn't in the baseline: it's bounded by itself, by `MOST_LEFT`.
    """
    before = good_answers(server)
    warmed_up = asyncio.run(attack(server, mutations.requests(amount(100, 10_000))))
    assert good_answers(server) == before
    baseline = memory_bytes(server)
    findings = asyncio.run(attack(server, mutations.requests(amount(300, 10_000))))
    assert server.process.poll() is None, server.log()
    assert good_answers(server) == before
    growth = memory_bytes(server) - baseline
    largest = asyncio.run(attack(server, largest_requests()))
    left = memory_bytes(server) - baseline
    print(
        f"memory {baseline >> 20} MiB, ordinary requests {growth / 2**20:+.0f} MiB, after the "
        f"largest {left / 2**20:+.0f} MiB; {dict(findings.statuses)}, {dict(largest.statuses)}"
    )
    assert [*warmed_up.wrong, *findings.wrong, *largest.wrong] == []
    assert "Traceback" not in server.log()
    assert growth < (0.05 * baseline if SOAK else MOST_GROWTH)
    # Memory is given back a moment after the answer.
    wait_until(lambda: memory_bytes(server) - baseline < MOST_LEFT)
    assert good_answers(server) == before
