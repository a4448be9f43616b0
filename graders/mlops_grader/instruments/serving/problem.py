"""Problem documents, RFC 9457: their form, and what must not stand in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mlops_grader.check import Fail

MEDIA_TYPE = "application/problem+json"
LIBRARIES = "fastapi starlette uvicorn pydantic sklearn scikit-learn skops numpy flask werkzeug litestar msgspec onnxruntime".split()
INSIDE = re.compile(
    r"Traceback|File \"|line \d+, in |\w\.py\b|site-packages|/(home|usr|opt|tmp|var|app|etc|root)/\w|[A-Z]:\\\\|0x[0-9a-f]{6,}|"
    rf"\b({'|'.join(LIBRARIES)})\b",
    re.IGNORECASE,
)


def must_be_a_problem(what: str, status: int, headers: Mapping[str, str], content: bytes) -> Mapping[str, Any]:
    """The problem document of an answer. Raises Fail when it is none, or says another status than the answer."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise Fail(
            f"{what} is answered with {status} as `{kind or 'nothing'}`: {shown(content)}",
            fix=f"answer every error as `{MEDIA_TYPE}`, those of the framework too",
        )
    said: Any = None
    with suppress(ValueError, RecursionError):
        said = json.loads(content)
    if not isinstance(said, dict) or said.get("status") != status:
        raise Fail(
            f"{what} is answered with {status}, and its problem says {shown(content)}",
            fix="an object whose `status` is the status of the answer",
        )
    for key in ("title", "detail"):
        if not isinstance(said.get(key), str) or not said[key].strip():
            raise Fail(
                f"{what} is answered with {status} and a problem without `{key}`: {shown(content)}",
                fix="`title` says what kind of problem it is, `detail` what is wrong this time",
            )
    return said


def must_show_nothing(what: str, content: bytes, words: tuple[str, ...]) -> None:
    """Raise Fail when an answer repeats one of these words, of a caller or of the code, or shows how the service is made."""
    text = content.decode("utf-8", errors="replace")
    if repeated := next((word for word in words if word in text), ""):
        raise Fail(
            f"{what}: the answer repeats `{repeated}`: {shown(content)}",
            fix="say which field is wrong and what is wanted, and never what was given: it may be personal data",
        )
    if inside := INSIDE.search(text):
        raise Fail(
            f"{what}: the answer shows how the service is made, `{inside[0]}`: {shown(content)}",
            fix="write your own words for the caller, and leave the rest to the log",
        )


def shown(content: bytes) -> str:
    """The beginning of an answer, to be read."""
    return repr(content[:800].decode("utf-8", errors="replace")[:200])
