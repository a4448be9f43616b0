"""What a check is: a claim about a submission that is worth points, and the ways in which it can end."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import ModuleType
from typing import Any

CheckFunction = Callable[..., None]

NOSHOW = "noshow"  # the course's own product


class Verdict(StrEnum):
    """How a check ended. Only `PASSED` earns points."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    NOT_RUN = "not_run"
    ERROR = "error"


class Finding(Exception):
    """Something to tell the student: what was found and what to do about it."""

    def __init__(self, found: str, fix: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.fix = fix


class Fail(Finding):
    """The submission does not do what the check claims."""


class NotRun(Finding):
    """This machine lacks a tool that the check needs; nothing is known about the submission."""


@dataclass(frozen=True)
class Check:
    """One claim: its points, the checks that must pass first, and its words.

    product: the one product of which it speaks; empty for a claim about any product that keeps the contract.
    """

    id: str
    title: str
    why: str
    points: int
    requires: tuple[str, ...]
    product: str = ""

    @property
    def heading(self) -> str:
        """The heading in the lesson that teaches this claim."""
        return heading(self.id)

    @property
    def anchor(self) -> str:
        """That heading as the fragment of a link, in the way that GitHub makes it."""
        return self.heading.lower().replace(" ", "-")


def heading(id: str) -> str:  # noqa: A002  # it is the check's id
    """A check's id in words: `test_stops_when_asked` is "Stops when asked"."""
    return id.removeprefix("test_").replace("_", " ").capitalize()


def check(
    points: int, requires: CheckFunction | Iterable[CheckFunction] = (), product: str = ""
) -> Callable[[CheckFunction], CheckFunction]:
    """Mark a function as a check.

    points: whole points that it is worth. requires: checks that must pass before it is tried.
    product: the one product of which it speaks, when it does not hold for any that keeps the contract.
    The first line of the docstring is the requirement, the rest says why it matters at work.
    Raises TypeError when the docstring is missing or a requirement is not a check.
    """
    required = (requires,) if callable(requires) else tuple(requires)
    for needed in required:
        if not hasattr(needed, "check"):
            raise TypeError(f"{needed!r} is required but is not a check: put @check(points=...) above it")

    def mark(function: CheckFunction) -> CheckFunction:
        text = inspect.getdoc(function)
        if not text:
            raise TypeError(f"{function.__name__} has no docstring: its first line is the requirement")
        title, _, why = text.partition("\n")
        function.check = Check(  # type: ignore[attr-defined]  # a check is a plain function that carries its claim
            id=function.__name__,
            title=title.strip(),
            why=" ".join(why.split()),
            points=points,
            requires=tuple(needed.__name__ for needed in required),
            product=product,
        )
        return function

    return mark


def checks_in(module: ModuleType) -> tuple[Check, ...]:
    """The checks that a module defines, in the order of the file."""
    return tuple(_checks(vars(module).values(), module.__name__))


def portable(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks that speak of any product. What a requirement of one product alone requires takes its place."""
    by_id = {each.id: each for each in checks}

    def required(check: Check) -> Iterator[str]:
        for name in check.requires:
            yield from required(by_id[name]) if by_id[name].product else (name,)

    return tuple(replace(each, requires=tuple(dict.fromkeys(required(each)))) for each in checks if not each.product)


def _checks(values: Iterable[Any], module: str) -> Iterator[Check]:
    for value in values:
        if (
            inspect.isfunction(value)
            and value.__module__ == module
            and isinstance(getattr(value, "check", None), Check)
        ):
            yield value.check  # type: ignore[attr-defined]  # guarded by the line above
