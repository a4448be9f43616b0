"""What no product may answer, made from what it answers."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from mlops_grader.instruments.nonsense import nonsense

RANDOM = Random(1)  # noqa: S311  # the same each time
BODIES: list[dict[str, Any]] = [
    {"text": "a b", "n": 1, "maybe": None},
    {"text": "c d", "n": 2, "maybe": 3, "place": "x"},
]


def words(schema: dict[str, Any] | None = None) -> list[str]:
    """What is wrong with each body, in words."""
    return [each.words for each in nonsense(BODIES, RANDOM, schema)]


def test_a_field_that_all_have_is_missed_and_one_that_some_have_is_not() -> None:
    assert ("no `text`" in words(), "no `place`" in words()) == (True, False)


def test_null_is_wrong_where_no_body_has_it() -> None:
    assert ("`n` null" in words(), "`maybe` null" in words()) == (True, False)


def test_each_field_gets_a_type_that_no_reader_takes_for_the_right_one() -> None:
    body = next(each.body for each in nonsense(BODIES, RANDOM) if each.words == "`n` an object")
    assert json.loads(body)["n"] == {"value": 7}


def test_what_is_no_object_and_what_is_no_json_is_among_them() -> None:
    assert {"null", "a list", "a text", "7", "an empty object", "an empty body", "a body that is no JSON"} <= set(
        words()
    )


def test_what_the_schema_admits_is_no_nonsense() -> None:
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    assert ("no `text`" in words(schema), "no `n`" in words(schema), "`n` null" in words(schema)) == (
        True,
        False,
        False,
    )


def test_an_object_within_becomes_a_number() -> None:
    found = [each.words for each in nonsense([{"who": {"a": 1}}], RANDOM)]
    assert "`who` a number" in found
