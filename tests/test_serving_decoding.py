"""Strangers' files are decoded elsewhere, and what happens there stays there."""

import asyncio
import contextlib
import os
import signal
import struct
import wave
from io import BytesIO

import av
import httpx
import numpy as np
import psutil
import pytest
from model_fixture import make_clip
from sound_files import encode, tone
from starlette.applications import Starlette

from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.wav_file import wav_bytes
from a2i_tf.serving.decoder_process import DecoderProcess, UndecodableError
from a2i_tf.serving.decoding import Decoder, decode_routes
from a2i_tf.serving.limits import Limits

WAV = wav_bytes(make_clip(1.0), 16_000)


class Client:
    """`/decode` over one process, as the server's application has it."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.decoder = Decoder(Limits(decode_workers=1, max_clip_seconds=30, decode_seconds=5))
        self.transport = httpx.ASGITransport(Starlette(routes=decode_routes(self.decoder)))
        self.run(self.decoder.start())

    def run(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    async def ask(self, contents):
        async with httpx.AsyncClient(transport=self.transport, base_url="http://a2i") as client:
            return await client.post("/decode", content=contents)

    def post(self, contents):
        return self.run(self.ask(contents))

    def close(self):
        self.run(self.decoder.stop())
        self.loop.close()


@pytest.fixture(scope="module")
def client():
    with contextlib.closing(Client()) as client:
        yield client


def samples(contents):
    with wave.open(BytesIO(contents)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_767


@pytest.mark.parametrize(
    ("codec", "name", "rate"),
    [
        ("flac", "a.flac", 44_100),
        ("libmp3lame", "a.mp3", 22_050),
        ("libopus", "a.ogg", 48_000),
        ("libopus", "a.webm", 48_000),
        ("aac", "a.mp4", 48_000),
        ("pcm_s24le", "a.wav", 16_000),
    ],
)
def test_any_format_becomes_the_wav_that_the_command_line_hears(
    client, tmp_path, codec, name, rate
):
    path = encode(tmp_path / name, codec, tone(1.5, rate), rate)
    answer = client.post(path.read_bytes())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    heard = load_waveform(path, 16_000, use_tensorflow=False)
    np.testing.assert_allclose(samples(answer.content), heard, atol=1 / 32_767)


def silent_flac(path, seconds, layout="mono"):
    block = np.zeros((1, 160_000 * (2 if layout == "stereo" else 1)), np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=16_000, layout=layout)
        for _ in range(seconds // 10):
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
            frame.sample_rate = 16_000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


def test_what_cannot_be_decoded_is_told_in_words_without_a_path(client, tmp_path):
    flac = encode(tmp_path / "a.flac", "flac", tone()).read_bytes()
    no_sound = (b"", b"hello" * 99, flac[:2_000], WAV[:20_000], b"#EXTM3U\nfile:///etc/passwd\n")
    hours = silent_flac(tmp_path / "hours.flac", 3_600)
    assert len(hours) < 1_000_000
    for contents in (*no_sound, hours, struct.pack("<4sI", b"RIFF", 2**32 - 1) + WAV[8:36]):
        answer = client.post(contents)
        assert answer.status_code == 400
        assert list(answer.json()) == ["error"]
        assert answer.json()["error"].startswith("the file: ")
        assert "/" not in answer.json()["error"]
    assert "3600 seconds of sound; send at most 30" in client.post(hours).text


def newest_worker():
    return max(psutil.Process().children(), key=psutil.Process.create_time)


def test_a_file_that_hangs_a_decoder_costs_one_answer_only(client):
    good = client.post(WAV).content
    worker = newest_worker()
    worker.suspend()
    answer = client.post(WAV)
    assert (answer.status_code, "longer than 5" in answer.text) == (400, True)
    assert not worker.is_running()
    assert client.post(WAV).content == good


def test_a_file_is_tried_once_more_when_its_decoder_dies(client):
    good = client.post(WAV).content
    answer = answer_while_killing(client)
    assert (answer.status_code, answer.content) == (200, good)


def test_a_file_that_ends_a_fresh_decoder_is_at_fault():
    class Dying(DecoderProcess):
        asked = 0

        async def _ask(self, contents):
            self.asked += 1
            self._process.kill()
            return await super()._ask(contents)

    async def ask(waited):
        process = Dying(Limits())
        if waited:
            await process.start()
        with pytest.raises(UndecodableError, match="breaks the decoder"):
            await process.decode(WAV)
        return process.asked

    assert [asyncio.run(ask(waited)) for waited in (True, False)] == [2, 1]


def test_a_decoder_that_was_killed_while_idle_costs_no_answer(client):
    good = client.post(WAV).content
    for _ in range(3):
        newest_worker().kill()
        answer = client.post(WAV)
        assert (answer.status_code, answer.content) == (200, good)


def answer_while_killing(client):
    """Stops the process so that it's sure to have the file, then ends it."""

    async def ask():
        worker = newest_worker()
        worker.suspend()
        asking = asyncio.ensure_future(client.ask(WAV))
        await asyncio.sleep(0.3)
        worker.send_signal(signal.SIGSEGV)
        worker.resume()
        return await asking

    return client.run(ask())


def decoding(limits, action):
    """Runs an action with a process of its own, and ends that."""

    async def run():
        process = DecoderProcess(limits)
        try:
            return await action(process)
        finally:
            await process.stop()

    return asyncio.run(run())


def test_memory_is_bounded(tmp_path):
    limits = Limits(decode_memory_bytes=450 * 2**20)
    long = silent_flac(tmp_path / "long.flac", 590, "stereo")

    async def two_files(process):
        with pytest.raises(UndecodableError, match="more memory than a file may"):
            await process.decode(long)
        return await process.decode(WAV)

    assert len(samples(decoding(limits, two_files))) == 16_000


def test_the_process_has_no_secrets_and_ends_with_its_server(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hush")

    async def look(process):
        await process.start()
        worker = newest_worker()
        assert os.getsid(worker.pid) == worker.pid
        assert "SECRET_TOKEN" not in worker.environ()
        assert not any("tensorflow" in mapped.path for mapped in worker.memory_maps())
        assert worker.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
        # What a server leaves open when it is killed is closed for it.
        process._process.stdin.close()
        return worker

    worker = decoding(Limits(), look)
    assert psutil.wait_procs([worker], timeout=10)[1] == []


def test_an_answer_that_nobody_waited_for_is_never_given_to_another():
    other = wav_bytes(make_clip(0.5, seed=1), 16_000)

    async def cancel_then_ask(process):
        await process.start()
        worker = newest_worker()
        worker.suspend()
        asking = asyncio.ensure_future(process.decode(other))
        await asyncio.sleep(0.2)
        asking.cancel()
        await asyncio.wait([asking])
        return await process.decode(WAV)

    assert len(samples(decoding(Limits(), cancel_then_ask))) == 16_000


def test_when_too_many_wait_the_next_is_told_to_come_again():
    async def crowd():
        decoder = Decoder(Limits(decode_workers=1))
        await decoder.start()
        transport = httpx.ASGITransport(Starlette(routes=decode_routes(decoder)))
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://a2i") as client:
                asked = [client.post("/decode", content=WAV) for _ in range(20)]
                return [answer.status_code for answer in await asyncio.gather(*asked)]
        finally:
            await decoder.stop()

    statuses = sorted(asyncio.run(crowd()))
    assert statuses == [200] * 16 + [503] * 4


def test_nothing_is_left_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert decoding(Limits(), lambda process: process.decode(WAV))
    assert list(tmp_path.iterdir()) == []
