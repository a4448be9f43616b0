"""Every attempt of every student as one table: `gradebook.csv` for spreadsheets and `gradebook.parquet` for programs, alike."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlops_grader.check import checks_in
from mlops_grader.cohort.gradebook import Entry
from mlops_grader.cohort.records import Attempt, Settings
from mlops_grader.grading import module_named
from mlops_grader.plain import plain
from mlops_grader.reports import spreadsheet

TEXT, WHOLE, NUMBER, YES = pa.string(), pa.int64(), pa.float64(), pa.bool_()
INSTANT = pa.timestamp("us", tz="UTC")
COLUMNS: Mapping[str, pa.DataType] = {
    **dict.fromkeys(("student", "login", "name", "email", "section", "module"), TEXT),
    "current": YES,
    "status": TEXT,
    "attempt": WHOLE,
    "why": TEXT,
    "state": TEXT,
    "commit": TEXT,
    "committed_at": INSTANT,
    "late_seconds": WHOLE,
    "graded_tree": TEXT,
    "measured": WHOLE,
    "max_score": WHOLE,
    "deduction": WHOLE,
    "tokens": WHOLE,
    "override_score": WHOLE,
    "override_reason": TEXT,
    "override_author": TEXT,
    "override_at": INSTANT,
    "final": WHOLE,
    "seed": WHOLE,
    "grader": TEXT,
    "seconds": NUMBER,
    "tries": WHOLE,
    "worker": TEXT,
    **dict.fromkeys(("queued_at", "started_at", "ended_at"), INSTANT),
    "given_changed": TEXT,
    "notes": TEXT,
    "problem": TEXT,
    "error": TEXT,
    "checks": TEXT,
}
# what depends on the machine, the hour, or how often a run was interrupted
CHANCE = ("attempt", "seconds", "tries", "worker", "queued_at", "started_at", "ended_at", "override_at")
CSV, PARQUET = "gradebook.csv", "gradebook.parquet"
VERDICT = "verdict_"

Line = Mapping[str, Any]


def table(settings: Settings, entries: Sequence[Entry]) -> pa.Table:
    """One row for each attempt, in the order of the roster and then of the attempts; one for each student without any.

    `current` is true in exactly one row of each student: it holds the deduction, the decision and the final score.
    """
    lines = [line for entry in entries for line in _lines(entry, settings.module)]
    known = [check.id for check in checks_in(module_named(settings.module))]
    ids = dict.fromkeys([f"{VERDICT}{_short(each)}" for each in known])
    ids |= dict.fromkeys(sorted(name for line in lines for name in line if name.startswith(VERDICT)))
    schema = pa.schema([*COLUMNS.items(), *((name, TEXT) for name in ids)])
    return pa.Table.from_pylist([dict(line) for line in lines], schema=schema)


def csv(found: pa.Table) -> str:
    """The table as CSV in which no cell can pass for a formula; instants in UTC as ISO 8601."""
    return spreadsheet.table(found.column_names, ([_cell(row[name]) for name in row] for row in found.to_pylist()))


def parquet(found: pa.Table) -> bytes:
    """The table as Parquet: the same bytes for the same table."""
    file = io.BytesIO()
    pq.write_table(found, file, compression="zstd")
    return file.getvalue()


def comparable(found: pa.Table) -> pa.Table:
    """What two runs of the same class with the same seed must agree on, however often they were interrupted: without times."""
    return found.drop_columns([name for name in CHANCE if name in found.column_names])


def keep(folder: Path, settings: Settings, entries: Sequence[Entry]) -> tuple[Path, Path]:
    """Write both files into the run's folder, each whole or not at all."""
    found = table(settings, entries)
    write_bytes(folder / CSV, csv(found).encode())
    write_bytes(folder / PARQUET, parquet(found))
    return folder / CSV, folder / PARQUET


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file in one step, so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _lines(entry: Entry, module: str) -> Iterator[Line]:
    counts = entry.attempt or (entry.attempts[-1] if entry.attempts else None)
    for attempt in entry.attempts or (None,):
        line = _student(entry, module) | {"current": attempt is counts}
        if attempt:
            line |= _attempt(attempt)
        if entry.submission and (attempt is None or attempt.commit in ("", entry.submission.commit)):
            line |= _submission(entry)
        if attempt is counts:
            line |= _decided(entry)
        yield {name: plain(value) if isinstance(value, str) else value for name, value in line.items()}


def _student(entry: Entry, module: str) -> dict[str, Any]:
    one = entry.student
    return {
        "student": one.id,
        "login": one.login,
        "name": one.name,
        "email": one.email,
        "section": one.section,
        "module": module,
        "status": entry.status,
        "max_score": entry.max_score,
    }


def _submission(entry: Entry) -> dict[str, Any]:
    found = entry.submission
    if found is None:
        return {}
    return {
        "commit": found.commit or None,
        "committed_at": found.committed_at,
        "late_seconds": max(int(found.late.total_seconds()), 0),
        "graded_tree": found.graded_tree or None,
        "given_changed": json.dumps([asdict(each) for each in found.changes], ensure_ascii=False)
        if found.changes
        else None,
        "notes": "\n".join(found.notes) or None,
        "problem": found.problem or None,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    line = {
        "attempt": attempt.number,
        "why": attempt.why.value,
        "state": attempt.state.value,
        "commit": attempt.commit or None,
        "tries": attempt.tries,
        "worker": attempt.worker or None,
        "queued_at": attempt.queued_at,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "error": attempt.error or None,
    }
    return line | (_result(attempt) if attempt.result else {})


def _result(attempt: Attempt) -> dict[str, Any]:
    result = attempt.result
    if result is None:
        return {}
    checks = [
        {"id": each.id, "verdict": each.verdict.value, "points": each.points, "max_points": each.max_points}
        for each in result.checks
    ]
    verdicts = {f"{VERDICT}{_short(each.id)}": each.verdict.value for each in result.checks}
    return {
        "measured": result.score,
        "seed": result.seed,
        "grader": result.grader,
        "seconds": result.seconds,
        "checks": json.dumps(checks, ensure_ascii=False),
        **verdicts,
    }


def _decided(entry: Entry) -> dict[str, Any]:
    line: dict[str, Any] = {"final": entry.final}
    if entry.measured is not None:
        line |= {"deduction": entry.deduction, "tokens": entry.tokens}
    if entry.override:
        override = entry.override
        line |= {
            "override_score": override.score,
            "override_reason": override.reason,
            "override_author": override.author,
            "override_at": override.at,
        }
    return line


def _short(check: str) -> str:
    return check.removeprefix("test_")


def _cell(value: Any) -> object:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
