"""Plain CSV: a class with one row for each student, a result with one row for each check."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_grader.check import heading
from mlops_grader.reports import spreadsheet
from mlops_grader.reports.marks import Mark, line
from mlops_grader.result import Result

CLASS = (
    "student", "login", "name", "email", "section", "score", "max_score", "status", "measured", "deduction", "late_seconds",
    "overridden", "commit", "committed_at",
)  # fmt: skip
CHECKS = ("check", "title", "verdict", "points", "max_points", "found", "fix", "lesson", "seconds")


def of_class(marks: Sequence[Mark]) -> str:
    """The class, in the order of the roster."""
    return spreadsheet.table(CLASS, (_student(mark) for mark in marks))


def of_result(result: Result) -> str:
    """A result, in the order of work."""
    rows = (
        (heading(each.id), line(each.title), each.verdict.value, each.points, each.max_points, line(each.found), line(each.fix),
         each.lesson, each.seconds)
        for each in result.checks
    )  # fmt: skip
    return spreadsheet.table(CHECKS, rows)


def _student(mark: Mark) -> tuple[object, ...]:
    who = tuple(map(line, (mark.id, mark.login, mark.name, mark.email, mark.section)))
    how = (mark.measured, mark.deduction, int(mark.late.total_seconds()), "yes" if mark.overridden else "no")
    return (*who, mark.score, mark.max_score, mark.status, *how, mark.commit, mark.moment)
