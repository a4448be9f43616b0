"""Problem answers: every error of the service has one shape, `application/problem+json` (RFC 9457).

TODO(m05): the framework answers errors in a shape of its own.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Response


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """An answer that says what is wrong. It never repeats what was sent: that may be personal data."""
    return Response(status_code=status)


def add_problem_answers(app: FastAPI) -> None:
    """Answer wrong requests with problems."""
