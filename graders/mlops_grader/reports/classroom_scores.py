"""A class as the exports of Classroom 50 and of GitHub Classroom have it, for programs that read these."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_grader.reports import spreadsheet
from mlops_grader.reports.marks import Mark, halves, line
from mlops_grader.reports.spreadsheet import Exact

CLASSROOM50 = (
    "username", "first_name", "last_name", "email", "section", "score", "max_score", "datetime", "submission_tag", "submitted_by",
    "review_url", "late", "override",
)  # fmt: skip
GITHUB_CLASSROOM = (
    "assignment_name", "assignment_url", "starter_code_url", "github_username", "roster_identifier", "student_repository_name",
    "student_repository_url", "submission_timestamp", "points_awarded", "points_available",
)  # fmt: skip


def classroom50(marks: Sequence[Mark]) -> str:
    """One row for each student; who handed nothing in has empty cells after the section, as in the export itself."""
    return spreadsheet.table(CLASSROOM50, (_classroom50(mark) for mark in marks))


def github_classroom(marks: Sequence[Mark], assignment: str) -> str:
    """One row for each student."""
    return spreadsheet.table(GITHUB_CLASSROOM, (_github_classroom(mark, assignment) for mark in marks))


def _classroom50(mark: Mark) -> tuple[object, ...]:
    first, last = halves(line(mark.name))
    names = (line(mark.column("first_name")) or first, line(mark.column("last_name")) or last)
    who = (_login(mark), *names, line(mark.email), line(mark.section))
    if mark.score is None:
        return who + ("",) * (len(CLASSROOM50) - len(who))
    late, override = "true" if mark.late else "false", "true" if mark.overridden else ""
    return (*who, mark.score, mark.max_score, mark.moment, "", "", mark.commit_page, late, override)


def _github_classroom(mark: Mark, assignment: str) -> tuple[object, ...]:
    identifier = spreadsheet.exact(mark.column("identifier"))
    who = (_login(mark), Exact(identifier) if identifier else line(mark.name))
    place = (mark.repository.rpartition("/")[2], mark.repository)
    return (line(assignment), "", "", *who, *place, mark.moment, mark.score, mark.max_score)


def _login(mark: Mark) -> str:
    """The login as it is where a table can hold it."""
    known = spreadsheet.exact(mark.login)
    return line(mark.login) if known is None else Exact(known)
