"""Records as text in a database, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from mlops_grader.cohort.records import Attempt, Change, Override, Settings, State, Student, Submission, Why


def text(record: Settings | Student | Submission) -> str:
    """The record as JSON; instants as ISO 8601, spans of time in seconds. In ASCII, since file names may be no Unicode."""
    return json.dumps(asdict(record), default=_plain)


def packed(value: object) -> str:
    """Plain data as short JSON. Raises TypeError and ValueError for what JSON cannot say."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def settings(document: str) -> Settings:
    """The settings that a text holds."""
    found = json.loads(document)
    return Settings(**{**found, **{name: instant(found.get(name)) for name in ("started_at", "deadline", "until")}})


def student(document: str) -> Student:
    """The student that a text holds."""
    return Student(**json.loads(document))


def submission(document: str) -> Submission:
    """The submission that a text holds."""
    found = json.loads(document)
    found["changes"] = tuple(Change(**change) for change in found["changes"])
    found["notes"] = tuple(found["notes"])
    found["late"] = timedelta(seconds=found["late"])
    found["committed_at"] = instant(found["committed_at"])
    return Submission(**found)


def attempt(row: sqlite3.Row) -> Attempt:
    """The attempt of a row."""
    found: dict[str, Any] = dict(row)
    found |= {name: instant(found[name]) for name in ("queued_at", "started_at", "ended_at")}
    found |= {"why": Why(found["why"]), "state": State(found["state"])}
    found |= {"document": _data(found["document"]), "phases": _data(found["phases"])}
    return Attempt(**found)


def override(row: sqlite3.Row) -> Override:
    """The override of a row."""
    found = dict(row)
    return Override(**{**found, "at": datetime.fromisoformat(found["at"])})


def instant(told: str | None) -> datetime | None:
    """The instant that a text names, None when there is none."""
    return datetime.fromisoformat(told) if told else None


def _data(told: str | None) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = json.loads(told) if told else None
    return found


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
