"""The clinics' daily files: CSV in UTF-8, with fixed columns and the day in the file's name."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from noshow.errors import ProductError

APPOINTMENT_COLUMNS = (
    "appointment_id",
    "patient_id",
    "name",
    "phone",
    "birth_date",
    "sex",
    "clinic",
    "booked_at",
    "starts_at",
    "distance_km",
    "previous_appointments",
    "previous_no_shows",
    "reminder",
    "reply",
)
OUTCOME_COLUMNS = ("appointment_id", "outcome", "recorded_at")


@dataclass(frozen=True)
class DailyFile:
    """One daily file: `appointments_2026-03-02.csv` has the kind `appointments` and the day 2 March 2026."""

    path: Path
    kind: str
    day: date


@dataclass(frozen=True)
class RawRow:
    """The values of one row as they were written, and the line where it ends."""

    line: int
    values: list[str]


def daily_files(folder: Path, kind: str) -> list[DailyFile]:
    """The files of one kind in the order of their days. Raises ProductError when a name has no valid day."""
    return sorted((_daily_file(path, kind) for path in folder.glob(f"{kind}_*.csv")), key=lambda file: file.day)


def _daily_file(path: Path, kind: str) -> DailyFile:
    day = path.stem.removeprefix(f"{kind}_")
    try:
        return DailyFile(path, kind, parse_day(day))
    except ValueError as error:
        raise ProductError(f"`{path}`: {day!r} in the name is not a day like 2026-03-02") from error


def parse_day(text: str) -> date:
    """A day written as 2026-03-02 and in no other way. Raises ValueError."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(f"{text!r} is not a day like 2026-03-02")
    return date.fromisoformat(text)


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[RawRow]:
    """The rows of a daily file, each with the number of the line where it ends.

    Raises ProductError that names the file when it is not UTF-8 or not CSV, or has other columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            _require_columns(path, next(lines, []), columns)
            yield from (RawRow(lines.line_num, values) for values in lines if values)
    except UnicodeDecodeError as error:
        raise ProductError(f"`{path}`: is not UTF-8 ({error.reason}); ask the clinic for it in UTF-8") from error
    except csv.Error as error:
        raise ProductError(f"`{path}`: line {lines.line_num} is not CSV: {error}") from error


def _require_columns(path: Path, found: list[str], wanted: tuple[str, ...]) -> None:
    if tuple(found) == wanted:
        return
    if not found:
        raise ProductError(f"`{path}`: is empty; wanted a first line with the columns {', '.join(wanted)}")
    raise ProductError(f"`{path}`: {_difference(found, wanted)}; wanted the columns {', '.join(wanted)}")


def _difference(found: list[str], wanted: tuple[str, ...]) -> str:
    """What is wrong with the first line; it repeats none of it, since without a header that line is a patient."""
    missing = [f"column {name} is missing" for name in wanted if name not in found]
    unknown = ["there are columns of other names"] if set(found) - set(wanted) else []
    return "; ".join(missing + unknown) or "the columns are repeated or in another order"
