"""Blank score forms as CSV: a row for each line that a person judges, in the columns that the grader reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from mlops_grader.capstone.rubric import Judge, Line, Rubric
from mlops_grader.plain import plain
from mlops_grader.reports import spreadsheet

COLUMNS = ("line", "judge", "team", "person", "verdict", "note")


def form(rubric: Rubric, judge: Judge, *, name: str = "", team: str = "", people: Sequence[str] = ()) -> str:
    """A form for the lines of one kind of judge; an individual line has a row for each person. `verdict` is left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in rubric.lines:
        if line.judge is judge:
            writer.writerows([*map(cell, (line.id, name, team, person)), "", ""] for person in _people(line, people))
    return text.getvalue()


def cell(words: str) -> str:
    """Words on one line, as a cell that no spreadsheet runs."""
    return spreadsheet.cell(" ".join(plain(words).split()))


def _people(line: Line, people: Sequence[str]) -> Iterator[str]:
    yield from (people or ("",)) if line.individual else ("",)
