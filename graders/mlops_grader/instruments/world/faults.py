"""Faults of the record-keeping, to order: each changes what it says in the daily files, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import get_args

import numpy as np
import pandas as pd

from mlops_grader.instruments.world.chance import Booleans, uniform
from mlops_grader.instruments.world.files import DailyFile, Kind

Files = tuple[DailyFile, ...]


@dataclass(frozen=True)
class Scope:
    """Which files a fault touches: one kind, from `start` up to and without `until` (None: no limit)."""

    kind: Kind = "appointments"
    start: date | None = None
    until: date | None = None

    def __contains__(self, file: DailyFile) -> bool:
        return (
            file.kind == self.kind
            and (self.start is None or file.day >= self.start)
            and (self.until is None or file.day < self.until)
        )

    def edit(self, files: Files, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Files:
        """Change the tables of the files in scope."""
        return tuple(replace(file, table=change(file.table)) if file in self else file for file in files)


@dataclass(frozen=True)
class RenameColumn:
    """The column `old` is called `new`."""

    old: str
    new: str
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return self.scope.edit(files, lambda t: _having(t, self.old).rename(columns={self.old: self.new}))


@dataclass(frozen=True)
class DropColumn:
    """The column is missing."""

    column: str
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return self.scope.edit(files, lambda t: _having(t, self.column).drop(columns=self.column))


@dataclass(frozen=True)
class AddColumn:
    """There is one more column, at the end, with the same value in each row."""

    column: str
    value: str = ""
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return self.scope.edit(files, lambda t: t.assign(**{self.column: self.value}))


@dataclass(frozen=True)
class ReorderColumns:
    """The columns come in another order, drawn from the seed, the same in every file."""

    seed: int = 0
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return self.scope.edit(files, self._reorder)

    def _reorder(self, table: pd.DataFrame) -> pd.DataFrame:
        order = np.argsort(uniform(self.seed, "columns", table.shape[1]), kind="stable")
        if (order == np.arange(len(order))).all():
            order = np.roll(order, 1)
        return table.iloc[:, order]


@dataclass(frozen=True)
class ChangeUnit:
    """The numbers of a column are multiplied, and written with `decimals` digits: 1000 turns kilometres into metres."""

    column: str
    factor: float
    decimals: int = 0
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return self.scope.edit(files, lambda t: _rewritten(t, self.column, self._convert))

    def _convert(self, text: str) -> str:
        return f"{float(text) * self.factor:.{self.decimals}f}"


@dataclass(frozen=True)
class ChangeTimes:
    """The times of a column are moved by so many hours (a lost time zone) and written in another format."""

    column: str
    hours: float = 0
    style: str = "%Y-%m-%dT%H:%M"
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return self.scope.edit(files, lambda t: _rewritten(t, self.column, self._convert))

    def _convert(self, text: str) -> str:
        return (pd.Timestamp(text).to_pydatetime() + timedelta(hours=self.hours)).strftime(self.style)


@dataclass(frozen=True)
class RenameValues:
    """The values of a column are written in another way: `{"sms": "SMS"}`."""

    column: str
    names: Mapping[str, str]
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return self.scope.edit(files, lambda t: _rewritten(t, self.column, lambda cell: self.names.get(cell, cell)))


@dataclass(frozen=True)
class Duplicates:
    """A share of the rows comes a second time: at the end of the same file, or of the next file of its kind."""

    share: float
    seed: int = 0
    in_next_file: bool = False
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        repeated = {file.name: file.table[_some(file, self.seed, self.share)] for file in files if file in self.scope}
        if self.in_next_file:
            repeated = {after: repeated[name] for name, after in _successors(files) if name in repeated}
        return tuple(_with_rows(file, repeated[file.name]) if file.name in repeated else file for file in files)


@dataclass(frozen=True)
class Nulls:
    """A share of a column's cells is empty, or has another sign for a missing value."""

    column: str
    share: float
    seed: int = 0
    sign: str = ""
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return tuple(self._blank(file) if file in self.scope else file for file in files)

    def _blank(self, file: DailyFile) -> DailyFile:
        table = _having(file.table, self.column).copy()
        table.loc[_some(file, self.seed, self.share), self.column] = self.sign
        return replace(file, table=table)


@dataclass(frozen=True)
class LateFiles:
    """A share of the files is delivered `days` later; `write_days(..., until=day)` then lacks them until that day."""

    days: int
    share: float = 1.0
    seed: int = 0
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return tuple(self._delay(file) if file in self.scope else file for file in files)

    def _delay(self, file: DailyFile) -> DailyFile:
        if uniform(self.seed, f"late {file.name}", 1)[0] >= self.share:
            return file
        return replace(file, arrives=file.delivered_on + timedelta(days=self.days))


@dataclass(frozen=True)
class Truncated:
    """Only this share of a file's bytes came through; 0 leaves it empty."""

    received: float
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return tuple(replace(file, received=self.received) if file in self.scope else file for file in files)


@dataclass(frozen=True)
class Encoding:
    """The files are in another encoding: `latin-1`, `utf-16` (with byte order mark), `utf-8-sig` (UTF-8 with one)."""

    encoding: str
    scope: Scope = field(default_factory=Scope)

    def __call__(self, files: Files) -> Files:
        return tuple(replace(file, encoding=self.encoding) if file in self.scope else file for file in files)


def _having(table: pd.DataFrame, column: str) -> pd.DataFrame:
    if column not in table.columns:
        raise ValueError(f"no column {column!r} in a file with the columns {', '.join(table.columns)}")
    return table


def _rewritten(table: pd.DataFrame, column: str, convert: Callable[[str], str]) -> pd.DataFrame:
    cells = _having(table, column)[column].tolist()
    return table.assign(**{column: [convert(cell) if cell else cell for cell in cells]})


def _some(file: DailyFile, seed: int, share: float) -> Booleans:
    return np.asarray(uniform(seed, f"rows of {file.name}", len(file.table)) < share)


def _successors(files: Files) -> list[tuple[str, str]]:
    names = {kind: sorted(file.name for file in files if file.kind == kind) for kind in get_args(Kind)}
    return [pair for kind in names for pair in zip(names[kind], names[kind][1:], strict=False)]


def _with_rows(file: DailyFile, rows: pd.DataFrame) -> DailyFile:
    return replace(file, table=pd.concat([file.table, rows], ignore_index=True))
