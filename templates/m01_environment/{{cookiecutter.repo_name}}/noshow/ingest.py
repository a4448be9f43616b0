"""`python -m noshow ingest`: the clinics' daily files become one clean table."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from noshow.cleaning import BadRowError, CleanAppointment, Outcome, clean_appointment, clean_outcome
from noshow.errors import ProductError
from noshow.raw import APPOINTMENT_COLUMNS, OUTCOME_COLUMNS, DailyFile, daily_files, read_rows
from noshow.settings import Settings
from noshow.table import Row, write_table

log = logging.getLogger(__name__)

Record = TypeVar("Record")


def run(settings: Settings) -> str:
    """Read all daily files and write the clean table; report bad rows, and stop at a bad file with nothing written."""
    counts: Counter[str] = Counter()
    appointment_files = daily_files(settings.raw_dir, "appointments")
    if not appointment_files:
        raise ProductError(f"`{settings.raw_dir}` holds no `appointments_YYYY-MM-DD.csv`; put the daily files there")
    outcome_files = daily_files(settings.raw_dir, "outcomes")
    rows = _join(_appointments(appointment_files, counts), _outcomes(outcome_files, counts), counts)
    if not rows:
        raise ProductError(f"`{settings.raw_dir}` holds no row that can be used; the log says why, row by row")
    path = write_table(settings.clean_dir, rows)
    known = sum(row.no_show is not None for row in rows)
    files = len(appointment_files) + len(outcome_files)
    left_out = ", ".join(f"{count} {fact}" for fact, count in sorted((+counts).items())) or "nothing"
    return f"{files} files: {len(rows)} appointments, {known} with outcome, in `{path}`; left out: {left_out}"


def _appointments(files: list[DailyFile], counts: Counter[str]) -> dict[str, CleanAppointment]:
    """The appointments by id; of two with the same id the later one in the files counts."""
    found: dict[str, CleanAppointment] = {}
    for file in files:
        for record in _records(file, APPOINTMENT_COLUMNS, partial(clean_appointment, day=file.day), counts):
            counts["repeated appointments"] += record.appointment_id in found
            found[record.appointment_id] = record
    return found


def _outcomes(files: list[DailyFile], counts: Counter[str]) -> dict[str, Outcome]:
    """The outcomes by appointment; of two for the same appointment the one recorded later counts."""
    found: dict[str, Outcome] = {}
    for file in files:
        for record in _records(file, OUTCOME_COLUMNS, clean_outcome, counts):
            earlier = found.get(record.appointment_id)
            counts["repeated outcomes"] += earlier is not None
            if earlier is None or earlier.recorded_at <= record.recorded_at:
                found[record.appointment_id] = record
    return found


def _records(
    file: DailyFile, columns: tuple[str, ...], clean: Callable[[list[str]], Record], counts: Counter[str]
) -> Iterator[Record]:
    for row in read_rows(file.path, columns):
        try:
            yield clean(row.values)
        except BadRowError as error:
            counts["bad rows"] += 1
            log.warning("bad row", extra={"fields": {"file": file.path.name, "line": row.line, "fact": str(error)}})


def _join(appointments: dict[str, CleanAppointment], outcomes: dict[str, Outcome], counts: Counter[str]) -> list[Row]:
    """The rows of the table in order of time, with the outcome where it is known."""
    counts["outcomes without an appointment"] = len(outcomes.keys() - appointments.keys())
    ordered = sorted(appointments.values(), key=lambda clean: (clean.appointment.starts_at, clean.appointment_id))
    return [
        Row(clean.appointment_id, clean.sex, clean.appointment, _no_show(outcomes.get(clean.appointment_id)))
        for clean in ordered
    ]


def _no_show(outcome: Outcome | None) -> bool | None:
    return outcome.no_show if outcome else None
