"""What an OpenAPI document says of bodies and fields, with and without references, and what is told when it says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlops_grader.instruments.serving import openapi

Told = Callable[[Callable[[], object]], str]

AGE = {"type": "integer", "minimum": 0, "maximum": 120, "description": "years"}


def document(schema: Any, **components: Any) -> dict[str, Any]:
    """A document with one endpoint whose body has that schema."""
    body = {"content": {"application/json": {"schema": schema}}}
    return {
        "openapi": "3.1.0",
        "components": {"schemas": components},
        "paths": {"/predict": {"post": {"requestBody": body}}},
    }


def patient(age: Any) -> dict[str, Any]:
    """An object with an age."""
    return {"type": "object", "properties": {"age": age}, "required": ["age"], "additionalProperties": False}


REFERENCES = document(
    {"$ref": "#/components/schemas/Patient"},
    Patient=patient({"$ref": "#/components/schemas/Age"}),
    Age=AGE,
)


@pytest.mark.parametrize("said", [document(patient(AGE)), REFERENCES], ids=["inline", "references"])
def test_a_body_is_judged_by_the_document(said: dict[str, Any]) -> None:
    schema = openapi.body_of(said, "/predict")
    bodies = [{"age": 120}, {"age": 121}, {}, {"age": 5, "name": "Quill"}, {"age": "5"}]
    assert [schema.is_valid(body) for body in bodies] == [True, False, False, False, False]


@pytest.mark.parametrize("said", [document(patient(AGE)), REFERENCES], ids=["inline", "references"])
def test_fields_without_words_are_found(said: dict[str, Any]) -> None:
    assert openapi.undescribed(said, "/predict", ("age",)) == []
    assert openapi.undescribed(said, "/predict", ("age", "clinic")) == ["clinic"]


def test_a_reference_to_itself_ends() -> None:
    said = document({"$ref": "#/components/schemas/Loop"}, Loop={"$ref": "#/components/schemas/Loop"})
    assert openapi.undescribed(said, "/predict", ("age",)) == ["age"]


@pytest.mark.parametrize(
    "said",
    [{"openapi": "3.1.0"}, {"openapi": "3.1.0", "paths": {"/predict": {"post": None}}}, document({"type": "integr"})],
)
def test_a_document_without_a_schema_is_told(told: Told, said: dict[str, Any]) -> None:
    assert "the body of POST /predict" in told(lambda: openapi.body_of(said, "/predict"))


def test_an_endpoint_that_is_not_described_is_named(told: Told) -> None:
    assert told(lambda: openapi.must_describe(REFERENCES, "post", "/predict")) == ""
    assert "does not have GET /health" in told(lambda: openapi.must_describe(REFERENCES, "get", "/health"))
    assert "does not have GET /predict" in told(lambda: openapi.must_describe(REFERENCES, "get", "/predict"))
