"""A daily file as rows of cells, which can be spoilt, repeated and written in other ways."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from mlops_grader.instruments.world import daily_files


class Spot(NamedTuple):
    """A row of a daily file: the first after the header is 1; 0 means the whole file."""

    file: str
    row: int


@dataclass
class Sheet:
    """One daily file before it is written. day: as in its name, `2026-01-05`."""

    kind: str
    day: str
    header: list[str]
    rows: list[list[str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name in the folder of daily files."""
        return f"{self.kind}_{self.day}.csv"

    def cell(self, row: int, column: str) -> str:
        """The text in a row, counted from 1."""
        return self.rows[row - 1][self.header.index(column)]

    def put(self, row: int, column: str, text: str) -> Spot:
        """Put another text there."""
        self.rows[row - 1][self.header.index(column)] = text
        return Spot(self.name, row)

    def add(self, cells: Sequence[str]) -> Spot:
        """Put a row at the end."""
        self.rows.append(list(cells))
        return Spot(self.name, len(self.rows))

    def text(self, line_end: str = "\n") -> str:
        """The file: comma-separated, quoted only where needed."""
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator=line_end).writerows([self.header, *self.rows])
        return out.getvalue()


def sheets(frame: pd.DataFrame) -> dict[str, Sheet]:
    """The daily files of a world's frame, by name."""
    found: Iterable[Sheet] = (
        Sheet(file.kind, file.day.isoformat(), list(file.table.columns), file.table.to_numpy().tolist())
        for file in daily_files(frame)
    )
    return {sheet.name: sheet for sheet in found}
