"""A person's decision about a score: with its reason, author and time, beside what was measured and never in its place."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_grader.capstone.rows import unknown
from mlops_grader.cohort import gradebook, ledger
from mlops_grader.cohort.gradebook import Entry
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import Override, Student
from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

if TYPE_CHECKING:
    from rich.console import Console

NONE = "none"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the step."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="the folder of the run")
    parser.add_argument("student", metavar="STUDENT", help="id or login")
    parser.add_argument("score", metavar="SCORE", help=f"points, or `{NONE}` to take an earlier decision back")
    parser.add_argument("--reason", required=True, help="why, for the student and whoever asks later")
    parser.add_argument("--author", required=True, metavar="NAME", help="who decided")


def run(options: argparse.Namespace, console: Console) -> int:
    """Write a decision down and show what follows from it. Raises UsageError."""
    with JobLog(options.run_folder) as log:
        entry = decide(log, options.student, options.score, options.reason, options.author)
        ledger.keep(log.folder, log.settings(), gradebook.rows(log))
    console.print(said(entry), markup=False, highlight=False, soft_wrap=True)
    return 0


def decide(log: JobLog, student: str, score: str, reason: str, author: str) -> Entry:
    """Add a decision to the log, and where the student stands with it. Raises UsageError; then nothing was written."""
    module = log.settings().module
    one = find(student, log.students())
    before = next(entry for entry in gradebook.rows(log) if entry.student.id == one.id)
    points = _points(score, before.max_score)
    if points is None and before.override is None:
        raise UsageError(f"there is no decision about {one.id} to take back")
    words = {name: " ".join(plain(text).split()) for name, text in (("reason", reason), ("author", author))}
    if blank := [name for name, text in words.items() if not text]:
        raise UsageError(f"--{blank[0]} is empty: a decision without {blank[0]} helps nobody who asks about it later")
    log.add_override(Override(one.id, module, points, at=datetime.now(UTC), **words))
    return next(entry for entry in gradebook.rows(log) if entry.student.id == one.id)


def find(name: str, students: Sequence[Student]) -> Student:
    """The student with that id or login. Raises UsageError that guesses."""
    wanted = name.strip().casefold()
    for one in students:
        if wanted in (one.id.casefold(), one.login.casefold()):
            return one
    alike = [one.id for one in students if wanted and wanted in one.name.casefold()]
    if len(alike) == 1:
        raise UsageError(f"there is no student `{plain(name)}`: did you mean `{alike[0]}`?")
    raise UsageError(unknown("student", name, [one.id for one in students]))


def said(entry: Entry) -> str:
    """A student's score in one line: what was measured, what lateness took, what was decided."""
    measured = "nothing measured" if entry.measured is None else f"{entry.measured} measured"
    parts = [measured, *([f"{entry.deduction} off for lateness"] * bool(entry.deduction))]
    if entry.override:
        parts.append(f"{entry.override.score} decided by {entry.override.author}: {entry.override.reason}")
    final = "no score" if entry.final is None else f"{entry.final} of {entry.max_score}"
    return plain(f"{entry.student.id} ({entry.student.name}): {final} ({'; '.join(parts)})")


def _points(score: str, most: int) -> int | None:
    if score.strip().casefold() == NONE:
        return None
    try:
        points = int(score)
    except ValueError:
        raise UsageError(f"`{plain(score)}` is no score: write whole points from 0 to {most}, or `{NONE}`") from None
    if not 0 <= points <= most:
        raise UsageError(f"{points} is no score here: write whole points from 0 to {most}, or `{NONE}`")
    return points
