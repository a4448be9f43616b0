"""The gradebook: where each student of a run stands, what was measured, what lateness took and what people decided."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from mlops_grader.check import checks_in
from mlops_grader.cohort import late
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.late import Cost, LatePolicy
from mlops_grader.cohort.records import Attempt, Override, State, Student, Submission
from mlops_grader.grading import CAPSTONE, module_named
from mlops_grader.reports.marks import line

if TYPE_CHECKING:
    from rich.console import Console

GRADED, ABSENT, ERROR, WAITING = "graded", "not handed in", "error", "waiting"


@dataclass(frozen=True)
class Entry:
    """A student in the gradebook.

    attempt: the one that counts, the last that was graded. measured: what it earned; nothing ever changes that.
    late: how late the graded commit is; deduction: whole points that this costs, `words` how; tokens: that it took.
    override: the decision that stands, if one does. final: the override, or what was measured less the deduction; None
    when there is neither. status: graded; not handed in; error (the last try needs a person, `measured` is of an earlier one, if
    there is one); waiting. look: what staff should look at.
    """

    student: Student
    submission: Submission | None
    attempt: Attempt | None
    attempts: tuple[Attempt, ...]
    measured: int | None
    max_score: int
    late: timedelta
    deduction: int
    override: Override | None
    final: int | None
    status: str
    words: str = ""
    tokens: int = 0
    look: tuple[str, ...] = ()


def rows(log: JobLog) -> list[Entry]:
    """An entry for every student, in the order of the roster."""
    settings, submissions = log.settings(), log.submissions()
    policy = late.policy(settings.late, log.folder)
    most, decided = max_score(settings.module), standing(log.overrides(), settings.module)
    attempts: dict[str, list[Attempt]] = {}
    for attempt in log.attempts():
        attempts.setdefault(attempt.student, []).append(attempt)
    return [
        _entry(each, submissions.get(each.id), tuple(attempts.get(each.id, ())), decided.get(each.id), policy, most)
        for each in log.students()
    ]


@cache
def max_score(module: str) -> int:
    """The points that a module is worth, from the grader's own list of checks."""
    return sum(check.points for check in checks_in(module_named(module)))


def standing(overrides: Sequence[Override], module: str) -> Mapping[str, Override]:
    """The decision that stands for each student: the last one, unless it takes the one before it back."""
    last = {each.student: each for each in overrides if each.module == module}
    return {student: each for student, each in last.items() if each.score is not None}


def _entry(
    student: Student,
    submission: Submission | None,
    attempts: tuple[Attempt, ...],
    override: Override | None,
    policy: LatePolicy,
    most: int,
) -> Entry:
    attempt = next((each for each in reversed(attempts) if each.state is State.GRADED), None)
    result = attempt.result if attempt else None
    if result and attempt and attempt.module == CAPSTONE:
        most = result.max_score  # a team's own product has the checks that speak of any product
    measured = min(max(result.score, 0), most) if result else None
    lateness = _lateness(submission, attempt)
    cost = Cost() if measured is None else late.cost(policy, student.id, lateness, measured)
    return Entry(
        student=student,
        submission=submission,
        attempt=attempt,
        attempts=attempts,
        measured=measured,
        max_score=most,
        late=lateness,
        deduction=cost.points,
        override=override,
        final=_final(measured, cost, override, most),
        status=_status(submission, attempts),
        words=cost.words,
        tokens=cost.tokens,
        look=tuple(_look(submission, attempt, attempts, most)),
    )


def _final(measured: int | None, cost: Cost, override: Override | None, most: int) -> int | None:
    if override and override.score is not None:
        return min(max(override.score, 0), most)
    return None if measured is None else measured - cost.points


def _lateness(submission: Submission | None, attempt: Attempt | None) -> timedelta:
    """How late the commit is that counts; of one that was handed in before a later one nothing is known any more."""
    if submission is None or (attempt and not _is_of(attempt, submission)):
        return timedelta()
    return max(submission.late, timedelta())


def _is_of(attempt: Attempt, submission: Submission) -> bool:
    return not attempt.commit or attempt.commit == submission.commit


def _status(submission: Submission | None, attempts: Sequence[Attempt]) -> str:
    if not attempts:
        return ABSENT if submission is None or submission.problem else WAITING
    return {State.GRADED: GRADED, State.ERROR: ERROR}.get(attempts[-1].state, WAITING)


def _look(submission: Submission | None, attempt: Attempt | None, attempts: Sequence[Attempt], most: int) -> list[str]:
    found = []
    if submission and submission.problem:
        found.append(submission.problem)
    if attempts and attempts[-1].state is State.ERROR:
        found.append(f"attempt {attempts[-1].number} ended in an error: {attempts[-1].error}")
    if attempt and submission and submission.commit and not _is_of(attempt, submission):
        found.append(f"commit {attempt.commit[:10]} counts, and {submission.commit[:10]} was handed in since")
    if attempt and attempt.result and attempt.result.max_score != most:
        found.append(f"only checks worth {attempt.result.max_score} of {most} points were asked of this product")
    return found


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the step."""
    from mlops_grader.cohort import exports

    parser.add_argument("run_folder", type=Path, metavar="RUN", help="the folder of the run")
    parser.add_argument(
        "--as", dest="format", choices=sorted(exports.FORMATS), help="write the class in this format, and no gradebook"
    )
    parser.add_argument("--to", type=Path, metavar="FILE", help="where that goes (default: standard output)")
    parser.add_argument(
        "--assignment", metavar="NAME", help='its name in the other system, such as "Containers (4711)" in Canvas'
    )
    parser.add_argument(
        "--missing-as-zero", action="store_true", help="give who handed nothing in 0 points there (default: no score)"
    )


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the gradebook of a run, or its class in the format of another system. Raises UsageError."""
    from mlops_grader.cohort import exports, ledger

    with JobLog(options.run_folder) as log:
        entries, settings = rows(log), log.settings()
        told = [_count(entries), *written(log)] if options.format is None else []
    if options.format is None:
        for words in told:
            console.print(words, markup=False, highlight=False, soft_wrap=True)
        return 0
    asked = exports.Asked(settings, options.assignment or settings.module, options.missing_as_zero, options.run_folder)
    text, notes = exports.FORMATS[options.format](entries, asked)
    for note in notes:
        sys.stderr.write(f"{line(note)}\n")
    if options.to:
        ledger.write_bytes(options.to, text.encode())
    else:
        console.file.write(text)
    return 0


def written(log: JobLog) -> list[str]:
    """Write the two files of a run; what a person reads after it: the scores, a line for each thing to look at, where the files are."""
    from mlops_grader.cohort import ledger

    entries = rows(log)
    paths = ledger.keep(log.folder, log.settings(), entries)
    finals = sorted(entry.final for entry in entries if entry.final is not None)
    scores = (
        [f"Scores: {finals[0]} to {finals[-1]} of {entries[0].max_score}, median {median(finals):g}"] if finals else []
    )
    look = [line(f"{entry.student.id}: {words}") for entry in entries for words in entry.look]
    return [*scores, *look, *(f"Written: {path}" for path in paths)]


def _count(entries: Sequence[Entry]) -> str:
    """How many stand where."""
    count = Counter(entry.status for entry in entries)
    return f"{len(entries)} students: " + ", ".join(
        f"{count[word]} {word}" for word in (GRADED, WAITING, ERROR, ABSENT)
    )
