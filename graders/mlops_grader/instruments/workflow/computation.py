"""One of GitHub's expressions: its grammar, what is checked before it runs, and its value."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import TypeAlias, cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput
from lark.visitors import Interpreter

from mlops_grader.instruments.workflow.functions import (
    FUNCTIONS,
    ExpressionError,
    Function,
    Value,
    case,
    equal,
    is_primitive,
    key_of,
    less,
    parse_number,
    to_number,
    to_text,
    truthy,
)

LONGEST = 21_000
DEEPEST = 50

Node: TypeAlias = Tree[Token]

_EXPRESSION = Lark(
    r"""
    ?start: either
    ?either: both ("||" both)*
    ?both: equality ("&&" equality)*
    ?equality: relation | equality EQUALITY relation -> compared
    ?relation: operand | relation RELATION operand -> compared
    ?operand: "!" operand -> negated | literal | access
    ?access: NAME -> context
        | NAME "(" (either ("," either)*)? ")" -> call
        | "(" either ")"
        | access "." NAME -> member
        | access "[" either "]" -> element
        | access ("." "*" | "[" "*" "]") -> every
    literal: NULL | TRUE | FALSE | NAN | INFINITY | NUMBER | STRING

    EQUALITY: "==" | "!="
    RELATION: /[<>]=?/
    NULL: "null"
    TRUE: "true"
    FALSE: "false"
    NAN: "NaN"
    INFINITY: "Infinity"
    NAME: /[A-Za-z_][A-Za-z0-9_-]*/
    NUMBER: /[-+.0-9][^\s()\[\],!<>=&|]*/
    STRING: /'(?:[^']|'')*'/
    %ignore /\s+/
    """,
    parser="lalr",
)

_WORDS: Mapping[str, Value] = {"null": None, "true": True, "false": False, "NaN": math.nan, "Infinity": math.inf}


class _Filtered(list[Value]):
    """What `*` gives: an array whose next index goes to each of its elements."""


def parsed(text: str) -> Node:
    """The tree of an expression. Raises ExpressionError, without naming it, when GitHub could not read it."""
    if not text.strip():
        raise ExpressionError("there is no expression")
    if len(text) > LONGEST:
        raise ExpressionError(f"it has {len(text)} characters; GitHub reads {LONGEST}")
    try:
        tree = _EXPRESSION.parse(text)
    except UnexpectedInput as error:
        raise ExpressionError(_misplaced(error, text)) from None
    for token in tree.scan_values(lambda leaf: isinstance(leaf, Token) and leaf.type == "NUMBER"):
        if math.isnan(parse_number(token)):
            raise ExpressionError(f"`{token}` is no number")
    if _depth(tree) > DEEPEST:
        raise ExpressionError(f"it is nested deeper than {DEEPEST} levels")
    return tree


def _misplaced(error: UnexpectedInput, text: str) -> str:
    place = error.pos_in_stream
    token = getattr(error, "token", None)
    if place is None or (token is not None and token.type == "$END"):
        return "it ends too early"
    symbol = str(token or text[place])
    advice = {'"': "; write texts in single quotes", "'": "; close it with a second one", "=": "; compare with `==`"}
    return f"`{symbol}` cannot stand at character {place + 1}{advice.get(symbol, '')}"


def _depth(tree: Node) -> int:
    layer, depth = [tree], 0
    while layer:
        layer, depth = [child for node in layer for child in node.children if isinstance(child, Tree)], depth + 1
    return depth


class Computation(Interpreter[Token, Value]):
    """Computes a parsed expression, and of `&&`, `||` and `case` only the operands that count."""

    def __init__(self, contexts: Mapping[str, Value], functions: Mapping[str, Function] | None) -> None:
        self._contexts = contexts
        given = functions or {}
        self._functions = {**{name: FUNCTIONS[name] for name in FUNCTIONS if key_of(given, name) is None}, **given}

    def check(self, tree: Node) -> None:
        """Raises ExpressionError for an unknown name or a wrong number of arguments, computed or not."""
        for context in tree.find_data("context"):
            if key_of(self._contexts, name := str(context.children[0])) is None:
                raise ExpressionError(_unknown("context", name, self._contexts))
        for call in tree.find_data("call"):
            key = key_of(self._functions, name := str(call.children[0]))
            if key is None:
                raise ExpressionError(_unknown("function", name, self._functions))
            _check_count(name, self._functions[key], len(call.children) - 1)

    def value(self, tree: Node) -> Value:
        self.check(tree)
        found = self.visit(tree)
        return list(found) if isinstance(found, _Filtered) else found

    def literal(self, tree: Node) -> Value:
        (token,) = tree.scan_values(lambda _: True)
        if token.type == "STRING":
            return str(token[1:-1].replace("''", "'"))
        return _WORDS[token] if token in _WORDS else parse_number(token)

    def context(self, tree: Node) -> Value:
        return self._contexts[str(key_of(self._contexts, str(tree.children[0])))]

    def call(self, tree: Node) -> Value:
        name, *arguments = tree.children
        function = self._functions[str(key_of(self._functions, str(name)))]
        late = [partial(self.visit, cast("Node", argument)) for argument in arguments]
        return function(*late) if function is case else function(*(argument() for argument in late))

    def member(self, tree: Node) -> Value:
        return _at(self.visit(_node(tree)), str(tree.children[1]))

    def element(self, tree: Node) -> Value:
        return _at(self.visit(_node(tree)), self.visit(_node(tree, 1)))

    def every(self, tree: Node) -> Value:
        whole = self.visit(_node(tree))
        parts = whole if isinstance(whole, _Filtered) else [whole]
        return _Filtered(item for part in parts for item in _elements(part))

    def negated(self, tree: Node) -> Value:
        return not truthy(self.visit(_node(tree)))

    def compared(self, tree: Node) -> Value:
        left, right = self.visit(_node(tree)), self.visit(_node(tree, 2))
        match str(tree.children[1]):
            case "==":
                return equal(left, right)
            case "!=":
                return not equal(left, right)
            case "<":
                return less(left, right)
            case ">":
                return less(right, left)
            case "<=":
                return less(left, right) or equal(left, right)
        return less(right, left) or equal(left, right)

    def both(self, tree: Node) -> Value:
        return self._first(tree, lambda value: not truthy(value))

    def either(self, tree: Node) -> Value:
        return self._first(tree, truthy)

    def _first(self, tree: Node, decides: Callable[[Value], bool]) -> Value:
        value: Value = None
        for operand in tree.children:
            value = self.visit(cast("Node", operand))
            if decides(value):
                break
        return value


def _node(tree: Node, place: int = 0) -> Node:
    return cast("Node", tree.children[place])


def _elements(value: Value) -> Iterable[Value]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _at(value: Value, index: Value) -> Value:
    """The property or element of a value; null where there is none."""
    if isinstance(value, _Filtered):
        return _Filtered(item for part in value for item in _found(part, index))
    return next(iter(_found(value, index)), None)


def _found(value: Value, index: Value) -> list[Value]:
    if isinstance(value, dict) and is_primitive(index):
        key = key_of(value, to_text(index))
        return [] if key is None else [value[key]]
    if isinstance(value, list) and 0 <= (place := to_number(index)) < len(value):
        return [value[int(place)]]
    return []


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    spelled = {one.lower(): one for one in known}
    likely = get_close_matches(name.lower(), spelled, n=1)
    advice = (
        f"; did you mean `{spelled[likely[0]]}`?" if likely else f"; there are {', '.join(f'`{one}`' for one in known)}"
    )
    return f"there is no {kind} `{name}`{advice}"


def _check_count(name: str, function: Function, count: int) -> None:
    parameters = inspect.signature(function).parameters.values()
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    fewest = sum(one.default is one.empty for one in positional)
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        wanted, right = f"at least {fewest}", count >= fewest
    else:
        most = len(positional)
        wanted, right = f"{fewest} or {most}" if most > fewest else f"{most}", fewest <= count <= most
    if not right:
        raise ExpressionError(
            f"{name} takes {wanted} argument{'' if wanted.endswith(' 1') or wanted == '1' else 's'}, not {count}"
        )
