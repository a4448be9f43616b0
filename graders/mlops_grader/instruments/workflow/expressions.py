"""GitHub's expressions in the texts of a workflow: their values, what they read and what they call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from mlops_grader.instruments.workflow.computation import LONGEST, Computation, Node, parsed
from mlops_grader.instruments.workflow.functions import ExpressionError, Function, Value, to_text, truthy

__all__ = [
    "ExpressionError",
    "Function",
    "Value",
    "calls",
    "condition",
    "evaluate",
    "references",
    "resolve",
    "substitute",
]

STATUS_FUNCTIONS = frozenset({"success", "failure", "always", "cancelled"})

_TEXT = Lark(
    r"""
    start: (TEXT | expression)*
    expression: "${{" (CODE | QUOTED)* "}}"
    TEXT: /(?:[^$]|\$(?!\{\{))+/
    CODE: /(?:[^'}]|\}(?!\}))+/
    QUOTED: /'[^']*'/
    """,
    parser="lalr",
)


def evaluate(text: str, contexts: Mapping[str, Value], functions: Mapping[str, Function] | None = None) -> Value:
    """The value of an expression, given without `${{ }}`."""
    with _named(text):
        return Computation(contexts, functions).value(parsed(text))


def resolve(value: Any, contexts: Mapping[str, Value], functions: Mapping[str, Function] | None = None) -> Any:
    """A YAML value with its expressions replaced, in lists and mappings too.

    A string that is one expression and nothing else keeps the expression's type.
    """
    if isinstance(value, Mapping):
        return {_key(key, contexts, functions): resolve(item, contexts, functions) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, contexts, functions) for item in value]
    if not isinstance(value, str):
        return value
    match _parts(value):
        case [Token(type="EXPRESSION") as alone]:
            return _replacement(alone, contexts, functions)
    return substitute(value, contexts, functions)


def substitute(text: str, contexts: Mapping[str, Value], functions: Mapping[str, Function] | None = None) -> str:
    """A text with its `${{ }}` parts replaced by their values as GitHub prints them."""
    return "".join(
        to_text(_replacement(part, contexts, functions)) if part.type == "EXPRESSION" else part for part in _parts(text)
    )


def condition(
    text: str | bool | None, contexts: Mapping[str, Value], functions: Mapping[str, Function] | None = None
) -> bool:
    """Whether an `if` holds, written with or without `${{ }}`; nothing written means `success()`.

    Without a status function in it, it holds only after `success()`. With text beside the braces it is a text, and
    therefore true.
    """
    written = to_text(text)
    if not written.strip():
        return truthy(evaluate("success()", contexts, functions))
    for expression in _expressions({"if": written}):
        with _named(expression):
            Computation(contexts, functions).check(parsed(expression))
    if not calls({"if": written}) & STATUS_FUNCTIONS and not truthy(evaluate("success()", contexts, functions)):
        return False
    reading = resolve if "${{" in written else evaluate
    return truthy(reading(written, contexts, functions))


def references(value: Any) -> frozenset[str]:
    """Dotted paths of contexts that the expressions in a YAML value read, lower case.

    Such as `github.event.issue.title`, `needs.*.result`, `secrets.token`; a computed index is a `*` too. Expressions
    stand in `${{ }}`, and without them as the `if` of a mapping.
    """
    return frozenset(path for tree in _trees(value) for path in _paths(tree))


def calls(value: Any) -> frozenset[str]:
    """Names of the functions that the expressions in a YAML value call, lower case; see `references`."""
    return frozenset(str(call.children[0]).lower() for tree in _trees(value) for call in tree.find_data("call"))


def _parts(text: str) -> list[Token]:
    """The texts and, without their braces, the expressions of a text. Raises ExpressionError for open braces."""
    try:
        tree = _TEXT.parse(text)
    except UnexpectedInput:
        raise ExpressionError(f"`{_line(text)}`: `${{{{` has no `}}}}` after it") from None
    parts = [
        Token("EXPRESSION", "".join(cast("list[str]", child.children)).strip()) if isinstance(child, Tree) else child
        for child in tree.children
    ]
    if len(text) > LONGEST and any(part.type == "EXPRESSION" for part in parts):
        raise ExpressionError(
            f"`{_line(text)}`: a text with expressions has {len(text)} characters; GitHub reads {LONGEST}"
        )
    return parts


def _key(key: Any, contexts: Mapping[str, Value], functions: Mapping[str, Function] | None) -> Any:
    return substitute(key, contexts, functions) if isinstance(key, str) else key


def _replacement(part: Token, contexts: Mapping[str, Value], functions: Mapping[str, Function] | None) -> Value:
    with _named(part):
        return Computation(contexts, functions).value(parsed(part))


@contextmanager
def _named(expression: str) -> Iterator[None]:
    """Puts the expression before what is wrong with it, in braces when it was written so."""
    try:
        yield
    except ExpressionError as error:
        braced = isinstance(expression, Token) and expression.type == "EXPRESSION"
        shown = _line(f"${{{{ {expression} }}}}" if braced else expression)
        raise ExpressionError(f"`{shown}`: {' '.join(str(error).split())}") from None


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:97]}..."


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from (part for part in _parts(value) if part.type == "EXPRESSION")
    elif isinstance(value, list):
        yield from (found for item in value for found in _expressions(item))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _expressions(key)
            bare = key == "if" and isinstance(item, str) and "${{" not in item and item.strip()
            yield from [item] if bare else _expressions(item)


def _trees(value: Any) -> Iterator[Node]:
    for expression in _expressions(value):
        with _named(expression):
            yield parsed(expression)


def _paths(tree: Node) -> Iterator[str]:
    """The longest path from each context in the tree."""
    if path := _path(tree):
        yield ".".join(path).lower()
    for child in _beside(tree) if path else tree.children:
        if isinstance(child, Tree):
            yield from _paths(child)


def _path(tree: Node) -> list[str]:
    """The names from a context to a property, empty for anything else."""
    if tree.data == "context":
        return [str(tree.children[0])]
    if tree.data not in ("member", "element", "every") or not (before := _path(cast("Node", tree.children[0]))):
        return []
    if tree.data == "member":
        return [*before, str(tree.children[1])]
    return [*before, "*" if tree.data == "every" else _written(cast("Node", tree.children[1]))]


def _written(index: Node) -> str:
    return to_text(Computation({}, None).visit(index)) if index.data == "literal" else "*"


def _beside(tree: Node) -> Iterator[Node]:
    """The computed indexes of a path."""
    if tree.data != "context":
        before, *indexes = tree.children
        yield from _beside(cast("Node", before))
        yield from (index for index in indexes if isinstance(index, Tree))
