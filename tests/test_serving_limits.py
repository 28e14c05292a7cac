"""What the server refuses before it takes any trouble."""

import asyncio
import json
import struct

import numpy as np
import pytest
from model_fixture import make_clip
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from a2i_tf.audio.wav_file import wav_bytes
from a2i_tf.serving.answer_limit import AnswerLimit
from a2i_tf.serving.body_limit import BodyLimit
from a2i_tf.serving.errors import ServingError
from a2i_tf.serving.limits import Limits
from a2i_tf.serving.wav_check import check_wavs

LIMITS = Limits(max_body_bytes=1_000, max_waiting_bytes=1_500, body_seconds=0.2)


async def echo_length(request):
    await asyncio.sleep(0.05)
    return PlainTextResponse(str(len(await request.body())))


class Exchange:
    """One HTTP request to an ASGI application, whose body arrives bit by bit."""

    def __init__(self, app, chunks, headers=(), stalls=False):
        self.app, self.chunks, self.stalls = app, list(chunks), stalls
        self.headers, self.messages, self.unread = list(headers), [], len(chunks)

    async def receive(self):
        if self.unread == 0:
            await asyncio.sleep(60)
        if self.stalls and self.unread == 1:
            await asyncio.sleep(60)
        chunk = self.chunks[len(self.chunks) - self.unread]
        self.unread -= 1
        return {"type": "http.request", "body": chunk, "more_body": self.unread > 0}

    async def send(self, message):
        self.messages.append(message)

    async def run(self):
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "query_string": b"",
            "headers": self.headers,
        }
        await self.app(scope, self.receive, self.send)
        body = b"".join(message.get("body", b"") for message in self.messages)
        return self.messages[0]["status"], dict(self.messages[0]["headers"]), body


def limited_app(limits=LIMITS):
    return BodyLimit(Starlette(routes=[Route("/", echo_length, methods=["POST"])]), limits)


def exchange(chunks, **options):
    return asyncio.run(Exchange(limited_app(), chunks, **options).run())


def test_a_body_within_the_limit_arrives_whole():
    assert exchange([b"x" * 400, b"", b"y" * 600])[::2] == (200, b"1000")


def test_a_larger_body_is_refused_by_what_it_declares_or_by_what_arrives():
    declared = [(b"content-length", b"1001")]
    for chunks, headers in (([b"x"], declared), ([b"x" * 600] * 3, ())):
        status, answered, body = exchange(chunks, headers=headers)
        assert status == 413
        assert json.loads(body)["error"].startswith("the request is larger than")
        assert answered[b"connection"] == b"close"


def test_a_refused_client_that_waits_to_be_asked_is_not_asked():
    headers = [(b"content-length", b"5000"), (b"expect", b"100-continue")]
    client = Exchange(limited_app(), [b"x"] * 9, headers)
    assert asyncio.run(client.run())[0] == 413
    assert client.unread == 9


def test_a_slow_body_is_refused():
    status, _, body = exchange([b"x", b"y"], stalls=True)
    assert status == 408
    assert b"0.2 seconds" in body


def test_bodies_together_are_bounded_and_let_go_again():
    async def all_at_once(app, count):
        clients = [Exchange(app, [b"x" * 700]).run() for _ in range(count)]
        return sorted((status, headers) for status, headers, _ in await asyncio.gather(*clients))

    app = limited_app()
    answers = asyncio.run(all_at_once(app, 3))
    assert [status for status, _ in answers] == [200, 200, 503]
    assert answers[-1][1][b"retry-after"] == b"1"
    assert [status for status, _ in asyncio.run(all_at_once(app, 2))] == [200, 200]


class UnreadAnswer(Exchange):
    """One whose client reads nothing before it is told to."""

    def __init__(self, app, reading):
        super().__init__(app, [b""])
        self.reading = reading

    async def send(self, message):
        await super().send(message)
        await self.reading.wait()


def test_answers_together_are_bounded_and_let_go_again():
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(100_000)})

    async def all_at_once(limited, count):
        reading = asyncio.Event()
        clients = [UnreadAnswer(limited, reading) for _ in range(count)]
        running = asyncio.gather(*(client.run() for client in clients))
        while not all(client.messages for client in clients):
            await asyncio.sleep(0)
        reading.set()
        answers = await running
        return [(status, len(body)) for status, _, body in answers if status == 200], answers[-1]

    limited = AnswerLimit(app, Limits(max_waiting_bytes=250_000))
    answered, (status, headers, body) = asyncio.run(all_at_once(limited, 3))
    assert answered == [(200, 100_000)] * 2
    assert (status, headers[b"retry-after"]) == (503, b"1")
    assert "answers" in json.loads(body)["error"]
    assert len(asyncio.run(all_at_once(limited, 2))[0]) == 2


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_bound_is_a_finite_number_above_zero(value):
    with pytest.raises(ValueError, match="max_clip_seconds"):
        Limits(max_clip_seconds=value)


def header(rate=16_000, channels=1, before=b"", num_bytes=3_200):
    form = struct.pack("<HHIIHH", 1, channels, rate, 0, 2 * channels % 65_536, 16)
    chunks = before + b"fmt " + struct.pack("<I", 16) + form + b"data"
    return b"RIFF\0\0\0\0WAVE" + chunks + struct.pack("<I", num_bytes) + bytes(num_bytes)


def test_wavs_that_the_graph_can_take_pass():
    junk = b"JUNK" + struct.pack("<I", 3) + b"abc"
    stereo = header(44_100, 2)
    check_wavs([wav_bytes(make_clip(2.0), 16_000), stereo, header(before=junk)], Limits())
    check_wavs([], Limits())


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "no WAV file"),
        (b"OggS" + bytes(99), "no WAV file"),
        (header()[:26], "breaks off in its header"),
        (header()[:14], "breaks off before it tells its format"),
        (header(before=b"JUNK\xf8\xff\xff\xff"), "breaks off before it tells its format"),
        (header(rate=0), "sample rate of 0 Hz"),
        (header(rate=1), "sample rate of 1 Hz"),
        (header(rate=2**31 - 1), "sample rate of 2147483647 Hz"),
        (header(channels=0), "0 channels"),
        (header(channels=65_535), "65535 channels"),
        (wav_bytes(np.zeros(601 * 1_000, np.float32), 1_000), "601 seconds of sound"),
    ],
)
def test_wavs_that_would_harm_are_refused(contents, message):
    with pytest.raises(ServingError, match=message):
        check_wavs([contents], Limits())


def test_the_clips_of_a_request_are_bounded_together():
    clip = wav_bytes(np.zeros(400_000, np.float32), 1_000)
    check_wavs([clip], Limits())
    with pytest.raises(ServingError, match="800 seconds of sound; send at most 600"):
        check_wavs([clip, clip], Limits())
