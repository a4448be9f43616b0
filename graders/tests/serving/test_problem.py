"""Problem documents: their form is required, and nothing of the inside or of the caller may stand in an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mlops_grader.instruments.serving.problem import MEDIA_TYPE, must_be_a_problem, must_show_nothing

Told = Callable[[Callable[[], object]], str]
GOOD = {"title": "Not Found", "status": 404, "detail": "there is no such path"}


def judged(told: Told, content: bytes, kind: str = MEDIA_TYPE, status: int = 404) -> str:
    return told(lambda: must_be_a_problem("it", status, {"content-type": kind}, content))


def test_a_problem_is_one_with_and_without_a_charset(told: Told) -> None:
    content = json.dumps(GOOD).encode()
    assert judged(told, content) == ""
    assert judged(told, content, f"{MEDIA_TYPE}; charset=utf-8") == ""
    assert must_be_a_problem("it", 404, {"content-type": MEDIA_TYPE}, content) == GOOD


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"status": 400}, "and its problem says"),
        ({"status": "404"}, "and its problem says"),
        ({"title": ""}, "without `title`"),
        ({"detail": None}, "without `detail`"),
    ],
)
def test_a_problem_that_lacks_something_is_none(told: Told, change: Mapping[str, Any], says: str) -> None:
    assert says in judged(told, json.dumps({**GOOD, **change}).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"Not Found", b"[" * 100_000, b"\xff"])
def test_what_is_no_object_is_no_problem(told: Told, content: bytes) -> None:
    assert "and its problem says" in judged(told, content)


def test_another_media_type_is_named(told: Told) -> None:
    assert "as `application/json`" in judged(told, json.dumps(GOOD).encode(), "application/json")
    assert "as `nothing`" in judged(told, json.dumps(GOOD).encode(), "")


@pytest.mark.parametrize(
    "text",
    [
        'Traceback (most recent call last):\n  File "x", line 3, in f',
        "error in service.py",
        "python3.13/site-packages/thing",
        "see https://errors.pydantic.dev/2.14/v/missing",
        "C:\\\\Users\\\\ada",
        "<function predict at 0x7f30a1b2c3d4>",
        "sklearn.exceptions.NotFittedError",
    ],
)
def test_the_inside_is_recognised(told: Told, text: str) -> None:
    assert "shows how the service is made" in told(lambda: must_show_nothing("it", text.encode(), ()))


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "Unprocessable Content", "status": 422, "detail": "age must be at most 120", "errors": [{"field": "body.age"}]}',
        "the path /predict takes POST, not GET; see /openapi.json",
        "line 3 column 7: a comma is missing",
        "about:blank",
    ],
)
def test_words_for_callers_are_no_inside(told: Told, text: str) -> None:
    assert told(lambda: must_show_nothing("it", text.encode(), ("Quill",))) == ""


def test_a_word_of_the_caller_is_recognised(told: Told) -> None:
    assert "repeats `Quill`" in told(lambda: must_show_nothing("it", b'{"given": "Quill"}', ("Quill",)))
