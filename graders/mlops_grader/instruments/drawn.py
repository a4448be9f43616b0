"""The process that draws bodies: a JSON Schema on standard input, a JSON array on standard output."""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

import hypothesis
import jsonschema
from hypothesis import HealthCheck, Phase, errors
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from jsonschema.validators import validator_for

Schema = Mapping[str, Any] | bool

DEEPEST = 5  # levels of a schema that refers to itself
MORE = 8  # draws for each body that is wanted: some are alike, some do not fit
LONGEST, MOST = 200, 4  # characters and items where the schema sets no bound
FAR = 1000  # from the bound that is there, or from 0
WORDS = (
    "a about after again all also always and another any are as ask at because before between both but by call can clear close day "
    "did do done down each end every few find first for from give good great had has have help here how if in into is it just keep "
    "kind know last late left letter like little long look made make many may mean more most much must name near never new next no "
    "not nothing now of off often old on once one open or order other our out over own part people place plan please point problem "
    "question quick read right room same say second see set she should show since small so some soon still stop such take tell than "
    "thank that the their them then there these they thing think this those time to today together too under until up use very wait "
    "want was water way we week well were what when where which while who why will with without word work would write year yes you"
).split()


class Drawer:
    """Makes strategies from the parts of one schema; references are looked up in its whole."""

    def __init__(self, whole: Schema) -> None:
        self.whole = whole

    def any_of(self, schema: Schema, depth: int = 0) -> SearchStrategy[Any]:
        """What a schema admits, and some that it does not."""
        if not isinstance(schema, Mapping):
            return st.nothing() if schema is False else self._plain("string", {}, depth)
        if depth > DEEPEST:
            return st.nothing()
        schema = self._resolved(schema)
        if not isinstance(schema, Mapping):
            return self.any_of(schema, depth)
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"]) if schema["enum"] else st.nothing()
        for key in ("oneOf", "anyOf"):
            if schema.get(key):
                rest = {name: value for name, value in schema.items() if name != key}
                return st.one_of([self.any_of(_both(rest, self._resolved(each)), depth + 1) for each in schema[key]])
        kinds = _kinds(schema)
        return st.one_of([self._plain(kind, schema, depth) for kind in kinds])

    def _resolved(self, schema: Schema) -> Schema:
        """A schema without references and `allOf` at its top."""
        for _ in range(20):
            if not isinstance(schema, Mapping) or not ({"$ref", "allOf"} & set(schema)):
                break
            rest: Schema = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
            others = [*schema.get("allOf", ()), *([self._found(schema["$ref"])] if "$ref" in schema else ())]
            for other in others:
                rest = _both(rest, other)
            schema = rest
        return schema

    def _found(self, reference: str) -> Schema:
        found: Any = self.whole
        for part in filter(None, reference.removeprefix("#").split("/")):
            name = part.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        return found  # type: ignore[no-any-return]  # a schema, as the whole is one

    def _plain(self, kind: str, schema: Mapping[str, Any], depth: int) -> SearchStrategy[Any]:
        if kind == "null":
            return st.none()
        if kind == "boolean":
            return st.booleans()
        if kind in ("number", "integer"):
            return _number(schema, whole=kind == "integer")
        if kind == "string":
            return _string(schema)
        return self._object(schema, depth) if kind == "object" else self._array(schema, depth)

    def _object(self, schema: Mapping[str, Any], depth: int) -> SearchStrategy[Any]:
        known, required = schema.get("properties", {}), schema.get("required", [])
        fields = {name: self.any_of(known.get(name, True), depth + 1) for name in dict.fromkeys([*required, *known])}
        wanted = {name: strategy for name, strategy in fields.items() if name in required}
        optional = {name: each for name, each in fields.items() if name not in required and not each.is_empty}
        return st.fixed_dictionaries(wanted, optional=optional)

    def _array(self, schema: Mapping[str, Any], depth: int) -> SearchStrategy[Any]:
        least = int(schema.get("minItems", 0))
        most = int(min(schema.get("maxItems", least + MOST), least + 20))
        unique = json.dumps if schema.get("uniqueItems") else None
        items = self.any_of(schema.get("items", True), depth + 1)
        return st.lists(items, min_size=least, max_size=max(least, most), unique_by=unique)


def _number(schema: Mapping[str, Any], *, whole: bool) -> SearchStrategy[Any]:
    step = schema.get("multipleOf")
    low, high = _bound(schema, "minimum", max), _bound(schema, "maximum", min)
    if low is None:
        low = 0 if high is None or high >= 0 else high - FAR
    high = low + FAR if high is None else high
    if low > high:
        return st.nothing()
    if step:
        return st.integers(_up(low / step), int(high // step)).map(lambda n: int(n * step) if whole else n * step)
    if whole:
        return st.integers(_up(low), int(high // 1)) if _up(low) <= high // 1 else st.nothing()
    return st.floats(low, high, allow_nan=False, allow_infinity=False).map(lambda value: round(value, 4))


def _string(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    least = int(schema.get("minLength", 0))
    most = int(min(schema.get("maxLength", max(least, 1) + LONGEST), least + 2000))
    if "pattern" in schema:
        visible = st.characters(min_codepoint=32, exclude_categories=("Cc", "Cs", "Cn"))
        drawn = st.from_regex(re.compile(schema["pattern"], re.ASCII), alphabet=visible)
        return drawn.filter(lambda text: least <= len(text) <= most and text[-1:] != "\n")
    if (made := _formatted(schema.get("format", ""))) is not None:
        return made
    said = [word for text in schema.get("examples", ()) if isinstance(text, str) for word in text.split()]
    words = st.lists(st.sampled_from(said or WORDS), min_size=max(1, least // 2), max_size=max(1, least // 2) + 25)
    return words.map(lambda drawn: " ".join(drawn)[:most].strip().ljust(least, "a"))


def _formatted(name: str) -> SearchStrategy[Any] | None:
    named = st.sampled_from(WORDS)
    first, last = datetime(1990, 1, 1), datetime(2035, 12, 31)  # noqa: DTZ001  # as the strategy wants them
    known = {
        "date": st.dates(first.date(), last.date()).map(str),
        "date-time": st.datetimes(first, last).map(lambda moment: moment.isoformat(timespec="seconds") + "Z"),
        "time": st.times().map(lambda moment: moment.isoformat(timespec="seconds") + "Z"),
        "uuid": st.uuids().map(str),
        "email": st.tuples(named, named).map(lambda pair: f"{pair[0]}.{pair[1]}@example.org"),
        "uri": st.tuples(named, named).map(lambda pair: f"https://example.org/{pair[0]}/{pair[1]}"),
        "ipv4": st.ip_addresses(v=4).map(str),
    }
    return known.get(name)


def _kinds(schema: Mapping[str, Any]) -> Sequence[str]:
    """The types that a schema names; without a name, the type of which it speaks."""
    said = schema.get("type")
    if said:
        return [said] if isinstance(said, str) else list(said)
    telling = {"properties": "object", "required": "object", "items": "array", "minimum": "number", "maximum": "number"}
    return [next((kind for key, kind in telling.items() if key in schema), "string")]


def _both(left: Schema, right: Schema) -> Schema:
    """What two schemas say, in one: properties and required fields of both, else the right one's word."""
    if not isinstance(left, Mapping) or not isinstance(right, Mapping):
        return False if left is False or right is False else (left if isinstance(left, Mapping) else right)
    joined = {**left, **right}
    if "properties" in left and "properties" in right:
        joined["properties"] = {**left["properties"], **right["properties"]}
    if "required" in left and "required" in right:
        joined["required"] = [*left["required"], *right["required"]]
    if "allOf" in left and "allOf" in right:
        joined["allOf"] = [*left["allOf"], *right["allOf"]]
    return joined


def _bound(schema: Mapping[str, Any], name: str, nearer: Any) -> Any:
    """The bound of a number, the exclusive one included: what lies on that is drawn again."""
    exclusive = "exclusive" + name.title()
    found = [schema[key] for key in (name, exclusive) if isinstance(schema.get(key), int | float)]
    found = [value for value in found if not isinstance(value, bool)]
    return nearer(found) if found else None


def _up(value: Any) -> int:
    return int(-(-value // 1))


def draw(schema: Mapping[str, Any], count: int, seed: int) -> list[Any]:
    """Different objects that a schema admits, at most `count` of them."""
    validator = validator_for(schema, jsonschema.Draft202012Validator)(schema)
    found: dict[str, Any] = {}

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count * MORE,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(Drawer(schema).any_of(schema if "type" in schema else {**schema, "type": "object"}))
    def collect(body: Any) -> None:
        if isinstance(body, dict) and body and validator.is_valid(body):
            found.setdefault(json.dumps(body, sort_keys=True), body)

    try:
        collect()
    except errors.Unsatisfiable:
        return []
    # neighbours are much alike
    return Random(seed).sample(list(found.values()), min(count, len(found)))  # noqa: S311  # reproducible on purpose


def main() -> None:
    """Read the schema, draw, and print."""
    warnings.simplefilter("ignore")
    json.dump(draw(json.load(sys.stdin), int(sys.argv[1]), int(sys.argv[2])), sys.stdout)


if __name__ == "__main__":
    main()
