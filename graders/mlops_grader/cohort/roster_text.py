"""The table in a roster's file: encodings, separators and quotes of spreadsheets, before anybody asks what its columns mean."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.capstone.rows import TableError
from mlops_grader.cohort.roster_formats import KNOWN
from mlops_grader.plain import plain

SEPARATORS = ",;\t"
FORMULAS = "=+-@"  # a spreadsheet computes a cell that begins so; Classroom 50 refuses such a header, too
SHOWN = 60  # characters of a cell in a message

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


@dataclass(frozen=True)
class Table:
    """A header, and the rows below it by their numbers as a spreadsheet counts them."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def read(path: Path) -> Table:
    """The table in a file. Raises TableError when there is none, or its header cannot be used."""
    text, said = decoded(path)
    records, problems = _records(path.name, text)
    filled = [(number, cells) for number, cells in records if any(cell.strip() for cell in cells)]
    if not filled:
        raise TableError(problems or [f"`{path.name}` is empty: its first row names the columns"])
    (_, first), *rows = filled
    header = tuple(cell.strip() for cell in first)
    _must_be_a_header(path.name, header)
    empty = [number for number, _ in records if number < filled[-1][0] and number not in dict(filled)]
    notes = [*said, *([f"`{path.name}`, {_rows(empty)}: left out, nothing is written there"] if empty else [])]
    stripped = tuple((number, tuple(cell.strip() for cell in cells)) for number, cells in rows)
    return Table(header, stripped, tuple(problems), tuple(notes))


def decoded(path: Path) -> tuple[str, list[str]]:
    """The text of a file, and what to say of its encoding when it had to be guessed. Raises TableError."""
    name = path.name
    advice = 'save it as UTF-8 (in a spreadsheet: "CSV UTF-8")'
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise TableError([f"there is no file `{path}`"]) from None
    except OSError as error:
        raise TableError([f"`{path}` cannot be read: {error.strerror}"]) from None
    marked = next((codec for mark, codec in _MARKS if content.startswith(mark)), None)
    if content.startswith(_UTF_32) or (marked != "utf-16" and b"\0" in content):
        raise TableError([f"`{name}` is no text, or UTF-16 without a mark that says so: {advice}"])
    try:
        return content.decode(marked or "utf-8"), []
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        if marked:
            raise TableError([f"`{name}`, line {line}: no valid {marked.removesuffix('-sig')}: {advice}"]) from None
    return _western(name, content, line, advice)


def _western(name: str, content: bytes, line: int, advice: str) -> tuple[str, list[str]]:
    """Windows-1252, which spreadsheets write; where a byte has no meaning in it, nobody can know what was meant."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TableError([f"`{name}`, line {line}: neither UTF-8 nor Windows-1252: {advice}"]) from None
    strange = next((word for word in re.findall(r"\w+", text) if not word.isascii()), text.strip())
    said = f"`{name}`, line {line}: not UTF-8, so it was read as Windows-1252: see whether `{plain(strange)[:SHOWN]}` is right"
    return text, [f"{said}, else {advice}"]


def _records(name: str, text: str) -> tuple[list[tuple[int, list[str]]], list[str]]:
    records: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        records += enumerate(reader, 1)
    except csv.Error as error:
        return records, [
            f"`{name}`, row {len(records) + 1}: {error}: mend its quotes (the rows from there on could not be read)"
        ]
    return records, []


def _separator(text: str) -> str:
    """The separator that makes most known columns of the first row; where none does, that which makes most columns."""
    first = next((line for line in text.splitlines() if line.strip(f'{SEPARATORS} "')), "")

    def fits(separator: str) -> tuple[int, int]:
        cells = [cell.strip(' "').lower() for cell in first.split(separator)]
        return len(set(cells) & KNOWN), len(cells)

    return max(SEPARATORS, key=fits)


def _must_be_a_header(name: str, header: Sequence[str]) -> None:
    problems = []
    lower = [cell.lower() for cell in header]
    for cell in dict.fromkeys(header):
        shown = plain(cell)[:SHOWN]
        if cell.startswith(tuple(FORMULAS)):
            problems.append(f"the column `{shown}` begins like a formula (`{cell[0]}`): rename it")
        if cell and lower.count(cell.lower()) > 1:
            problems.append(f"the column `{shown}` is there twice: rename one")
        if plain(cell) != cell or "\n" in cell:
            problems.append(f"the column `{shown}` holds control characters: rename it")
    if problems:
        raise TableError([f"`{name}`, first row: {problem}" for problem in problems])


def _rows(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:5])) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")
    return f"row{'s' if len(numbers) > 1 else ''} {shown}"
