"""Errors as callers see them: problem documents (RFC 9457), all of one shape, with nothing of what was sent."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

MEDIA_TYPE = "application/problem+json"
DETAILS = {
    404: "there is nothing under this path",
    405: "this path does not know the method; `Allow` lists those that it knows",
    408: "the body did not arrive in time",
    413: "the body is larger than the service takes",
    415: "a body must be application/json, without compression",
    500: "the service failed; its log says why under the correlation id",
    503: "no model is loaded yet",
}


def problem(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer for that status."""
    title = HTTPStatus(status).phrase
    said = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail or DETAILS.get(status, title),
    }
    return web.json_response(said, status=status, content_type=MEDIA_TYPE, headers=headers)
