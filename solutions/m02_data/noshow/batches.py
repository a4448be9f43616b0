"""One daily file as a batch: its good rows as an Arrow table, and what was left out of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import pyarrow as pa

from noshow.cleaning import BadRowError, clean_appointment, clean_outcome
from noshow.digests import sha256
from noshow.errors import ProductError
from noshow.manifest import Source
from noshow.pseudonyms import pseudonym
from noshow.raw import APPOINTMENT_COLUMNS, OUTCOME_COLUMNS, DailyFile, read_rows
from noshow.table import QUARANTINE, SCHEMA

ORIGIN = [pa.field("day", pa.date32()), pa.field("row", pa.int32())]
"""Which file a row comes from, by its day, and which row of it; neither is written."""

OF_OUTCOME = ("no_show", "outcome_recorded_at")
APPOINTMENTS = pa.schema([*(field for field in SCHEMA if field.name not in OF_OUTCOME), *ORIGIN])
OUTCOMES = pa.schema([SCHEMA.field("appointment_id"), *(SCHEMA.field(name) for name in OF_OUTCOME), *ORIGIN])

Values = TypeVar("Values", bound=tuple[object, ...])


@dataclass(frozen=True)
class Batch:
    """The rows of a daily file that can be used, with their origin, and a table of those that cannot."""

    source: Source
    rows: pa.Table
    left_out: pa.Table


def read_appointments(file: DailyFile, key: bytes) -> Batch:
    """The appointments of a file, with pseudonyms."""
    known = cache(lambda patient_id: pseudonym(patient_id, key))

    def values(cells: Sequence[str]) -> tuple[object, ...]:
        clean = clean_appointment(cells, file.day)
        a = clean.appointment
        return (
            *(clean.appointment_id, known(clean.patient_id), clean.sex, a.clinic, a.age, a.booked_at, a.starts_at),
            *(a.distance_km, a.previous_appointments, a.previous_no_shows, a.reminder),
        )

    return _batch(file, APPOINTMENT_COLUMNS, values, APPOINTMENTS)


def read_outcomes(file: DailyFile) -> Batch:
    """The outcomes of a file."""

    def values(cells: Sequence[str]) -> tuple[object, ...]:
        outcome = clean_outcome(cells)
        return outcome.appointment_id, outcome.no_show, outcome.recorded_at

    return _batch(file, OUTCOME_COLUMNS, values, OUTCOMES)


def left_out(file: str, found: Iterable[tuple[int, str, str]]) -> pa.Table:
    """What was left out of a file, as (row, column, reason), in the form of the quarantine."""
    rows = [{"file": file, "row": row, "column": column, "reason": reason} for row, column, reason in found]
    return pa.Table.from_pylist(rows, schema=QUARANTINE)


def _batch(
    file: DailyFile, columns: tuple[str, ...], values: Callable[[Sequence[str]], Values], schema: pa.Schema
) -> Batch:
    good: list[tuple[object, ...]] = []
    bad: list[tuple[int, str, str]] = []
    number = 0
    try:
        for number, row in enumerate(read_rows(file.path, columns), start=1):
            try:
                good.append((*values(row.values), file.day, number))
            except BadRowError as error:
                bad.append((number, _column(str(error), columns), str(error)))
    except ProductError as error:  # nobody knows what the rest of it would have been
        good, bad, number = [], [(0, "", str(error).replace(str(file.path), file.path.name))], 0
    lists = zip(*good, strict=True) if good else ([] for _ in schema)
    arrays = [pa.array(list(values), field.type) for values, field in zip(lists, schema, strict=True)]
    source = Source(file.path.name, number, sha256(file.path))
    return Batch(source, pa.Table.from_arrays(arrays, schema=schema), left_out(file.path.name, bad))


def _column(reason: str, columns: tuple[str, ...]) -> str:
    """The column to blame, with which a reason begins."""
    word = reason.split()[0]
    return word if word in columns else ""
