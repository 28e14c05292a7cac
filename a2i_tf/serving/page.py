"""The page at `/`: static files of this package, held in memory, and nothing from elsewhere."""

from __future__ import annotations

import html
import string
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from a2i_tf.serving.limits import Limits

_FOLDER = Path(__file__).with_name("page")
_INDEX = "index.html"
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".ogg": "audio/ogg",
    ".svg": "image/svg+xml",
}
# Pictures and sound that the page has made itself are blobs.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "content-security-policy": _CONTENT_SECURITY_POLICY,
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    # Files of two versions of a2i don't fit together.
    "cache-control": "no-cache",
}


def page_routes(model: str, limits: Limits) -> list[Route]:
    """Returns `GET /`, and `GET /page/NAME` for every other file of the page.

    Args:
        model: What requests call the model; the page asks `/v1/models/MODEL`.
        limits: What the page tells people before they send too much.
    """
    files = {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.is_file()}
    index = _fill_in(files.pop(_INDEX).decode(), model, limits)
    routes = [_file_route("/", _INDEX, index.encode())]
    return routes + [_file_route(f"/page/{name}", name, files[name]) for name in sorted(files)]


def _fill_in(index: str, model: str, limits: Limits) -> str:
    return string.Template(index).substitute(
        model=html.escape(model),
        max_bytes=limits.max_body_bytes,
        longest=_duration(limits.max_clip_seconds),
    )


def _duration(seconds: float) -> str:
    """Returns "10 minutes" or "90 seconds"."""
    minutes = seconds / 60
    return f"{minutes:g} minutes" if minutes.is_integer() else f"{seconds:g} seconds"


def _file_route(path: str, name: str, contents: bytes) -> Route:
    media_type = _MEDIA_TYPES[Path(name).suffix]

    async def send(_request: Request) -> Response:
        return Response(contents, headers=_HEADERS, media_type=media_type)

    return Route(path, send)
