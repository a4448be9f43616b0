"""What a run of a class is made of: students, what they handed in, how it was graded, and what people decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from mlops_grader import result
from mlops_grader.result import Result


class State(StrEnum):
    """Where an attempt to grade stands. `ERROR` is for a person to look at: the grader or the machine could not do it."""

    QUEUED = "queued"
    RUNNING = "running"
    GRADED = "graded"
    ERROR = "error"


class Why(StrEnum):
    """Why something is graded: the first time, since it changed, after an error, or once more on purpose."""

    FIRST = "first"
    CHANGED = "changed"
    FAILED = "rerun-failed"
    REGRADE = "regrade"


@dataclass(frozen=True)
class Student:
    """A row of the roster.

    id: names the student in the whole run: the login in lower case; without a login, `row-12`. It is safe as a file name.
    extra: every other column of the roster as it was, by its header (`github_id`, `SIS User ID`, ...).
    """

    id: str
    login: str
    name: str
    email: str = ""
    section: str = ""
    row: int = 0
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """A given file that was not as the course gave it, and was restored: `edited`, `deleted` or `added` beside the given ones."""

    path: str
    how: str


@dataclass(frozen=True)
class Submission:
    """What was found for a student, at the commit that counts.

    place: folder, archive or address from which it came. commit, tree, committed_at: of the student's own commit.
    graded_tree: git's hash of what is graded, given files restored. late: time after the deadline, zero when in time.
    problem: why there is nothing to grade, in a sentence for staff; then commit, trees and instant are empty.
    parcel: the file in the run's folder that holds what is graded, a git bundle; empty when there is nothing.
    notes: what staff should know, such as commits after the deadline.
    """

    student: str
    place: str
    commit: str = ""
    tree: str = ""
    committed_at: datetime | None = None
    graded_tree: str = ""
    late: timedelta = timedelta()
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    parcel: str = ""


@dataclass(frozen=True)
class Attempt:
    """One grade of one submission, whether it came to an end or not. Attempts are never changed once they ended.

    number: counts up in the whole run. key: the hash of all that decides the outcome (tree, module, seed, grader, image).
    document: the result document (`mlops-grader/result/v1`, authority `record`); None unless graded.
    error: what a person has to look at. phases: seconds by phase. log: the end of what the grader printed.
    """

    number: int
    student: str
    module: str
    key: str
    why: Why
    state: State
    tries: int = 0
    queued_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    worker: str = ""
    commit: str = ""
    document: Mapping[str, Any] | None = None
    error: str = ""
    phases: Mapping[str, float] = field(default_factory=dict)
    log: str = ""

    @cached_property
    def result(self) -> Result | None:
        """The result that the document describes."""
        return result.from_document(dict(self.document)) if self.document else None


@dataclass(frozen=True)
class Override:
    """A decision of a person about a student's score in a module. It stands beside the measured grade and never replaces it.

    score: None takes an earlier decision back.
    """

    student: str
    module: str
    score: int | None
    reason: str
    author: str
    at: datetime


@dataclass(frozen=True)
class Settings:
    """What a run was started with, written once. seed: secret until the grades are out; each student's is derived from it.

    deadline: what comes later is late. until: what comes later still is not looked at; None, when nothing is too late.
    """

    run: str
    module: str
    seed: int
    roster: str
    submissions: str
    started_at: datetime
    deadline: datetime | None = None
    late: str = "none"
    disposable: bool = False
    handout: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class CellOrder:
    """What a worker is asked: grade one parcel. memory and disk in bytes, memory with swap; seconds until it is ended from outside."""

    run: str
    student: str
    module: str
    seed: int
    disposable: bool = False
    seconds: float = 3600.0
    memory: int = 8 * 2**30
    cpus: float = 1.0
    disk: int = 4 * 2**30


@dataclass(frozen=True)
class Returned:
    """What a worker answers. document: None when nothing could be said; then `error` has words for a person.

    retry: whether it was the machine's or the grader's fault, so that another try may succeed.
    """

    document: Mapping[str, Any] | None
    error: str = ""
    retry: bool = False
    phases: Mapping[str, float] = field(default_factory=dict)
    log: str = ""
    worker: str = ""
