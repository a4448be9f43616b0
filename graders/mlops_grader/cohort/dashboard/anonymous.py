"""A class without anything that says who is who: records with drawn labels, and no text, commit or place of anybody."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops_grader.check import heading
from mlops_grader.cohort.gradebook import Entry
from mlops_grader.cohort.records import Attempt, Change, Override, Settings, State, Student, Submission

START = datetime(2000, 1, 1, tzinfo=UTC)  # all instants are told as the time since a student's first grade
HOUR = timedelta(hours=1)
NOBODY = "0" * 40


def nameless(settings: Settings) -> Settings:
    """What a run was started with, without the places that it names, and without its secret."""
    return replace(
        settings, run="", roster="", submissions="", handout="", seed=0, deadline=None, until=None, started_at=START
    )


def anonymous(entries: Sequence[Entry]) -> list[Entry]:
    """The same class in another order, as "Student 1" and so on. The order is drawn anew each time and kept nowhere.

    The pages are made from these records alone, so that nothing else can get into them.
    """
    order = list(entries)
    random.SystemRandom().shuffle(order)
    return [_entry(entry, number) for number, entry in enumerate(order, 1)]


def _entry(entry: Entry, number: int) -> Entry:
    student = Student(f"student-{number}", "", f"Student {number}", row=number)
    attempts = _attempts(entry.attempts, student.id)
    current = next((own for own, each in zip(attempts, entry.attempts, strict=True) if each is entry.attempt), None)
    return Entry(
        student=student,
        submission=_submission(entry.submission, student.id) if entry.submission else None,
        attempt=current or _attempt_alone(entry.attempt, student.id),
        attempts=attempts,
        measured=entry.measured,
        max_score=entry.max_score,
        late=_rounded(entry.late),
        deduction=entry.deduction,
        override=_override(entry.override, student.id) if entry.override else None,
        final=entry.final,
        status=entry.status,
    )


def _attempt_alone(attempt: Attempt | None, student: str) -> Attempt | None:
    """The attempt that counts, when it is equal to one of the list and not the same object."""
    return _attempts([attempt], student)[0] if attempt else None


def _attempts(attempts: Sequence[Attempt], student: str) -> tuple[Attempt, ...]:
    first = next((each.ended_at for each in attempts if each.ended_at and each.state is State.GRADED), None)
    commits = {name: str(place) for place, name in enumerate(dict.fromkeys(each.commit for each in attempts), 1)}
    return tuple(
        Attempt(
            number=number,  # of the student: those of the run follow the roster
            student=student,
            module=each.module,
            key="",
            why=each.why,
            state=each.state,
            tries=each.tries,
            ended_at=START + _rounded(each.ended_at - first) if each.ended_at and first else None,
            commit=commits[each.commit],
            document=_document(each.document) if each.document else None,
            error="left out" if each.error else "",
        )
        for number, each in enumerate(attempts, 1)
    )


def _document(document: Mapping[str, Any]) -> dict[str, Any]:
    """The verdicts. What was found may quote anything; a seed can be worked out again from a student's name."""
    kept = ("id", "points", "max_points", "verdict", "blocked_by")
    checks = [
        {**_NO_WORDS, **{name: each[name] for name in kept}, "title": heading(each["id"])}
        for each in document["checks"]
    ]
    submission = {**document["submission"], "commit": None, "tree": NOBODY}
    same = {name: document[name] for name in ("schema", "grader", "authority", "score", "max_score")}
    return {
        **same,
        "submission": submission,
        "seed": 0,
        "started_at": "2000-01-01T00:00:00Z",
        "seconds": 0,
        "checks": checks,
    }


_NO_WORDS = {"found": "left out", "fix": "", "why": "", "lesson": "", "seconds": 0}


def _submission(found: Submission, student: str) -> Submission:
    return Submission(
        student=student,
        place="",
        late=_rounded(found.late),
        changes=tuple(Change("left out", change.how) for change in found.changes),
        problem="left out" if found.problem else "",
    )


def _override(override: Override, student: str) -> Override:
    return replace(override, student=student, reason="left out", author="left out", at=START)


def _rounded(span: timedelta) -> timedelta:
    """Whole hours, upwards: the second of a commit would give it away."""
    return -(-span // HOUR) * HOUR
