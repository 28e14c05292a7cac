"""Requests as a careless or hostile client makes them, the same ones for the same seed."""

import base64
import copy
import json
import random
import struct
from dataclasses import dataclass, field

import numpy as np

_NUMBERS = (0, 1, -1, 255, 256, 32_767, 32_768, 65_535, 2**31 - 1, 2**31, 2**32 - 1)
_CHUNK_NAMES = (b"JUNK", b"LIST", b"fmt ", b"data", b"RIFF", b"RF64", b"\0\0\0\0")
_FORMATS = (0, 1, 2, 3, 6, 7, 0x11, 0x55, 0xFFFE, 0xFFFF)
_SCALARS = (
    *(None, True, False, 0, -1, 1e308, 2**63, -(2**63) - 1, 10**400, float("nan"), float("inf")),
    *("", "\0", "é", "\ud800", "\U0001f600", "x" * 5_000, "../../etc/passwd", "AAAA", "=", "a2i"),
    *([], {}, [[]], [{}], {"b64": ""}, {"b64": None}, {"b64": "AAAA", "x": 1}, {"b64": ["AA"]}),
)
_KEYS = ("instances", "inputs", "signature_name", "b64", "audio_bytes", "", "\0", "embedding", "é")
_SIGNATURES = ("serving_default", "serving_seeds", "encode", "encode_mfcc", "draw", "nope", "")
_PATHS = (
    *("/v1/models/a2i:predict", "/v1/models/a2i/versions/1:predict", "/v1/models/a2i:classify"),
    *("/v1/models/a2i/labels/stable:predict", "/v1/models/a2i/versions/99999999999999999999"),
    *("/v1/models/a2i", "/v1/models/a2i/metadata", "/v1/models/%00", "/v1/models/a2i/versions/-1"),
    *("/v1/models/..%2f..%2fetc", "/v1/models/é:predict", "/v1/models/a2i:predict?x=1", "//", "/"),
    *("/decode", "/decode/", "/healthz", "/metrics", "/v1/", "/v1/models/" + "a" * 5_000, "/%ff"),
    *("/../../../../etc/passwd", "/static/../../../../etc/passwd", "/static/%2e%2e/%2e%2e/x", "/?"),
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW")
_HEADERS = (
    {"content-encoding": "gzip"},
    {"content-type": "multipart/form-data; boundary=x"},
    {"content-type": "\xff"},
    {"accept-encoding": "br"},
    {"range": "bytes=-1"},
    {"cookie": "a" * 8_000},
    {"x-forwarded-for": "é"},
    {"host": "a b"},
)
_LARGEST_BODY = 40 * 2**20
_PLAYLISTS = (
    b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
)


@dataclass(frozen=True)
class MutatedRequest:
    """One HTTP request, or a gRPC `Predict` where the path is empty."""

    kind: str
    method: str
    path: str
    body: bytes
    headers: dict = field(default_factory=dict)


class Mutations:
    """Makes requests from good ones.

    Args:
        seed: Whole number.
        wav: A 16-bit WAV file.
        sounds: Files of other formats.
        documents: Bodies of good `:predict` requests, as Python objects.
        messages: Good `PredictRequest` messages.
    """

    def __init__(self, seed, wav, sounds, documents, messages):
        self._random = random.Random(seed)
        self._wav, self._sounds = wav, sounds
        self._documents, self._messages = documents, messages
        self._kinds = (
            *(self._json_tree, self._json_text, self._base64, self._wav_predict, self._wav_predict),
            *(self._decode_sound, self._decode_sound, self._decode_wav, self._route, self._grpc),
        )

    def requests(self, count):
        return [self._random.choice(self._kinds)() for _ in range(count)]

    def _predict(self, kind, body):
        return MutatedRequest(kind, "POST", _PATHS[0], body)

    def _json_tree(self):
        document = copy.deepcopy(self._random.choice(self._documents))
        for _ in range(self._random.randint(1, 4)):
            document = self._mutate_tree(document)
        # The server doesn't read to the end what is far beyond its limit.
        body = json.dumps(document).encode("utf-8", "surrogatepass")[:_LARGEST_BODY]
        return self._predict("JSON values", body)

    def _mutate_tree(self, document):
        places = list(_places(document))
        if not places or self._random.random() < 0.03:
            return self._random.choice(_SCALARS)
        parent, key = self._random.choice(places)
        match self._random.randrange(7):
            case 0:
                del parent[key]
            case 1:
                parent[key] = [parent[key]] * self._random.choice((0, 1, 2, 65, 300))
            case 2:
                parent[key] = {self._random.choice(_KEYS): parent[key]}
            case 3 if isinstance(parent, dict):
                parent[self._random.choice(_KEYS)] = parent.pop(key)
            case 4 if isinstance(parent, dict):
                parent["signature_name"] = self._random.choice(_SIGNATURES)
            case 5:
                for _ in range(self._random.choice((1, 5, 300))):
                    parent[key] = [parent[key]]
            case _:
                parent[key] = copy.deepcopy(self._random.choice(_SCALARS))
        return document

    def _json_text(self):
        text = json.dumps(self._random.choice(self._documents)).encode()
        match self._random.randrange(6):
            case 0:
                text = text[: self._random.randrange(len(text))]
            case 1:
                depth = self._random.choice((100, 2_000, 200_000))
                text = b'{"instances": ' + b"[" * depth + b"]" * self._random.choice((0, depth))
            case 2:
                digits = self._random.choice((5, 400, 5_000))
                number = b"-1." + b"9" * digits + b"e" + b"9" * self._random.choice((1, 3, 9))
                text = b'{"instances": [' + number + b"]}"
            case 3:
                text = b"\xef\xbb\xbf" + text + self._random.choice((b"", b" {}", b"\0"))
            case 4:
                text = text.decode().encode(self._random.choice(("utf-16", "utf-32")))
            case _:
                text = self._damage(text)
        return self._predict("JSON text", text)

    def _base64(self):
        text = base64.b64encode(self._wav).decode()
        place = self._random.randrange(len(text))
        junk = self._random.choice(("=", "\n", " ", "-_", "\0", "é", "%", "===="))
        text = self._random.choice(
            (text[:place], text[:place] + junk + text[place:], junk + text, text + junk, junk * 99)
        )
        return self._predict("base64", json.dumps({"instances": [{"b64": text}]}).encode())

    def _wav_predict(self):
        clips = [self._mutated_wav() for _ in range(self._random.choice((1, 1, 1, 3)))]
        rows = [{"b64": base64.b64encode(clip).decode()} for clip in clips]
        return self._predict("WAV in JSON", json.dumps({"instances": rows}).encode())

    def _decode_wav(self):
        return MutatedRequest("WAV to decode", "POST", "/decode", self._mutated_wav())

    def _mutated_wav(self):
        wav = bytearray(self._wav)
        offset, form = self._random.choice(
            (
                *((4, "<I"), (16, "<I"), (20, "<H"), (22, "<H"), (24, "<I"), (28, "<I")),
                *((32, "<H"), (34, "<H"), (40, "<I")),
            )
        )
        match self._random.randrange(6):
            case 0 | 1:
                numbers = _FORMATS if offset == 20 else _NUMBERS
                self._put(wav, offset, form, self._random.choice(numbers))
            case 2:
                self._put_format(wav)
            case 3:
                size = self._random.choice((*_NUMBERS, 2**32 - 8, 2**32 - 20)) % 2**32
                chunk = self._random.choice(_CHUNK_NAMES) + struct.pack("<I", size) + bytes(9)
                place = self._random.choice((12, 36, len(wav)))
                wav[place:place] = chunk
            case 4:
                del wav[self._random.randrange(60) :]
            case _:
                return self._damage(bytes(wav))
        return bytes(wav)

    def _put(self, wav, offset, form, number):
        struct.pack_into(form, wav, offset, number % 256 ** struct.calcsize(form))

    def _put_format(self, wav):
        """A header whose fields agree with each other, so that it gets further."""
        channels = self._random.choice((1, 2, 64, 65, 1_000, 32_767))
        rate = self._random.choice((1, 2, 999, 1_000, 44_101, 384_000, 384_001, 10**6, 2**31 - 1))
        form = (channels, rate, channels * rate * 2 % 2**32, channels * 2)
        struct.pack_into("<HIIH", wav, 22, *form)

    def _decode_sound(self):
        if self._random.random() < 0.05:
            body = self._random.choice(_PLAYLISTS)
        else:
            body = self._damage(self._random.choice(self._sounds))
        return MutatedRequest("compressed audio", "POST", "/decode", body)

    def _damage(self, contents):
        """Flips, cuts, repeats or puts in some bytes."""
        damaged = bytearray(contents)
        for _ in range(self._random.choice((1, 1, 3, 30))):
            # Headers are where the interesting mistakes are.
            within = self._random.choice((min(64, len(damaged)), len(damaged)))
            place = self._random.randrange(max(within, 1))
            match self._random.randrange(5):
                case 0 | 1 if place < len(damaged):
                    damaged[place] = self._random.randrange(256)
                case 2:
                    del damaged[place : place + self._random.choice((1, 4, 4_000))]
                case 3:
                    damaged[place:place] = damaged[place : place + 2_000]
                case _:
                    damaged[place:place] = self._random.randbytes(self._random.choice((1, 4, 64)))
        return bytes(damaged)

    def _route(self):
        method = self._random.choice(_METHODS)
        # uvicorn closes the connection on a method that it doesn't know, without reading on.
        document = json.dumps(self._random.choice(self._documents)).encode()
        bodies = (b"",) if method == "BREW" else (b"", document, b"x" * 100_000)
        return MutatedRequest(
            "paths and headers",
            method,
            self._random.choice(_PATHS),
            self._random.choice(bodies),
            self._random.choice(({}, *_HEADERS)),
        )

    def _grpc(self):
        message = copy.deepcopy(self._random.choice(self._messages))
        if self._random.random() < 0.3:
            return MutatedRequest("gRPC", "", "", self._damage(message.SerializeToString()))
        for _ in range(self._random.randint(1, 3)):
            self._mutate_message(message)
        return MutatedRequest("gRPC", "", "", message.SerializeToString())

    def _mutate_message(self, message):
        name = self._random.choice(sorted(message.inputs) or ["x"])
        tensor = message.inputs[name]
        match self._random.randrange(6):
            case 0:
                tensor.dtype = self._random.randrange(0, 130)
            case 1:
                size = self._random.choice((-2, -1, 0, 1, 65, 2**31, 2**40, 2**62))
                tensor.tensor_shape.dim.add(size=size)
            case 2:
                for dim in tensor.tensor_shape.dim:
                    dim.size = self._random.choice((-1, 0, 3, 2**20, 2**40))
            case 3:
                tensor.tensor_content = self._random.randbytes(self._random.choice((0, 3, 4, 999)))
            case 4:
                message.model_spec.signature_name = self._random.choice(_SIGNATURES)
            case _:
                tensor.string_val.append(self._mutated_wav())


def _places(value):
    """Yields (container, key) of everything inside a JSON value."""
    if not isinstance(value, dict | list):
        return
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        # One number among thousands is like the next.
        if isinstance(inner, dict | list) and len(inner) < 100:
            yield from _places(inner)


def good_documents(wav, config):
    """Returns good `:predict` bodies for every signature of an export with a `ModelConfig`."""
    clip = {"b64": base64.b64encode(wav).decode()}
    embedding, noise = [0.5] * config.embedding_dim, [0.25] * config.noise_dim
    features = np.zeros(config.mfcc.shape).tolist()
    waveform = [0.0] * config.mfcc.window_samples
    return [
        {"instances": [clip]},
        {"instances": [{"audio_bytes": clip}, {"audio_bytes": clip}]},
        {"inputs": {"audio_bytes": [clip]}},
        {"signature_name": "draw", "inputs": {"embedding": [embedding], "noise": [noise]}},
        {"signature_name": "draw", "instances": [{"embedding": embedding, "noise": noise}]},
        {"signature_name": "encode_mfcc", "instances": [features]},
        {"signature_name": "encode", "instances": [waveform]},
        {"signature_name": "serving_seeds", "instances": [{"audio_bytes": clip, "seed": 3}]},
    ]
