"""Draws bodies from a JSON Schema. The drawing itself runs in a process of its own, which a time limit ends.

Libraries that do this for whole suites of tests keep it private or no longer work; bodies of requests need little of it:
what a schema says beyond that is tested afterwards, and what does not fit is drawn again.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
from jsonschema.validators import validator_for

from mlops_grader.check import Fail, NotRun

SECONDS = 60
OUTPUT_LIMIT = 4 * 2**20  # bytes


def must_be_usable(document: Any, name: str) -> None:
    """Raise Fail unless a document is a JSON Schema that needs no other document."""
    if not isinstance(document, dict):
        raise Fail(f"`{name}` is no JSON Schema: it is no object", fix="describe one body: type, properties, required")
    try:
        validator_for(document, jsonschema.Draft202012Validator).check_schema(document)
    except jsonschema.SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "the whole"
        raise Fail(f"`{name}` is no JSON Schema: `{place}`: {error.message[:200]}", fix="mend that place") from None
    except RecursionError:
        raise Fail(f"`{name}` is no JSON Schema: it is nested too deep", fix="write it flat") from None
    if away := next((each for each in _references(document) if not each.startswith("#")), ""):
        raise Fail(
            f"`{name}` refers to `{away}`, which is another document", fix="put it below `$defs` and refer to that"
        )


def _references(value: Any) -> Iterator[str]:
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _references(each)
    if isinstance(value, dict) and isinstance(value.get("$ref"), str):
        yield value["$ref"]


def bodies(schema: Mapping[str, Any], count: int, seed: int, name: str) -> list[dict[str, Any]]:
    """Objects that a schema admits. Raises Fail when it admits none, or none can be found in time."""
    if importlib.util.find_spec("hypothesis") is None:
        raise NotRun("the Python package hypothesis is not installed", fix="uv pip install 'mlops-grader[serving]'")
    line = [sys.executable, "-I", "-m", "mlops_grader.instruments.drawn", str(count), str(seed)]
    narrow = "say `type`, bounds and `enum` for each field, so that bodies can be drawn from it"
    with tempfile.TemporaryDirectory(prefix="drawing-") as folder:  # the library leaves files where it runs
        try:
            done = subprocess.run(
                line, input=json.dumps(schema), cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise Fail(f"no {count} bodies could be drawn from `{name}` within {SECONDS} s", fix=narrow) from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise Fail(f"no bodies can be drawn from `{name}`: {said[:300]}", fix=narrow)
    if len(done.stdout) > OUTPUT_LIMIT:
        raise Fail(f"the bodies drawn from `{name}` are too large", fix="bound strings and arrays: maxLength, maxItems")
    drawn: list[dict[str, Any]] = json.loads(done.stdout)
    if not drawn:
        raise Fail(f"`{name}` admits no JSON object, or too few to be found", fix=narrow)
    return [drawn[number % len(drawn)] for number in range(count)]
