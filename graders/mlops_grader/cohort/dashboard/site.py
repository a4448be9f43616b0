"""The pages of a dashboard as files, from the gradebook's entries."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from mlops_grader import __version__
from mlops_grader.capstone import rendering
from mlops_grader.check import Verdict
from mlops_grader.cohort.dashboard import drawings, facts
from mlops_grader.cohort.dashboard.facts import Column
from mlops_grader.cohort.gradebook import Entry
from mlops_grader.cohort.records import Attempt, Override, Settings, State
from mlops_grader.cohort.similar import Similarity
from mlops_grader.plain import plain
from mlops_grader.reports import cards

MARK = "dashboard.json"
SCHEMA = "mlops-grader/dashboard/v1"
SIGNS = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.BLOCKED: "\u2013", Verdict.NOT_RUN: "?", Verdict.ERROR: "!"}
SHORT = 400  # characters of a finding where it stands in a list
TAIL = 40  # lines of a log in the list of errors
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
PAGES = ("index", "students", "checks", "errors", "late", "changes", "similar")


@dataclass(frozen=True)
class Board:
    """A class as its pages show it.

    overrides: every decision, also those that were taken back. similarity: None when nobody looked. folder: the run's, as
    commands name it.
    """

    settings: Settings
    entries: tuple[Entry, ...]
    overrides: tuple[Override, ...] = ()
    strays: tuple[str, ...] = ()
    similarity: Similarity | None = None
    pass_percent: int = 50
    anonymous: bool = False
    folder: str = ""
    made_at: datetime | None = None


@dataclass(frozen=True)
class Row:
    """A student on the pages: a name to show, and the name of their own page."""

    entry: Entry
    name: str
    page: str
    cells: Mapping[str, Any]

    @property
    def error(self) -> Attempt | None:
        """The last attempt, when it needs a person."""
        last = self.entry.attempts[-1] if self.entry.attempts else None
        return last if last and last.state is State.ERROR else None


def files(board: Board) -> dict[str, str | bytes]:
    """Every file of the site by its path."""
    environment = rendering.environment(__package__)
    environment.filters.update(prose=_prose, span=span, short=short, tail=tail, utc=utc)
    environment.tests["safe_page"] = lambda name: bool(_NAME.fullmatch(name))
    shared = _shared(board)
    made = {
        f"{name}.html": environment.get_template(f"{name}.html.jinja").render(shared, here=name, up="")
        for name in PAGES
    }
    made |= _checks(environment.get_template("check.html.jinja"), shared)
    made |= _students(environment.get_template("student.html.jinja"), shared, board)
    return {MARK: _mark(board), "style.css": rendering.source(__package__, "style.css"), **made}


def _shared(board: Board) -> dict[str, Any]:
    columns = facts.columns(board.entries, board.settings.module)
    rows = tuple(_rows(board.entries))
    script = rendering.source(__package__, "table.js")
    return {
        "board": board,
        "settings": board.settings,
        "version": __version__,
        "place": shlex.quote(board.folder or "RUN"),
        "made_at": board.made_at or datetime.now(UTC),
        "overview": facts.overview(board.entries, board.pass_percent),
        "bins": facts.bins(board.entries),
        "columns": columns,
        "rows": rows,
        "by_id": {row.entry.student.id: row for row in rows},
        "sections": sorted({row.entry.student.section for row in rows if row.entry.student.section}),
        "signs": SIGNS,
        "verdicts": tuple(Verdict),
        "drawings": drawings,
        "link": rendering.link,
        "script": script,
        "script_hash": rendering.script_hash(script),
    }


def _rows(entries: Sequence[Entry]) -> Iterator[Row]:
    for number, entry in enumerate(entries, 1):
        one = entry.student
        page = one.id if _NAME.fullmatch(one.id) else f"row.{number}"
        yield Row(entry, one.name or one.login or one.id, f"students/{page}.html", facts.outcomes(entry))


def _checks(template: Any, shared: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for place, column in enumerate(shared["columns"]):
        around = _neighbours(shared["columns"], place)
        yield f"checks/{column.id}.html", template.render(shared, here="check", up="../", column=column, around=around)


def _neighbours(columns: Sequence[Column], place: int) -> tuple[Column | None, Column | None]:
    before = columns[place - 1] if place else None
    return before, columns[place + 1] if place + 1 < len(columns) else None


def _students(template: Any, shared: Mapping[str, Any], board: Board) -> Iterator[tuple[str, str]]:
    pairs: dict[str, list[Any]] = {}
    for pair in board.similarity.pairs if board.similarity else ():
        pairs.setdefault(pair.left, []).append((pair.right, pair))
        pairs.setdefault(pair.right, []).append((pair.left, pair))
    for row in shared["rows"]:
        one = row.entry.student.id
        own = {
            "row": row,
            "graded": [each for each in row.entry.attempts if each.result],
            "decisions": [each for each in board.overrides if each.student == one],
            "pairs": pairs.get(one, []),
        }
        yield row.page, template.render(shared, here="student", up="../", **own)


def _mark(board: Board) -> str:
    """The file by which the folder is known as a dashboard."""
    told = {
        "schema": SCHEMA,
        "module": board.settings.module,
        "students": len(board.entries),
        "anonymous": board.anonymous,
    }
    return json.dumps(told, indent=2) + "\n"


def span(time: timedelta) -> str:
    """A span of time for people: "2 d 3 h", "3 h 20 min", "12 min"."""
    minutes = -(-time // timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    days, rest = divmod(hours, 24)
    if days:
        return f"{days:,} d {rest} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def short(text: str) -> str:
    """The beginning of a text."""
    cleaned = plain(text)
    return cleaned if len(cleaned) <= SHORT else f"{cleaned[:SHORT]} […]"


def tail(text: str) -> str:
    """The last lines of a log."""
    return "\n".join(plain(text).strip("\n").splitlines()[-TAIL:])


def _prose(text: str) -> Markup:
    """What the grader says, with `code` between backticks."""
    return Markup(cards.prose(text))  # noqa: S704  # it is escaped there


def utc(at: datetime | None) -> str:
    """An instant for people: "2026-11-29 18:05 UTC"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else ""
