"""The formats in which a class leaves the gradebook for another system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.cohort import late, ledger
from mlops_grader.cohort.gradebook import ABSENT, Entry
from mlops_grader.cohort.places import Repository, repository
from mlops_grader.cohort.records import Settings
from mlops_grader.reports import canvas, classroom_scores, plain_csv, spreadsheet
from mlops_grader.reports.marks import Mark


@dataclass(frozen=True)
class Asked:
    """What an export is asked for: the run's settings and folder, the assignment's name there, and what stands for nothing."""

    settings: Settings
    assignment: str
    missing_as_zero: bool
    run: Path


Text = tuple[str, tuple[str, ...]]  # the file, and what staff should know about it


def marks(entries: Sequence[Entry], asked: Asked) -> list[Mark]:
    """What class lists say of each student."""
    return [_mark(entry, zero=asked.missing_as_zero) for entry in entries]


def mark_notes(entries: Sequence[Entry], asked: Asked) -> tuple[str, ...]:
    """A sentence for each student who has no score in an export, or one that may not last."""
    told = []
    for entry in entries:
        if entry.final is None and not (asked.missing_as_zero and entry.status == ABSENT):
            told.append(f"{entry.student.id} ({entry.student.name}): {entry.status}, no score")
        elif entry.status not in ("graded", ABSENT) and not entry.override:
            told.append(
                f"{entry.student.id} ({entry.student.name}): {entry.status}, the score is that of an earlier attempt"
            )
    return tuple(told)


def _nameless(entries: Sequence[Entry]) -> tuple[str, ...]:
    """A sentence for each student whom a classroom cannot find."""
    return tuple(
        f"{entry.student.id} ({entry.student.name}): the roster has no login, so the username is empty"
        for entry in entries
        if not entry.student.login
    )


def _mark(entry: Entry, *, zero: bool) -> Mark:
    student, submission = entry.student, entry.submission
    place = _place(entry)
    commit = (entry.attempt.commit if entry.attempt else "") or (submission.commit if submission else "")
    same = submission is not None and submission.commit == commit
    return Mark(
        id=student.id,
        login=student.login,
        name=student.name,
        score=0 if entry.final is None and zero and entry.status == ABSENT else entry.final,
        max_score=entry.max_score,
        status=entry.status,
        email=student.email,
        section=student.section,
        measured=entry.measured,
        deduction=entry.deduction,
        overridden=entry.override is not None,
        late=entry.late,
        commit=commit,
        committed_at=submission.committed_at if submission and same else None,
        repository=place.address if place else "",
        commit_page=place.commit(commit) if place and commit else "",
        roster=student.extra,
    )


def _place(entry: Entry) -> Repository | None:
    return repository(entry.submission.place) if entry.submission else None


def _plain(entries: Sequence[Entry], asked: Asked) -> Text:
    return plain_csv.of_class(marks(entries, asked)), mark_notes(entries, asked)


def _canvas(entries: Sequence[Entry], asked: Asked) -> Text:
    text, notes = canvas.document(marks(entries, asked), asked.assignment)
    return text, (*mark_notes(entries, asked), *notes)


def _classroom50(entries: Sequence[Entry], asked: Asked) -> Text:
    return classroom_scores.classroom50(marks(entries, asked)), (*mark_notes(entries, asked), *_nameless(entries))


def _github_classroom(entries: Sequence[Entry], asked: Asked) -> Text:
    return classroom_scores.github_classroom(marks(entries, asked), asked.assignment), (
        *mark_notes(entries, asked),
        *_nameless(entries),
    )


def _stable(entries: Sequence[Entry], asked: Asked) -> Text:
    """Every attempt without times: what a run that was cut off and went on must have in common with one that was not."""
    return ledger.csv(ledger.comparable(ledger.table(asked.settings, entries))), ()


def _tokens(entries: Sequence[Entry], asked: Asked) -> Text:
    """Tokens that each student has spent up to and with this run: the file for the next module's run."""
    path = asked.run / late.SPENT
    before = late.spent(path) if path.is_file() else {}
    rows = ((entry.student.id, before.get(entry.student.id, 0) + entry.tokens) for entry in entries)
    return spreadsheet.table(late.SPENT_COLUMNS.known, rows), ()


FORMATS: Mapping[str, Callable[[Sequence[Entry], Asked], Text]] = {
    "plain": _plain,
    "canvas": _canvas,
    "classroom50": _classroom50,
    "github-classroom": _github_classroom,
    "stable": _stable,
    "tokens": _tokens,
}
