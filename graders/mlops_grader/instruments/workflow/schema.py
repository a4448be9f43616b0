"""Whether GitHub would accept a workflow file or an action's metadata: its schema, and the rules no schema can say."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from check_jsonschema.builtin_schemas import get_builtin_schema  # type: ignore[import-untyped]  # it publishes no types
from jsonschema import Draft7Validator

from mlops_grader.instruments.workflow import rules, wording
from mlops_grader.instruments.workflow.document import Document, Problem, WorkflowError, parse


def problems(file: str, text: str) -> list[Problem]:
    """What GitHub would refuse about a workflow file, in the order of its lines."""
    return _problems(file, text, "workflow", _workflow_validator())


def action_problems(file: str, text: str) -> list[Problem]:
    """What GitHub would refuse about the metadata of an action, in the order of its lines."""
    return _problems(file, text, "action", _action_validator())


def _problems(file: str, text: str, kind: str, validator: Draft7Validator) -> list[Problem]:
    try:
        document = parse(file, text)
    except WorkflowError as error:
        return list(error.problems)
    if not isinstance(document.data, dict):
        return [Problem(file, document.line(()), _shape(document.data, kind))]
    broken = rules.workflow if kind == "workflow" else rules.action
    found = dict.fromkeys([*_schema_problems(document, validator), *broken(document)])
    return sorted(found, key=lambda problem: problem.line or 0)


def _shape(data: Any, kind: str) -> str:
    if data is None:
        return "is empty"
    if isinstance(data, list):
        return f"is a list; {_WANTED[kind]}"
    return f"is no mapping; {_WANTED[kind]}"


_WANTED = {
    "workflow": "a workflow has the keys `on` and `jobs` at its top, and steps stand in a job's `steps`",
    "action": "an action has the keys `name`, `description` and `runs` at its top",
}


def _schema_problems(document: Document, validator: Draft7Validator) -> Iterator[Problem]:
    for error in validator.iter_errors(document.data):
        for relevant in wording.relevant(error):
            for key, words in wording.sentences(relevant):
                yield document.problem(key, words)


@functools.cache
def _workflow_validator() -> Draft7Validator:
    """The vendored schema, where it is stricter than GitHub made as lenient as GitHub."""
    schema = _lenient(get_builtin_schema("vendor.github-workflows"))
    known = schema["definitions"]
    del known["step"]["anyOf"]  # rules.py says it in better words
    del known["workflowDispatchInput"]["anyOf"]
    for job in ("normalJob", "reusableWorkflowCallJob"):
        known[job]["properties"]["strategy"].pop("required")
    known["globs"] = {"anyOf": [known["globs"], {"$ref": "#/definitions/text"}]}
    known["text"] = {"type": _TEXT, "minLength": 1}
    known["jobNeeds"] = {"anyOf": [{"type": "array", "items": {"$ref": "#/definitions/text"}}, known["text"]]}
    known["env"] = {"type": "object", "additionalProperties": {"type": [*_TEXT, "null"]}}
    known["configuration"]["anyOf"].append({"type": "null"})
    (pattern,) = schema["properties"]["jobs"]["patternProperties"]
    schema["properties"]["jobs"]["patternProperties"][pattern] = {
        "if": {"required": ["uses"]},
        "then": {"$ref": "#/definitions/reusableWorkflowCallJob"},
        "else": {"$ref": "#/definitions/normalJob"},
    }
    return Draft7Validator(schema)


@functools.cache
def _action_validator() -> Draft7Validator:
    schema = _lenient(get_builtin_schema("vendor.github-actions"))
    schema["required"] = ["runs"]
    described = [
        schema["properties"]["inputs"],
        schema["definitions"]["outputs"],
        schema["definitions"]["outputs-composite"],
    ]
    for group in described:
        for facts in group["patternProperties"].values():
            facts["required"] = [name for name in facts.get("required", ()) if name != "description"]
    return Draft7Validator(schema)


_TEXT = ["string", "number", "boolean"]


def _lenient(schema: Any, name: str = "") -> Any:
    """The schema with numbers and booleans where text is wanted, as GitHub turns them into text, and no exclusive choice."""
    if isinstance(schema, list):
        return [_lenient(part, name) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {("anyOf" if key == "oneOf" else key): _lenient(part, key) for key, part in schema.items()}
    if schema.get("type") == "string" and not {"enum", "pattern", "const"} & schema.keys():
        kept["type"] = [*_TEXT, "null"] if name in _MAY_BE_EMPTY else list(_TEXT)
    return kept


_MAY_BE_EMPTY = ("name", "run-name", "description")
