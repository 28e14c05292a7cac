"""Many clients at a time: each gets its own picture, and none an error."""

import base64
import io
import json
import urllib.request

import numpy as np
from model_fixture import make_clip
from PIL import Image
from server_fixture import running_server
from soak import amount

from a2i_tf.audio.wav_file import wav_bytes
from benchmarks.load_client import run_load

NUM_CLIENTS = 32


def bodies(num_clips):
    clips = [wav_bytes(make_clip(1.0, seed), 16_000) for seed in range(num_clips)]
    rows = [{"b64": base64.b64encode(clip).decode()} for clip in clips]
    return [json.dumps({"instances": [row]}).encode() for row in rows]


def picture_of(answer):
    """The only picture of an answer: int [size, size, 3] in [0, 255]."""
    png = base64.b64decode(json.loads(answer)["predictions"][0]["b64"])
    return np.asarray(Image.open(io.BytesIO(png))).astype(int)


def test_32_clients_get_what_each_gets_alone(exported, tmp_path):
    asked = bodies(8)
    with running_server(exported, tmp_path / "log.txt") as server:
        url = f"{server.rest_url}/v1/models/a2i:predict"
        alone = [urllib.request.urlopen(url, body, timeout=60).read() for body in asked]
        num_requests = amount(480, 5_000)
        load = run_load(url, asked, NUM_CLIENTS, num_requests)
        metrics = urllib.request.urlopen(f"{server.rest_url}/metrics", timeout=60).read().decode()
    assert load.statuses == {"200": num_requests}
    pictures = np.stack([picture_of(answer) for answer in alone])
    for number, answers in enumerate(load.answers):
        for answer in answers:
            # By some processors, the places of a group are rounded differently.
            differences = np.abs(picture_of(answer) - pictures).max(axis=(1, 2, 3))
            assert differences[number] <= 1
            assert np.delete(differences, number).min() > 1
    rows = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if "a2i_batch_rows" in line)
    batches = float(rows['a2i_batch_rows_count{signature="serving_default"}'])
    assert batches < (num_requests + len(asked)) / 2
