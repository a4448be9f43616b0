"""Problem answers: every error of the service has one shape, `application/problem+json` (RFC 9457)."""

import json
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException


def problem(status: int, detail: str, **more: Any) -> Response:
    """An answer that says what is wrong. It never repeats what was sent: that may be personal data."""
    content = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return Response(json.dumps(content), status, media_type="application/problem+json")


def add_problem_answers(app: FastAPI) -> None:
    """Answer wrong requests with problems."""
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)


async def _invalid(_: Request, error: RequestValidationError) -> Response:
    facts = [{"field": ".".join(map(str, fact["loc"])), "fact": fact["msg"]} for fact in error.errors()]
    return problem(422, "the request does not fit the contract", errors=facts)


async def _http(_: Request, error: HTTPException) -> Response:
    answer = problem(error.status_code, error.detail)
    answer.headers.update(error.headers or {})
    return answer
