"""The job log of a run: who is in the class, what they handed in, and every attempt to grade it, in one SQLite file."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import filelock

from mlops_grader.cohort import joblog_file, recorded
from mlops_grader.cohort.records import (
    Attempt,
    Override,
    Returned,
    Settings,
    State,
    Student,
    Submission,
    Why,
)
from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

FILE = "run.db"
_COLUMNS = (
    'number, student, module, key, why, state, tries, queued_at, started_at, ended_at, worker, "commit", '
    "document, error, phases, log"
)
_OUTLINE = _COLUMNS.replace("document", "NULL AS document").replace("log", "'' AS log")


class JobLog:
    """The log of one run, open until the `with` block ends.

    path: the run's folder, or `run.db` in it. make: begin an empty one when there is none. Each method that writes is one
    transaction, on the disk when it returns. Raises UsageError when there is no log, when it is damaged, or none of ours.
    """

    def __init__(self, path: Path, *, make: bool = False) -> None:
        self.file = path if path.name == FILE else path / FILE
        self.folder = self.file.parent
        if make:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self.file.exists():
                self.folder.joinpath(".gitignore").write_text(
                    "*\n", encoding="utf-8"
                )  # grades and names, never to be committed
        elif not self.file.is_file():
            raise UsageError(
                f"there is no run in `{self.folder}`: name the folder that was given to `cohort grade --out`"
            )
        self._data = joblog_file.opened(self.file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was written is there anyhow."""
        self._data.close()

    # what is there

    def settings(self) -> Settings:
        """What the run was started with."""
        if (found := self.settings_or_none()) is None:
            raise UsageError(f"`{self.file}` is empty: its first start was cut off. Start the run again")
        return found

    def students(self) -> tuple[Student, ...]:
        """The class, in the order of the roster."""
        return tuple(recorded.student(row[0]) for row in self._rows("SELECT document FROM student ORDER BY place, id"))

    def submissions(self) -> Mapping[str, Submission]:
        """What was found for each student at the last intake."""
        rows = self._rows(
            "SELECT submission.student, submission.document FROM submission JOIN student ON id = student ORDER BY place"
        )
        return {row[0]: recorded.submission(row[1]) for row in rows}

    def strays(self) -> tuple[str, ...]:
        """What lay among the submissions and belongs to nobody."""
        return tuple(row[0] for row in self._rows("SELECT name FROM stray ORDER BY name"))

    def attempts(self, student: str | None = None) -> tuple[Attempt, ...]:
        """All attempts, or a student's, in the order in which they were asked for."""
        return self._attempts(_COLUMNS, student)

    def outline(self, student: str | None = None) -> tuple[Attempt, ...]:
        """The same without documents and logs: enough to plan with, and small."""
        return self._attempts(_OUTLINE, student)

    def attempt(self, number: int) -> Attempt:
        """One attempt. Raises LookupError when there is none of that number."""
        if not (rows := self._rows(f"SELECT {_COLUMNS} FROM attempt WHERE number = ?", (number,))):  # noqa: S608  # our own words
            raise LookupError(f"there is no attempt {number}")
        return recorded.attempt(rows[0])

    def overrides(self) -> tuple[Override, ...]:
        """What people decided, in the order in which they did."""
        rows = self._rows("SELECT student, module, score, reason, author, at FROM override ORDER BY number")
        return tuple(recorded.override(row) for row in rows)

    # what is written

    def begin(self, settings: Settings, students: Sequence[Student]) -> Settings:
        """Write down what the run is started with; the settings of a run that goes on, with students that are new in its roster.

        Raises UsageError, naming the difference, when it was started with something else.
        """
        with self._change():
            if kept := self.settings_or_none():
                _must_agree(kept, settings)
                self._must_hold(students)
            else:
                self._data.execute("INSERT INTO settings VALUES (1, ?)", (recorded.text(settings),))
            self._data.executemany(
                "INSERT INTO student VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET place = excluded.place, document = excluded.document",
                [(each.id, place, recorded.text(each)) for place, each in enumerate(students)],
            )
        return kept or settings

    def take_in(self, submissions: Iterable[Submission], strays: Iterable[str] = ()) -> None:
        """Write down what an intake found: a student's newest stands, and the strays are those of this intake."""
        with self._change():
            self._data.executemany(
                "INSERT INTO submission VALUES (?, ?) ON CONFLICT DO UPDATE SET document = excluded.document",
                [(each.student, recorded.text(each)) for each in submissions],
            )
            self._data.execute("DELETE FROM stray")
            self._data.executemany("INSERT OR IGNORE INTO stray VALUES (?)", [(plain(name),) for name in strays])

    def queue(self, asked: Iterable[tuple[Submission, str, Why]], module: str) -> None:
        """Ask for a grade of each submission, given with its key and why it is graded. One that waits already is not asked for twice."""
        now = _now()
        with self._change():
            self._data.executemany(
                'INSERT INTO attempt (student, module, key, why, queued_at, "commit") VALUES (?, ?, ?, ?, ?, ?) '
                "ON CONFLICT (student) WHERE state IN ('queued', 'running') DO NOTHING",
                [(each.student, module, key, why.value, now, each.commit) for each, key, why in asked],
            )

    def renew(self, keys: Mapping[int, tuple[str, str]]) -> None:
        """Give attempts that still wait another key and commit, by number: what was handed in changed before they began."""
        with self._change():
            self._data.executemany(
                "UPDATE attempt SET key = ?, \"commit\" = ? WHERE number = ? AND state = 'queued'",
                [(*new, number) for number, new in keys.items()],
            )

    def start(self, number: int, worker: str) -> None:
        """An attempt begins at a worker."""
        self._move(
            "state = 'running', tries = tries + 1, started_at = ?, worker = ?", (_now(), worker), number, State.QUEUED
        )

    def again(self, number: int) -> None:
        """An attempt that could not come to an end waits once more."""
        self._move("state = 'queued'", (), number, State.RUNNING)

    def end(self, number: int, returned: Returned) -> None:
        """An attempt has ended: graded with its document, or an error for a person. Raises ValueError for what is no JSON."""
        document = None if returned.document is None else recorded.packed(returned.document)
        error = "" if document else returned.error or "the grader said nothing"
        values = (State.GRADED if document else State.ERROR, _now(), document, error)
        told = (recorded.packed(dict(returned.phases)), returned.log, returned.worker)
        self._move(
            "state = ?, ended_at = ?, document = ?, error = ?, phases = ?, log = ?, worker = coalesce(nullif(?, ''), worker)",
            (*values, *told),
            number,
            State.RUNNING,
        )

    def recover(self) -> int:
        """Queue again what ran when an earlier process died; how many they are. Only who holds the run may do so."""
        with self._change():
            return self._data.execute("UPDATE attempt SET state = 'queued' WHERE state = 'running'").rowcount

    def add_override(self, override: Override) -> None:
        """Write down a person's decision. Raises UsageError for a student who is not in the class."""
        with self._change():
            if not self._data.execute("SELECT 1 FROM student WHERE id = ?", (override.student,)).fetchone():
                raise UsageError(f"there is no student `{override.student}` in `{self.file}`")
            self._data.execute(
                "INSERT INTO override (student, module, score, reason, author, at) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    override.student,
                    override.module,
                    override.score,
                    override.reason,
                    override.author,
                    override.at.isoformat(),
                ),
            )

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Be the one process that grades this run. Raises UsageError that names the process that does already.

        The lock is the operating system's: it goes with its holder, however that one ended.
        """
        lock = filelock.FileLock(self.folder / ".run.lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise UsageError(
                f"{self._holder()} grades `{self.folder}` already: wait for it, or stop it with Ctrl-C"
            ) from None
        try:
            joblog_file.sound(self._data, self.file)
            with self._change():
                self._data.execute("REPLACE INTO holder VALUES (1, ?)", (json.dumps(_myself()),))
            yield
        finally:
            with contextlib.suppress(UsageError), self._change():
                self._data.execute("DELETE FROM holder")
            lock.release()

    # how

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        with joblog_file.understood(self.file):
            return self._data.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _change(self) -> Iterator[None]:
        """One transaction, whole or not at all."""
        with joblog_file.understood(self.file):
            self._data.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._data.execute("ROLLBACK")
                raise
            self._data.execute("COMMIT")

    def _move(self, change: str, values: Sequence[object], number: int, before: State) -> None:
        """Change one attempt that is in a state. Raises LookupError when it is in another: then something was about to count twice."""
        with self._change():
            query = f"UPDATE attempt SET {change} WHERE number = ? AND state = ?"  # noqa: S608  # our own words
            if self._data.execute(query, (*values, number, before.value)).rowcount != 1:
                raise LookupError(f"attempt {number} is not {before.value}")

    def _attempts(self, columns: str, student: str | None) -> tuple[Attempt, ...]:
        where, values = ("WHERE student = ?", (student,)) if student is not None else ("", ())
        return tuple(
            recorded.attempt(row)
            for row in self._rows(f"SELECT {columns} FROM attempt {where} ORDER BY number", values)  # noqa: S608  # our own words
        )

    def settings_or_none(self) -> Settings | None:
        """What the run was started with, None when that was not written down yet."""
        rows = self._rows("SELECT document FROM settings")
        return recorded.settings(rows[0][0]) if rows else None

    def _must_hold(self, students: Sequence[Student]) -> None:
        """Raise UsageError when somebody who was in the class is not any more: nobody is dropped silently."""
        now = {each.id for each in students}
        if gone := [each.id for each in self.students() if each.id not in now]:
            named = ", ".join(gone[:10]) + (f" and {len(gone) - 10} more" if len(gone) > 10 else "")
            raise UsageError(
                f"the roster lacks {named}, of whom `{self.folder}` knows: name one that has them with --roster, or choose another --out"
            )

    def _holder(self) -> str:
        rows = self._rows("SELECT document FROM holder")
        if not rows:
            return "another process"
        told: dict[str, Any] = json.loads(rows[0][0])
        return f"process {told['process']} on {told['machine']} (since {told['since']})"


def current(log: JobLog) -> Mapping[str, Attempt]:
    """The attempt that counts for each student who has one: the last that was graded."""
    return {each.student: each for each in log.attempts() if each.state is State.GRADED}


def _must_agree(kept: Settings, now: Settings) -> None:
    for name, option in (("module", "--module"), ("seed", "--seed"), ("deadline", "--deadline"), ("late", "--late")):
        before, after = getattr(kept, name), getattr(now, name)
        if before != after:
            raise UsageError(
                f"this run was started with {option} {before}, and now it is {after}: leave {option} out, or choose another --out"
            )


def _myself() -> dict[str, object]:
    return {"process": os.getpid(), "machine": socket.gethostname(), "since": _now()}


def _now() -> str:
    return datetime.now(UTC).isoformat()
