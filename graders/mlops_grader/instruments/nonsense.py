"""Bodies that make no sense for any product, whatever it does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from jsonschema.validators import validator_for

FIELDS = 4  # of a body that are spoilt one by one
DEEP = 30_000  # brackets, more than any parser follows

Spoilt = tuple[str, bytes]


def bodies(valid: Mapping[str, Any], random: Random, schema: Mapping[str, Any] | None) -> list[Spoilt]:
    """Each with words for it. schema: of a body, where the contract has one; what it allows is left out."""
    return [*_no_json(valid), *(each for each in _json(valid, random) if not _allowed(each[1], schema))]


def _allowed(body: bytes, schema: Mapping[str, Any] | None) -> bool:
    return schema is not None and bool(validator_for(schema)(schema).is_valid(json.loads(body)))


def _no_json(valid: Mapping[str, Any]) -> Iterator[Spoilt]:
    whole = json.dumps(dict(valid)).encode()
    yield "an empty body", b""
    yield "the first half of a body", whole[: len(whole) // 2]
    yield "a body that is no JSON", b"what do you think of this?"
    yield "a body that is not UTF-8", b'{"\xff\xfe": "\xc3\x28"}'
    yield f"{DEEP} open brackets", b"[" * DEEP


def _json(valid: Mapping[str, Any], random: Random) -> Iterator[Spoilt]:
    for value in ([], "hello", 7, None, {}):
        yield f"`{json.dumps(value)}`", json.dumps(value).encode()
    yield "a body whose keys are all misspelt", json.dumps({f"{key}x{random.randrange(10)}": each for key, each in valid.items()}).encode()
    keys = random.sample(sorted(valid), min(FIELDS, len(valid)))
    for key in keys:
        odd: Any = {"is": ["odd"]} if not isinstance(valid[key], dict) else [["odd"]]
        yield f"`{key}` with `{json.dumps(odd)}` in it", json.dumps({**valid, key: odd}).encode()
