"""Tables that people fill in, as TOML or CSV: read row by row, with everything that is wrong with them listed at once."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

_UTF_16_AND_32 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


class TableError(UsageError):
    """What is wrong with one or several files; `problems` has a sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        intro = f"{len(problems)} problems to mend:\n" if len(problems) > 1 else ""
        super().__init__(intro + "\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Columns:
    """What a table holds: the name of its array in TOML, the columns it must have, and those it may have."""

    table: str
    needed: tuple[str, ...]
    allowed: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """All columns."""
        return self.needed + self.allowed


@dataclass(frozen=True)
class Row:
    """One row: its place in words, such as "`scores.csv`, row 3", and its cells, stripped; "" for what is not there."""

    place: str
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def problem(self, words: str) -> str:
        """That sentence with the place of this row before it."""
        return f"{self.place}: {words}"


Problems = list[str]


def read(path: Path, columns: Columns) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The rows of a table, and a sentence for each thing that is wrong with it. A row with nothing in it is none.

    A CSV file may begin with a byte-order mark, end its lines in any way and separate cells by `,` or `;`.
    """
    readers = {".csv": _csv, ".toml": _toml}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        return (), (f"`{path.name}` is neither TOML nor CSV: name it `{path.stem}.toml` or `{path.stem}.csv`",)
    problems: Problems = []
    try:
        rows = tuple(reader(path.name, _text(path), columns, problems))
    except UsageError as error:
        return (), (*problems, str(error))
    for row in rows:
        problems += [row.problem(f"`{column}` is empty") for column in columns.needed if not row[column]]
    return rows, tuple(problems)


def read_all(paths: Iterable[Path], columns: Columns) -> tuple[tuple[Row, ...], Problems]:
    """The rows of several files, and everything that is wrong with them. The same file twice is a problem, too."""
    rows: list[Row] = []
    problems: Problems = []
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            problems.append(f"`{path.name}` is given twice: name each file once")
            continue
        seen.add(path.resolve())
        more, wrong = read(path, columns)
        rows += more
        problems += wrong
    return tuple(rows), problems


def unknown(kind: str, name: str, known: Collection[str]) -> str:
    """The sentence for a name that nobody knows: what was meant, or what there is."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(sorted(known)) or 'none'}"
    return f"there is no {kind} `{plain(name)}`: {hint}"


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no file `{path}`") from None
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {error.strerror}") from None
    advice = 'save it as UTF-8 (in a spreadsheet: "CSV UTF-8")'
    if content.startswith(_UTF_16_AND_32) or b"\0" in content:
        raise UsageError(f"`{path.name}` is UTF-16 or no text: {advice}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UsageError(f"`{path.name}` is not UTF-8 text, see line {line}: {advice}") from None


def _csv(name: str, text: str, columns: Columns, problems: Problems) -> Iterator[Row]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, columns), strict=True)
    number = 0
    header: list[str] | None = None
    try:
        for number, cells in enumerate(lines, 1):
            place = f"`{name}`, row {number}"
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(name, [cell.strip() for cell in cells], columns)
            else:
                yield _csv_row(place, header, cells, columns, problems)
    except csv.Error as error:
        problems.append(
            f"`{name}`, row {number + 1}: {error}: mend its quotes (the rows from there on could not be read)"
        )
    if header is None and not problems:
        raise UsageError(f"`{name}` is empty: its first row names the columns {', '.join(columns.known)}")


def _delimiter(text: str, columns: Columns) -> str:
    """Comma or semicolon: that which makes more known columns of the first row."""
    first = next((line for line in text.splitlines() if line.strip(",; \t")), "")

    def fits(delimiter: str) -> int:
        return len({cell.strip(' "') for cell in first.split(delimiter)} & set(columns.known))

    return max(",;", key=fits)


def _header(name: str, header: list[str], columns: Columns) -> list[str]:
    named = [cell for cell in header if cell]
    wrong = [unknown("column", cell, columns.known) for cell in dict.fromkeys(named) if cell not in columns.known]
    wrong += [f"the column `{cell}` is there twice" for cell in columns.known if named.count(cell) > 1]
    wrong += [f"the column `{cell}` is missing" for cell in columns.needed if cell not in named]
    if wrong:
        raise UsageError(f"`{name}`, first row: {'; '.join(wrong)}")
    return header


def _csv_row(place: str, header: list[str], cells: list[str], columns: Columns, problems: Problems) -> Row:
    stripped = [cell.strip() for cell in cells]
    nameless = [cell for title, cell in zip(header, stripped, strict=False) if not title] + stripped[len(header) :]
    if any(nameless):
        problems.append(
            f"{place}: there are more cells than columns (`{next(filter(None, nameless))}`): "
            "put a text that holds the separator between double quotes"
        )
    named = dict(zip(header, stripped, strict=False))
    return Row(place, {column: plain(named.get(column, "")) for column in columns.known})


def _toml(name: str, text: str, columns: Columns, problems: Problems) -> Iterator[Row]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"`{name}` is not valid TOML: {error}") from None
    except RecursionError:
        raise UsageError(f"`{name}` is not valid TOML: it is nested too deep") from None
    problems += [f"`{name}`: {unknown('table', key, [columns.table])}" for key in document if key != columns.table]
    if columns.table not in document and not problems:
        raise UsageError(f"`{name}` is empty: write each entry under a line [[{columns.table}]] of its own")
    entries = document.get(columns.table, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"`{name}`: write each entry under a line [[{columns.table}]] of its own")
    for number, entry in enumerate(entries, 1):
        yield _toml_row(f"`{name}`, [[{columns.table}]] number {number}", entry, columns, problems)


def _toml_row(place: str, entry: Mapping[str, Any], columns: Columns, problems: Problems) -> Row:
    problems += [f"{place}: {unknown('key', key, columns.known)}" for key in entry if key not in columns.known]
    cells = dict.fromkeys(columns.known, "")
    for key in columns.known:
        try:
            cells[key] = _cell(entry.get(key, ""))
        except TypeError:
            problems.append(f"{place}: `{key}` is a list or a table: write a text, a number or a time")
    return Row(place, cells)


def _cell(value: Any) -> str:
    """A value of TOML as it would stand in a cell of CSV."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (str, int, float)):
        return plain(str(value).strip())
    raise TypeError


def refuse(problems: Sequence[str]) -> None:
    """Raise TableError when there are problems."""
    if problems:
        raise TableError(problems)
