"""Bodies that a product must refuse, whatever its domain: made from valid ones, and from its schema where it has one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import jsonschema
from jsonschema.validators import validator_for

from mlops_grader.instruments.serving.bodies import Wrong

Bodies = Sequence[Mapping[str, Any]]


def nonsense(bodies: Bodies, random: Random, schema: Mapping[str, Any] | None = None) -> list[Wrong]:
    """One body for each way of being wrong: no JSON, no object, a field missing, null or of another type.

    bodies: valid ones. A field that they all have is one that must be there. With a schema, what that admits is no nonsense.
    """
    body = random.choice(bodies)
    text = json.dumps(dict(body))
    broken = [
        Wrong("an empty body", ""),
        Wrong("a body that is no JSON", "{"),
        Wrong("half a body", text[: len(text) // 2]),
    ]
    found = [*_no_object(body), *_missing(body, bodies), *_of_another_type(body, bodies)]
    if schema is not None:
        validator = validator_for(schema, jsonschema.Draft202012Validator)(schema)
        found = [each for each in found if not validator.is_valid(each[1])]
    return [*broken, *(Wrong(words, json.dumps(value), schema=True) for words, value in found)]


def _no_object(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from (("null", None), ("a list", [dict(body)]), ("a text", "nonsense"), ("7", 7), ("an empty object", {}))


def _always(bodies: Bodies) -> list[str]:
    """The fields that all bodies have."""
    return [name for name in bodies[0] if all(name in each for each in bodies)]


def _missing(body: Mapping[str, Any], bodies: Bodies) -> Iterator[tuple[str, Any]]:
    for name in _always(bodies):
        yield f"no `{name}`", {key: value for key, value in body.items() if key != name}


def _of_another_type(body: Mapping[str, Any], bodies: Bodies) -> Iterator[tuple[str, Any]]:
    """A type that no lenient reader turns into the right one, and null where no body has it."""
    for name in _always(bodies):
        there = [each[name] for each in bodies]
        if None not in there:
            yield f"`{name}` null", {**body, name: None}
        if not any(isinstance(value, dict) for value in there):
            yield f"`{name}` an object", {**body, name: {"value": 7}}
        else:
            yield f"`{name}` a number", {**body, name: 7}
