"""Requests for a product in any domain, made from what its contract supplies: examples, a JSON Schema, or a command."""

from __future__ import annotations

import json
import re
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.contract import FILE, Contract, Inputs
from mlops_grader.instruments import drawing
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Limits
from mlops_grader.submission import Submission
from mlops_grader.theirs import Theirs

Body = dict[str, Any]

FEWEST = 5  # examples
TEXT = 4  # words from which a string is taken for a text that people write
TRIES = 20  # draws of a body before one that was there is taken again
GENERATING = Limits(seconds=60, output=2 * 2**20, shown=2 * 2**20)  # what is printed and all of it is kept


def requests(source: Submission | Product, contract: Contract, count: int, seed: int) -> list[Body]:
    """Valid bodies, `count` of them, other ones for each seed. A generator needs a Product: its command runs in its environment.

    Raises Fail that names the file or command, what is wrong with it and what to do.
    """
    inputs = contract.inputs
    if inputs is None:
        raise Fail(f"`{FILE}` has no [inputs]", fix="name `examples`, a `schema` or a `generator` there")
    submission = source.submission if isinstance(source, Product) else source
    random = Random(f"inputs {seed}")  # noqa: S311  # reproducible on purpose
    if inputs.examples:
        return _varied(examples(submission, inputs.examples), count, random)
    if inputs.schema_:
        return drawing.bodies(schema(submission, inputs) or {}, count, random.randrange(2**31), inputs.schema_)
    if not isinstance(source, Product):
        raise TypeError("a generator runs in the environment of a product")
    return _generated(source, inputs.generator, count, random.randrange(2**31))


def examples(submission: Submission, name: str) -> list[Body]:
    """The examples of a file of JSON lines. Raises Fail that names the line."""
    lines = [(number, line) for number, line in enumerate(submission.read(name).splitlines(), 1) if line.strip()]
    found = [_object(line, f"`{name}`, line {number},") for number, line in lines]
    if len(found) < FEWEST:
        raise Fail(
            f"`{name}` holds {len(found)} examples",
            fix=f"write at least {FEWEST} that differ, one JSON object on each line",
        )
    return found


def schema(submission: Submission, inputs: Inputs) -> Mapping[str, Any] | None:
    """The JSON Schema of a body, None where the contract names none. Raises Fail when it is none that can be used."""
    if not inputs.schema_:
        return None
    try:
        document = json.loads(submission.read(inputs.schema_))
    except (ValueError, RecursionError) as error:
        raise Fail(f"`{inputs.schema_}` is no JSON: {error}", fix="write the JSON Schema of one body there") from None
    drawing.must_be_usable(document, inputs.schema_)
    found: Mapping[str, Any] = document
    return found


def _object(text: str, where: str) -> Body:
    try:
        body = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Fail(
            f"{where} is no JSON ({error}): {text[:100]!r}", fix="one JSON object on each line, and nothing else"
        ) from None
    if not isinstance(body, dict) or not body:
        raise Fail(
            f"{where} is no JSON object with fields: {text[:100]!r}", fix="one JSON object on each line, a body each"
        )
    return body


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no value of JSON")


def _varied(found: Sequence[Body], count: int, random: Random) -> list[Body]:
    """Bodies that recombine the examples; as long as there are new ones, no two are alike."""
    bodies: list[Body] = []
    seen: set[str] = set()
    for _ in range(count):
        for _ in range(TRIES):
            body = _recombined(random.choice(found), found, random)
            text = json.dumps(body, sort_keys=True)
            if text not in seen:
                break
        seen.add(text)
        bodies.append(body)
    return bodies


def _recombined(first: Mapping[str, Any], others: Sequence[Mapping[str, Any]], random: Random) -> Body:
    """The fields of one example, each with the value that some example of the same type has there."""
    return {
        name: _value(value, [other[name] for other in others if name in other], random) for name, value in first.items()
    }


def _value(value: Any, there: Sequence[Any], random: Random) -> Any:
    alike = [other for other in there if _kind(other) == _kind(value)]
    if isinstance(value, dict):
        return _recombined(value, alike, random)
    if isinstance(value, str) and _is_text(value):
        texts = [other for other in alike if _is_text(other)]
        return _spliced(random.choice(texts), random.choice(texts), max(map(len, texts)), random)
    return random.choice(alike)


def _kind(value: Any) -> str:
    """The type of a value as JSON knows it."""
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def _is_text(value: str) -> bool:
    return len(value.split()) >= TEXT


def _spliced(left: str, right: str, longest: int, random: Random) -> str:
    """The beginning of one text and the end of another, no longer than the longest that was given."""
    first, last = (re.findall(r"\S+\s*", text.strip()) for text in (left, right))
    start = random.randint(1, len(first))
    end = random.randint(0, len(last) - 1)
    words = [*first[:start], *last[end:]]
    while len(words) > TEXT and len("".join(_apart(words))) > longest:
        words.pop()
    return "".join(_apart(words)).strip()[:longest]


def _apart(words: Sequence[str]) -> list[str]:
    """Words that each end with a space: the last of a text had none."""
    return [word if word[-1].isspace() else f"{word} " for word in words]


def _generated(product: Product, command: str, count: int, seed: int) -> list[Body]:
    with tempfile.TemporaryDirectory(prefix="generator-") as folder:
        errors = Theirs(folder, "errors")
        # what it prints on the other stream are no bodies: a warning there harms nobody
        line = command if sys.platform == "win32" else f"exec 2> {shlex.quote(str(errors))}\n{command}"
        done = product.shell(line, {"SEED": str(seed), "COUNT": str(count)}, GENERATING)
        words = errors.read_text(encoding="utf-8", errors="replace")[-500:] if errors.exists() else ""
    if not done.ok:
        how = done.stopped or f"exit code {done.exit}"
        said = (words or done.tail()).strip()[-500:]
        raise Fail(f"the generator `{command}` fails: {how}" + (f"\n{said}" if said else ""), fix=_BY_HAND)
    lines = [line for line in done.output.splitlines() if line.strip()]
    if len(lines) < count:
        raise Fail(f"the generator `{command}` prints {len(lines)} lines where COUNT is {count}", fix=_BY_HAND)
    return [_object(line, f"the generator `{command}`: line {number}") for number, line in enumerate(lines[:count], 1)]


_BY_HAND = "run it by hand with SEED=1 COUNT=20: it is to print COUNT bodies, one JSON object on each line, and to end"
