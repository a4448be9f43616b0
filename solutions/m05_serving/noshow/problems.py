"""Problem answers: every error of the service has one shape, `application/problem+json` (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
MOST_FACTS = 20
"""So many facts name what is wrong; a batch can have hundreds."""


class Problem(BaseModel):
    """What went wrong."""

    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """An answer that says what is wrong. It never repeats what was sent: that may be personal data."""
    content = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return Response(json.dumps(content), status, headers, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of these answers."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def add_problem_answers(app: FastAPI) -> None:
    """Answer wrong requests with problems."""
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    facts = [{"field": ".".join(map(str, fact["loc"])), "fact": fact["msg"]} for fact in error.errors()[:MOST_FACTS]]
    return problem(422, "the request does not fit the contract", errors=facts)


async def _http(_: Request, error: HTTPException) -> Response:
    return problem(error.status_code, error.detail, error.headers)
