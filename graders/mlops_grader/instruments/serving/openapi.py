"""The OpenAPI document of a service: what it says of requests, compared with what the service does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments.client import Client, plain

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,negative_data_rejection,unsupported_method"
)
SETTINGS = """[checks]
negative_data_rejection.expected-statuses = ["400", "404", "405", "406", "408", "413", "415", "422", "5xx"]
"""
EXAMPLES = 25  # requests made up for each operation, beside those that cover its schema
SECONDS = 60
Document = Mapping[str, Any]


def load(client: Client) -> Document:
    """The document. Raises Fail when there is none."""
    path = client.service.openapi
    try:
        answer = client.get(path)
        said = answer.json() if answer.status_code == httpx.codes.OK else None
    except (httpx.HTTPError, ValueError, RecursionError) as error:
        raise Fail(f"GET {path} gives no OpenAPI document: {plain(error)[:200]}") from None
    if not isinstance(said, dict) or not str(said.get("openapi", "")).startswith("3."):
        raise Fail(f"GET {path} gives no OpenAPI document", fix="serve an OpenAPI 3 document there, as JSON")
    return said


def body_of(document: Document, path: str) -> Draft202012Validator:
    """What the document says of the body of a POST. Raises Fail when it says nothing."""
    try:
        schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        whole = {**document, **schema}  # references go to the document's own components
        Draft202012Validator.check_schema(schema)
    except (KeyError, TypeError):
        raise Fail(
            f"the OpenAPI document has no schema for the body of POST {path}", fix="describe the request with a model"
        ) from None
    except SchemaError as error:
        raise Fail(f"the schema of the body of POST {path} is none: {error.message[:200]}") from None
    return Draft202012Validator(whole)


def must_describe(document: Document, method: str, path: str) -> None:
    """Raise Fail when the document does not know an endpoint."""
    paths = document.get("paths")
    if not isinstance(paths, dict) or method not in (paths.get(path) or {}):
        raise Fail(f"the OpenAPI document does not have {method.upper()} {path}", fix="describe every endpoint in it")


def undescribed(document: Document, path: str, fields: tuple[str, ...]) -> list[str]:
    """Fields of the body of a POST that the document does not explain in words."""
    schema = body_of(document, path).schema
    known = _resolved(document, schema).get("properties", {})
    said = {name: _resolved(document, known.get(name, {})) for name in fields}
    return [name for name in fields if not (known.get(name, {}).get("description") or said[name].get("description"))]


def _resolved(document: Document, schema: Any) -> Mapping[str, Any]:
    for _ in range(5):
        if not isinstance(schema, dict):
            return {}
        if "$ref" not in schema:
            return schema
        found: Any = document
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            found = found.get(part, {}) if isinstance(found, dict) else {}
        schema = found
    return {}


def fuzz(client: Client, seed: int, folder: Path) -> int:
    """Let schemathesis send what it makes of the document. How many requests it was; raises Fail with what it found."""
    report = folder / "report.json"
    done = _run(client, seed, folder, report)
    try:
        said = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Fail(f"schemathesis cannot work with the OpenAPI document: {done[-600:]}") from None
    if said["failures"]:
        worst = said["failures"][0]
        raise Fail(
            f"schemathesis: {worst['title']} at {', '.join(worst['operations'][:3])}{_first(done)}",
            fix=f"uv tool run schemathesis run http://127.0.0.1:8000{client.service.openapi} --checks {CHECKS}",
        )
    if said["errors"] or not said["complete"]:
        raise Fail(f"schemathesis cannot work with the OpenAPI document: {done[-600:]}")
    return int(said["test_cases"]["generated"])


def _run(client: Client, seed: int, folder: Path, report: Path) -> str:
    program = Path(sys.executable).with_name("schemathesis.exe" if sys.platform == "win32" else "schemathesis")
    if not program.exists():
        raise NotRun("the Python package schemathesis is not installed", fix="uv pip install 'mlops-grader[serving]'")
    (folder / "schemathesis.toml").write_text(SETTINGS, encoding="utf-8")  # a batch that is too long may get a 413
    options = ["--checks", CHECKS, "--max-examples", str(EXAMPLES), "--seed", str(seed), "--no-shrink", "--no-color"]
    options += ["--report", "json", "--report-json-path", str(report), "--request-timeout", "10", "--max-failures", "5"]
    try:
        done = subprocess.run(
            [str(program), "run", f"{client.address}{client.service.openapi}", *options],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Fail(
            f"schemathesis was not done after {SECONDS} s", fix="look for endpoints that do not answer"
        ) from None
    return done.stdout + done.stderr


def _first(output: str) -> str:
    """The first finding as schemathesis tells it."""
    found = re.search(r"^- ST\d+ (.*?)(?=^\s+st replay|\Z)", output, re.DOTALL | re.MULTILINE)
    return ":\n" + re.sub(r"\n\s*\n", "\n", found[1]).strip()[:700] if found else ""
