"""An invented run of a class in a real job log: students, what they handed in, attempts and their results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlops_grader.check import Verdict
from mlops_grader.cohort.gradebook import Entry, rows
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import Returned, Settings, Student, Submission, Why
from mlops_grader.result import Graded, Outcome, Result

KEY = "m06_containers"
DEADLINE = datetime(2026, 11, 20, 18, tzinfo=UTC)
ADA = Student("ada", "Ada", "Ada Lovelace", "ada@example.org", "A", 2)
BOB = Student("bob", "bob", "Bob Kahn", "bob@example.org", "B", 3)
EVE = Student("row-4", "", "Eve", row=4)
SETTINGS = Settings("test", KEY, 7, "roster.csv", "submissions", DEADLINE, DEADLINE)
HOSTILE = (
    '=HYPERLINK("http://evil","x")', "+1-1", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", " =1+1", "\t=1", "Lovelace, Ada", 'Ada "the" first',
    "two\nlines", "\u202eadA", "a\x00b", "\U0001f600 Ada", "    Points Possible", "<script>alert(1)</script>", "| a | b |", "'quoted",
    "\x1b[31mred", "![x](http://evil)",
)  # fmt: skip


def outcome(name: str, points: int, found: str = "") -> Outcome:
    """How an invented check ended: passed with all of its points, or failed when it has none."""
    verdict = Verdict.PASSED if points else Verdict.FAILED
    said = found or ("" if points else "no")
    return Outcome(
        f"test_{name}", "It holds.", points, points or 1, verdict, said, "", "It matters.", f"lessons/{KEY}.md#x", None, 1.5
    )  # fmt: skip


def result(builds: int = 50, stops: int = 50, **changes: Any) -> Result:
    """A result with these points for `image_builds` and `stops_when_asked`; what is left of 100 is for one that failed."""
    found = changes.pop("found", "")
    checks = [outcome("image_builds", builds, found), outcome("stops_when_asked", stops, found)]
    if left := 100 - sum(each.max_points for each in checks):
        checks.append(replace(outcome("becomes_ready", 0, "no answer"), max_points=left))
    made = Result(
        "0.1.0+abc", Graded("f" * 40, "e" * 40, True, KEY), "record", 11, "2026-11-21T12:00:00Z", 12.25, tuple(checks)
    )
    return replace(made, **changes)


def submission(student: Student, **changes: Any) -> Submission:
    """What was found for a student: the commit `ccc...` in time, in a repository of their own."""
    made = Submission(
        student.id, f"https://github.com/mlops/{KEY}-{student.id}", "c" * 40, "d" * 40, DEADLINE - timedelta(hours=1), "e" * 40
    )  # fmt: skip
    return replace(made, **changes)


def grade(log: JobLog, found: Submission, outcome: Result | str, why: Why = Why.FIRST, key: str = "key") -> None:
    """Add an attempt that ended with a result, or in an error with these words."""
    log.queue([(found, key, why)], KEY)
    attempt = log.attempts(found.student)[-1]
    log.start(attempt.number, "worker")
    told = Returned(outcome.document()) if isinstance(outcome, Result) else Returned(None, outcome)
    log.end(attempt.number, told)


@contextmanager
def run(
    folder: Path, students: Iterable[Student] = (ADA, BOB, EVE), found: Iterable[Submission] = (), **settings: Any
) -> Any:
    """A run of that class, open, in which these submissions were found."""
    with JobLog(folder, make=True) as log:
        log.begin(replace(SETTINGS, **settings), tuple(students))
        log.take_in(found)
        yield log


def entries(log: JobLog) -> Mapping[str, Entry]:
    """The gradebook by student."""
    return {entry.student.id: entry for entry in rows(log)}
