"""A member of the class: what is handed in, and what the run must say about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from mlops_grader.check import checks_in
from mlops_grader.checks import m01_environment
from submissions import Edit

KEY = "m01_environment"
STARTER = 0  # points of the untouched starter, which test_course.py shows
FULL = 100

Place = Callable[[Path, Path], None]  # a committed project, and the folder where the class's submissions lie


class Kind(StrEnum):
    """Why somebody is in the class."""

    FULL = "honest-full"
    PARTIAL = "honest-partial"
    STARTER = "starter"
    CHEAT = "cheat"
    HOSTILE = "hostile"


@dataclass(frozen=True)
class Member:
    """One student of the class.

    edits: of the reference when it is `solved`, else of the starter; committed a day before the deadline. later: further commits,
    each with the time after the deadline that git was told.
    traps: made in the finished repository and committed by nobody: hooks, settings, files that git ignores.
    score: exactly this; None: at most what the starter earns. says: words that the run must say about this student.
    status: what the gradebook may say. place: how the project comes to lie in the class's folder, when not as a clone.
    in_roster: the login is in the roster, else a row without one is. quick: it takes seconds and belongs to the reduced class.
    """

    name: str
    kind: Kind
    edits: tuple[Edit, ...] = ()
    solved: bool = False
    score: int | None = None
    says: str = ""
    status: tuple[str, ...] = ("graded",)
    later: tuple[tuple[timedelta, tuple[Edit, ...]], ...] = ()
    traps: tuple[Edit, ...] = ()
    place: Place | None = None
    in_roster: bool = True
    quick: bool = False

    @property
    def expected(self) -> str:
        """The score that counts as right, in words."""
        return f"{self.score}" if self.score is not None else f"at most {STARTER}"

    def is_right(self, score: int | None) -> bool:
        """Whether a score is what this member has earned; without a score nobody has earned anything."""
        return (score or 0) <= STARTER if self.score is None else score == self.score


def without(failed: Iterable[str]) -> int:
    """The points of the reference when these checks fail: theirs are lost, and those of all that require them."""
    lost, before = set(failed), -1
    checks = checks_in(m01_environment)
    unknown = lost - {check.id for check in checks}
    if unknown:
        raise ValueError(f"{KEY} has no check {', '.join(sorted(unknown))}")
    while before != len(lost):
        before = len(lost)
        lost |= {check.id for check in checks if lost & set(check.requires)}
    return sum(check.points for check in checks if check.id not in lost)


def together(*parts: Sequence[Edit]) -> tuple[Edit, ...]:
    """All edits of several lists, in order."""
    return tuple(edit for part in parts for edit in part)
