"""A server on loopback that hands a dataset out as Kaggle does.

The client isn't changed: KAGGLE_API_ENVIRONMENT=LOCALHOST is its own switch to http://localhost,
and HTTP_PROXY sends that, and the storage that downloads are redirected to, to this server.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

DATASET = "birdy654/scene-classification-images-and-audio"
USERNAME, KEY, TOKEN = "ada", "countess", "KGAT_engine"
_API = "/api/v1/"
_STORAGE = "storage.googleapis.com"
_BUNDLE = f"http://{_STORAGE}/kaggle-data-sets/1/2/bundle/archive.zip?X-Goog-Signature=secret"


@dataclass
class Answer:
    """What the server answers in place of what it should, once.

    Attributes:
        status: HTTP status; None to serve the file, but to hang up on the way.
        headers: Headers to add.
        num_bytes: How much of the file comes before it hangs up.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    num_bytes: int = 0


class KaggleServer(ThreadingHTTPServer):
    """Speaks the parts of Kaggle's API, and of its storage, that a download takes.

    Attributes:
        archive: The file that it hands out.
        headers: Headers of the file to replace; None removes one.
        api_answers: What the API answers in place of what it should, in this order.
        storage_answers: The same for the storage.
        log: (path, range, authorization) of every request.
    """

    def __init__(self, archive: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.archive = archive
        self.headers: dict[str, str | None] = {}
        self.api_answers: list[Answer] = []
        self.storage_answers: list[Answer] = []
        self.log: list[tuple[str, str | None, str | None]] = []

    @property
    def environment(self) -> dict[str, str]:
        """Variables that lead the client here."""
        return {
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "HTTP_PROXY": f"http://127.0.0.1:{self.server_address[1]}",
            "http_proxy": f"http://127.0.0.1:{self.server_address[1]}",
            "NO_PROXY": "",
            "no_proxy": "",
        }

    @property
    def ranges(self) -> list[str]:
        """The ranges of the file that were asked for."""
        return [wanted for _, wanted, _ in self.log if wanted]


class _Handler(BaseHTTPRequestHandler):
    server: KaggleServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = urlsplit(self.path).path
        self._note(path)
        if self.server.api_answers:
            self._refuse(self.server.api_answers.pop(0))
        elif path == f"{_API}security.OAuthService/IntrospectToken":
            self._json(200, {"active": body["token"] == TOKEN, "username": USERNAME})
        elif not self._knows_credentials():
            self._json(401, {"code": 401, "message": "Unauthenticated"})
        elif f"{body['ownerSlug']}/{body['datasetSlug']}" != DATASET:
            self._json(404, {"code": 404, "message": "Not found"})
        elif path == f"{_API}datasets.DatasetApiService/GetDataset":
            self._json(
                200, {"ref": DATASET, "licenseName": "CC BY-SA 4.0", "currentVersionNumber": 3}
            )
        elif path == f"{_API}datasets.DatasetApiService/DownloadDataset":
            self.send_response(302)
            self.send_header("Location", _BUNDLE)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._json(404, {"code": 404, "message": "Not found"})

    def do_GET(self) -> None:
        self._note(urlsplit(self.path).path)
        assert urlsplit(self.path).hostname == _STORAGE, self.path
        wanted = self.headers["Range"]
        answer = (
            self.server.storage_answers.pop(0) if wanted and self.server.storage_answers else None
        )
        if answer and answer.status:
            self._refuse(answer)
            return
        start = self._start_of_range(wanted)
        rest = self.server.archive[start:]
        self.send_response(206 if wanted and start is not None else 200)
        for name, value in self._file_headers(start or 0).items():
            self.send_header(name, value)
        self.end_headers()
        # At first the client looks at the headers only.
        with suppress(ConnectionError):
            self.wfile.write(rest[: answer.num_bytes] if answer else rest)
        self.close_connection = True

    def _start_of_range(self, wanted: str | None) -> int | None:
        if wanted is None or self.headers.get("If-Range", self._etag) != self._etag:
            return None
        return int(wanted.removeprefix("bytes=").removesuffix("-"))

    @property
    def _etag(self) -> str:
        return f'"{hashlib.md5(self.server.archive).hexdigest()}"'

    def _file_headers(self, start: int) -> dict[str, str]:
        size = len(self.server.archive)
        md5 = base64.b64encode(hashlib.md5(self.server.archive).digest()).decode()
        headers = {
            "Content-Type": "application/zip",
            "Content-Length": str(size - start),
            "Accept-Ranges": "bytes",
            "ETag": self._etag,
            "X-Goog-Hash": f"crc32c=AAAAAA==, md5={md5}",
            **self.server.headers,
        }
        return {name: value for name, value in headers.items() if value is not None}

    def _knows_credentials(self) -> bool:
        basic = base64.b64encode(f"{USERNAME}:{KEY}".encode()).decode()
        return self.headers["Authorization"] in (f"Basic {basic}", f"Bearer {TOKEN}")

    def _note(self, path: str) -> None:
        self.server.log.append((path, self.headers["Range"], self.headers["Authorization"]))

    def _refuse(self, answer: Answer) -> None:
        self._json(answer.status or 500, {"code": answer.status, "message": "No"}, answer.headers)

    def _json(self, status: int, values: object, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(values).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def serving_kaggle(archive: bytes) -> Iterator[KaggleServer]:
    """Runs the server while the block runs."""
    with KaggleServer(archive) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
