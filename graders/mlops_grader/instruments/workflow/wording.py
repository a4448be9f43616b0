"""What a schema's error means, in plain words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import ValidationError

from mlops_grader.instruments.workflow.document import Key

Sentence = tuple[Key, str]
"""Where it is, and what is wrong there."""

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


_WORKFLOW_NAMES = "write `./.github/workflows/file.yml` or `owner/repository/.github/workflows/file.yml@version`"


def relevant(error: ValidationError) -> Iterator[ValidationError]:
    """The errors that say most about a value which fits none of several shapes."""
    if error.validator != "anyOf" or not error.context:
        yield error
        return
    shapes: dict[Any, list[ValidationError]] = {}
    for each in error.context:
        shapes.setdefault(each.schema_path[0], []).append(each)
    close = [errors for errors in shapes.values() if not any(_is_another_kind(each) for each in errors)]
    if not close:
        yield error
        return
    for each in min(close, key=_distance):
        yield from relevant(each)


def _is_another_kind(error: ValidationError) -> bool:
    return not error.path and (error.validator in ("type", "pattern") or _wanted_of(error) != [])


def _distance(errors: list[ValidationError]) -> tuple[bool, int]:
    """Shapes that differ in a fixed value, such as an action's `using`, are further than any other."""
    return any(each.validator == "const" or (each.path and each.validator == "enum") for each in errors), len(errors)


def sentences(error: ValidationError) -> Iterator[Sentence]:
    """What an error says. One error may name several keys."""
    key: Key = tuple(error.absolute_path)
    value: Any = error.instance
    rule: Any = error.validator_value
    if error.validator == "additionalProperties":
        yield from _unknown_keys(key, error)
    elif error.validator == "required":
        yield from [((*key, name), "is missing") for name in rule if name not in value][:1]
    elif error.validator == "dependencies":
        yield from _missing_companions(key, error)
    elif error.validator == "enum":
        yield key, f"`{value}` is not known; {did_you_mean(value, rule)}"
    elif error.validator == "not" and "required" in rule:
        both = " and ".join(f"`{name}`" for name in rule["required"])
        yield key, f"{both} cannot stand together; in the first, `!` before a pattern excludes"
    elif wanted := _wanted_of(error):
        yield key, f"is {_kind(value)}; wanted is {' or '.join(dict.fromkeys(wanted))}"
    elif error.validator in ("minItems", "minProperties", "minLength"):
        yield key, "is empty"
    elif error.validator == "const":
        yield key, f"is {_kind(value)}; wanted is `{rule}`"
    elif error.validator == "pattern" and key[-1:] == ("uses",):
        yield key, f"`{value}` names no workflow; {_WORKFLOW_NAMES}"
    else:
        yield key, error.message


def did_you_mean(name: object, known: Iterable[object]) -> str:
    """The nearest of the known names, or all of them."""
    names = sorted(str(each) for each in known)
    folded = {each.casefold(): each for each in names}
    close = difflib.get_close_matches(str(name).casefold(), folded, n=1)
    if close:
        return f"did you mean `{folded[close[0]]}`?"
    return f"known here: {', '.join(f'`{each}`' for each in names)}" if names else "nothing is known here"


def _unknown_keys(key: Key, error: ValidationError) -> Iterator[Sentence]:
    schema: Any = error.schema
    value: Any = error.instance
    patterns, known = schema.get("patternProperties", {}), schema.get("properties", {})
    for name in value:
        if name in known or any(re.search(pattern, name) for pattern in patterns):
            continue
        if patterns and not known:
            yield (*key, name), "is no name; use letters, digits, `-` and `_`, and begin with a letter or `_`"
        else:
            yield _unknown_key(key, name, value, known)


def _unknown_key(key: Key, name: str, instance: Mapping[str, Any], known: Mapping[str, Any]) -> Sentence:
    if not key and name == "true":
        words = "unknown key; did you mean `on`? A tool for YAML 1.1 writes `on` as the boolean true"
    elif key[:1] == ("jobs",) and len(key) == 2 and "uses" in instance and name in _OF_A_JOB_WITH_STEPS:
        words = "cannot stand beside `uses`; a job has steps of its own or calls a workflow"
    else:
        words = f"unknown key; {did_you_mean(name, known.keys() - instance.keys())}"
    return (*key, name), words


_OF_A_JOB_WITH_STEPS = (
    "runs-on container continue-on-error defaults env environment outputs services steps timeout-minutes".split()
)


def _missing_companions(key: Key, error: ValidationError) -> Iterator[Sentence]:
    value: Any = error.instance
    rule: Any = error.validator_value
    for name, companions in rule.items():
        if name in value and not set(companions) & value.keys():
            yield (*key, name), f"needs `{companions[0]}` beside it"


def _wanted_of(error: ValidationError) -> list[str]:
    """Which kinds of value a schema wants, for an error that says that the value is of none of them; else nothing."""
    if error.validator == "anyOf":
        kinds_only = [each for each in error.context or () if not each.path and each.validator != "enum"]
        wanted = [_wanted_of(each) for each in kinds_only]
        return [kind for kinds in wanted for kind in kinds] if all(wanted) else []
    if error.validator == "type":
        rule: Any = error.validator_value
        types = [rule] if isinstance(rule, str) else rule
        return ["text"] if "string" in types else [_TYPES.get(each, each) for each in types]
    if error.validator == "pattern" and "{" in str(error.validator_value):
        return ["an expression `${{ }}`"]
    return []


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"the number `{value}`"
    if isinstance(value, str):
        return f"the text `{value}`"
    return "a list" if isinstance(value, list) else "a mapping"
