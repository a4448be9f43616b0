"""What a list of a class says of one student, whatever the format: the emitters of class lists read only this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mlops_grader.plain import plain


@dataclass(frozen=True)
class Mark:
    """A student's score in a module.

    score: what goes into the other system, None for none. measured, deduction, overridden: how it came about.
    roster: the columns of the roster as they were, by header. repository, commit_page: pages on the web, or "".
    """

    id: str
    login: str
    name: str
    score: int | None
    max_score: int
    status: str = "graded"
    email: str = ""
    section: str = ""
    measured: int | None = None
    deduction: int = 0
    overridden: bool = False
    late: timedelta = timedelta()
    commit: str = ""
    committed_at: datetime | None = None
    repository: str = ""
    commit_page: str = ""
    roster: Mapping[str, str] = field(default_factory=dict)

    def column(self, header: str) -> str:
        """A column of the roster; the case of its header does not matter. Empty when the roster has none."""
        wanted = header.casefold()
        return next((text.strip() for name, text in self.roster.items() if name.strip().casefold() == wanted), "")

    @property
    def moment(self) -> str:
        """The committer's instant of the graded commit in UTC, as both classrooms write it."""
        return self.committed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if self.committed_at else ""


def line(text: str) -> str:
    """Text of a person on one line, without what a table cannot hold."""
    return " ".join(plain(text).split())


def halves(name: str) -> tuple[str, str]:
    """First and last names, where a roster has only the whole: "Lovelace, Ada" or "Ada Lovelace"."""
    last, comma, first = name.partition(",")
    if comma:
        return first.strip(), last.strip()
    first, _, last = name.strip().rpartition(" ")
    return (first, last) if first else (last, "")
