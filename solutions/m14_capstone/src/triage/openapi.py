"""The OpenAPI document, written beside the code that keeps it; the limits come from the code itself."""

from typing import Any

from triage.letters import CHANNELS, LABELS, LONGEST_SUBJECT, LONGEST_TEXT, URGENCIES, VISIBLE
from triage.problems import MEDIA_TYPE

Document = dict[str, Any]

LETTER: Document = {
    "type": "object",
    "additionalProperties": False,
    "required": ["subject", "text", "channel"],
    "properties": {
        "subject": {
            "type": "string",
            "maxLength": LONGEST_SUBJECT,
            "description": "What stands above it; may be empty.",
        },
        "text": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_TEXT,
            "pattern": VISIBLE,
            "description": "What the tenant wrote, in characters as they came.",
        },
        "channel": {"type": "string", "enum": list(CHANNELS), "description": "How it came."},
    },
}
SHARE: Document = {"type": "number", "minimum": 0, "maximum": 1}
OPINION: Document = {
    "type": "object",
    "additionalProperties": False,
    "required": ["label", "confidence", "urgency", "urgent_probability", "review"],
    "properties": {
        "label": {"type": "string", "enum": list(LABELS), "description": "Who should read it."},
        "confidence": {**SHARE, "description": "How sure the model is of the label."},
        "urgency": {"type": "string", "enum": list(URGENCIES), "description": "Whether it has to be read today."},
        "urgent_probability": {**SHARE, "description": "How likely it is urgent."},
        "review": {"type": "boolean", "description": "So unsure that a person sorts it."},
    },
}
PROBLEM: Document = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
STATE: Document = {"type": "object", "required": ["state"], "properties": {"state": {"type": "string"}}}
FACTS = ("run_id", "commit", "data_sha256", "model_sha256", "newest_letter")
ABOUT: Document = {
    "type": "object",
    "required": [*FACTS, "refused"],
    "properties": {name: {"type": "string"} for name in (*FACTS, "refused")},
}


def document(*, live: str, ready: str, about: str, classify: str) -> Document:
    """The whole document for these paths."""
    letter = {"required": True, "content": {"application/json": {"schema": _ref("Letter")}}}
    sort = {
        "operationId": "classifyLetter",
        "summary": "Sort one letter",
        "requestBody": letter,
        "responses": {
            "200": _answer("What the model thinks of it.", "Opinion"),
            **_problems(400, 408, 413, 415, 422, 503),
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "triage",
            "version": "1.0.0",
            "description": "Sorts letters of tenants to a housing office.",
        },
        "paths": {
            classify: {"post": sort},
            live: {"get": _get("isAlive", "The process can answer", "State")},
            ready: {"get": _get("isReady", "A letter would be sorted", "State", 503)},
            about: {"get": _get("whichModel", "Which commit, data and model answer", "About", 503)},
        },
        "components": {
            "schemas": {"Letter": LETTER, "Opinion": OPINION, "Problem": PROBLEM, "State": STATE, "About": ABOUT},
            "headers": {
                "X-Correlation-ID": {
                    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
                    "required": True,
                }
            },
        },
    }


def _get(name: str, summary: str, schema: str, *errors: int) -> Document:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": _answer(summary, schema), **_problems(408, 413, 415, *errors)},
    }


def _answer(words: str, schema: str, kind: str = "application/json") -> Document:
    header = {"X-Correlation-ID": {"$ref": "#/components/headers/X-Correlation-ID"}}
    return {"description": words, "headers": header, "content": {kind: {"schema": _ref(schema)}}}


def _problems(*statuses: int) -> Document:
    return {str(status): _answer("It is refused, and says why.", "Problem", MEDIA_TYPE) for status in statuses}


def _ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}
