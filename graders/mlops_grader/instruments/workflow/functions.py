"""What GitHub's expressions compute with: values, how they convert and compare, and the functions that every expression may call.

After https://docs.github.com/en/actions/reference/evaluate-expressions-in-workflows-and-actions and `actions/runner`.
"""

from __future__ import annotations

import json
import math
import string
from collections.abc import Callable, Mapping
from typing import TypeAlias

from lark import Lark
from lark.exceptions import UnexpectedInput

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
Function = Callable[..., Value]

# beyond this, fifteen digits do not hold a whole number
_WHOLE = 10**15

_TEMPLATE = Lark(
    r"""
    start: (TEXT | ESCAPED | HOLE)*
    TEXT: /[^{}]+/
    ESCAPED: "{{" | "}}"
    HOLE: /\{[0-9]+\}/
    """,
    parser="lalr",
    lexer="basic",
)


class ExpressionError(Exception):
    """An expression that GitHub would refuse: one line with the expression and what is wrong."""


def folded(text: str) -> str:
    """A text as comparisons see it: upper case, letter by letter, and no letter of ASCII for one that is not."""
    if text.isascii():
        return text.upper()
    return "".join(_upper(letter) for letter in text)


def _upper(letter: str) -> str:
    upper = letter.upper()
    return upper if len(upper) == 1 and upper.isascii() == letter.isascii() else letter


def key_of(mapping: Mapping[str, object], name: str) -> str | None:
    """The key of that name, whatever its case; the exact one before others."""
    if name in mapping:
        return name
    return next((key for key in mapping if folded(str(key)) == folded(name)), None)


def is_primitive(value: Value) -> bool:
    return not isinstance(value, list | dict)


def to_number(value: Value) -> float:
    """The number that a value is compared as: NaN for arrays, objects and texts that are no number."""
    if value is None:
        return 0
    if isinstance(value, str):
        return parse_number(value)
    return value if isinstance(value, int | float) else math.nan


def parse_number(text: str) -> float:
    """The number in a text; an empty one is 0, one without a number NaN."""
    text = text.strip()
    if text.startswith("0x") and set(text[2:]) <= set(string.hexdigits):
        return _word(text[2:], 16)
    if text.startswith("0o") and set(text[2:]) <= set(string.octdigits):
        return _word(text[2:], 8)
    if text in ("Infinity", "-Infinity"):
        return float(text)
    # Python's float reads more than GitHub does: `nan`, `inf`, `1_000`
    if not set(text) <= set("+-.eE" + string.digits):
        return math.nan
    try:
        return tidy(float(text or "0"))
    except ValueError:
        return math.nan


def _word(digits: str, base: int) -> float:
    """A hexadecimal or octal number as GitHub's runner reads it: 32 bits, the first of them the sign."""
    word = int(digits, base) if digits else 2**32
    if word >= 2**32:
        return math.nan
    return word - 2**32 if word >= 2**31 else word


def tidy(number: float) -> float:
    """A whole number as an integer, so that Python and YAML print it as GitHub does."""
    return int(number) if abs(number) < _WHOLE and number == int(number) else number


def to_text(value: Value) -> str:
    """A value as GitHub prints it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return _number_text(float(value))
    return "Array" if isinstance(value, list) else "Object"


def _number_text(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return f"{number:.15G}" if number else "0"


def truthy(value: Value) -> bool:
    if isinstance(value, list | dict):
        return True
    return bool(value) and not (isinstance(value, float) and math.isnan(value))


def equal(left: Value, right: Value) -> bool:
    """`==`: texts whatever their case, arrays and objects by identity, values of two kinds as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return folded(left) == folded(right)
    if not (is_primitive(left) and is_primitive(right)):
        return left is right
    return to_number(left) == to_number(right)


def less(left: Value, right: Value) -> bool:
    """`<`: texts whatever their case, anything else as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return folded(left) < folded(right)
    return to_number(left) < to_number(right)


def contains(search: Value, item: Value) -> bool:
    if isinstance(search, list):
        return any(equal(element, item) for element in search)
    return is_primitive(search) and is_primitive(item) and folded(to_text(item)) in folded(to_text(search))


def starts_with(text: Value, start: Value) -> bool:
    return is_primitive(text) and is_primitive(start) and folded(to_text(text)).startswith(folded(to_text(start)))


def ends_with(text: Value, end: Value) -> bool:
    return is_primitive(text) and is_primitive(end) and folded(to_text(text)).endswith(folded(to_text(end)))


def format_text(template: Value, *replacements: Value) -> str:
    """`format`: `{0}` stands for the first replacement, `{{` and `}}` for braces."""
    text = to_text(template)
    try:
        tokens = list(_TEMPLATE.lex(text))
    except UnexpectedInput:
        raise ExpressionError(f"the braces of `{text}` are wrong; a place is `{{0}}`, a brace `{{{{`") from None
    return "".join(_filled(token.type, str(token), replacements) for token in tokens)


def _filled(kind: str, text: str, replacements: tuple[Value, ...]) -> str:
    if kind == "TEXT":
        return text
    if kind == "ESCAPED":
        return text[0]
    if int(text[1:-1]) >= len(replacements):
        raise ExpressionError(f"format has no value for `{text}`: {len(replacements)} given, counted from 0")
    return to_text(replacements[int(text[1:-1])])


def join(items: Value, separator: Value = ",") -> str:
    between = to_text(separator) if is_primitive(separator) else ","
    if isinstance(items, list):
        return between.join(map(to_text, items))
    return to_text(items) if is_primitive(items) else ""


def to_json(value: Value) -> str:
    return _json_text(value, "\n")


def _json_text(value: Value, line: str) -> str:
    inner = f"{line}  "
    if isinstance(value, list) and value:
        return "[" + ",".join(inner + _json_text(item, inner) for item in value) + f"{line}]"
    if isinstance(value, dict) and value:
        pairs = (f"{inner}{_quoted(str(key))}: {_json_text(item, inner)}" for key, item in value.items())
        return "{" + ",".join(pairs) + f"{line}}}"
    if isinstance(value, list | dict):
        return "[]" if isinstance(value, list) else "{}"
    if isinstance(value, str):
        return _quoted(value)
    return "null" if value is None else to_text(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def from_json(text: Value) -> Value:
    try:
        value: Value = json.loads(to_text(text), parse_int=_number_in_json, parse_float=_number_in_json)
    except (ValueError, RecursionError) as error:
        raise ExpressionError(f"fromJSON got no JSON: {error}") from None
    return value


def _number_in_json(text: str) -> float:
    return tidy(float(text))


def case(predicate: Function, value: Function, default: Function, *more: Function) -> Value:
    """The value after the first predicate that holds, or the last one. The arguments are computed when they are needed."""
    arguments = (predicate, value, default, *more)
    pairs, otherwise = arguments[:-1], arguments[-1]
    if len(pairs) % 2:
        raise ExpressionError("case takes pairs of a condition and a value, and a value for none of them")
    for condition, result in zip(pairs[::2], pairs[1::2], strict=True):
        holds = condition()
        if not isinstance(holds, bool):
            raise ExpressionError("case takes conditions that are true or false")
        if holds:
            return result()
    return otherwise()


FUNCTIONS: Mapping[str, Function] = {
    "contains": contains,
    "startsWith": starts_with,
    "endsWith": ends_with,
    "format": format_text,
    "join": join,
    "toJSON": to_json,
    "fromJSON": from_json,
    "case": case,
}
