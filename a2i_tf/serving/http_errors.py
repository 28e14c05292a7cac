"""Errors over HTTP."""

from __future__ import annotations

from starlette.responses import Response

from a2i_tf.serving.json_answers import error_answer


def error_response(message: str, status: int, retry_after_seconds: int | None = None) -> Response:
    """Returns `{"error": message}` as TF Serving lays it out.

    Args:
        message: For a person.
        status: Of HTTP.
        retry_after_seconds: When to come again, where that helps.
    """
    headers = {} if retry_after_seconds is None else {"retry-after": str(retry_after_seconds)}
    return Response(error_answer(message), status, headers, "application/json")
