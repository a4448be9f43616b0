"""From a raw row to a typed record: every value checked, personal data left behind."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from noshow.appointment import CLINICS, REMINDERS, Appointment, parse_minute
from noshow.raw import APPOINTMENT_COLUMNS, OUTCOME_COLUMNS, parse_day

SEXES = ("f", "m")
OUTCOMES = ("attended", "no_show")
MAX_AGE = 120
MAX_DISTANCE_KM = 1000.0


class BadRowError(ValueError):
    """A row cannot be used; the text says which fact about it, and repeats no personal data."""


@dataclass(frozen=True, slots=True)
class CleanAppointment:
    """An appointment that passed the checks, without name, phone, birth date, patient id and reply."""

    appointment_id: str
    sex: str
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the patient of an appointment came, and when the clinic wrote that down."""

    appointment_id: str
    no_show: bool
    recorded_at: datetime


def clean_appointment(values: Sequence[str], day: date) -> CleanAppointment:
    """The appointment in one row of the file of `day`. Raises BadRowError with the first fact that is wrong."""
    row = _by_column(values, APPOINTMENT_COLUMNS)
    starts_at = _moment(row, "starts_at")
    if starts_at.date() != day:
        raise BadRowError(f"starts_at {row['starts_at']} is not on the day of the file, {day}")
    appointment = Appointment(
        clinic=_choice(row, "clinic", CLINICS),
        age=_age(row, day),
        booked_at=_moment(row, "booked_at"),
        starts_at=starts_at,
        distance_km=_distance(row),
        previous_appointments=_count(row, "previous_appointments"),
        previous_no_shows=_count(row, "previous_no_shows"),
        reminder=_choice(row, "reminder", REMINDERS),
    )
    _require_possible(appointment)
    return CleanAppointment(_appointment_id(row), _choice(row, "sex", SEXES), appointment)


def clean_outcome(values: Sequence[str]) -> Outcome:
    """The outcome in one row. Raises BadRowError with the first fact that is wrong."""
    row = _by_column(values, OUTCOME_COLUMNS)
    missed = _choice(row, "outcome", OUTCOMES) == "no_show"
    return Outcome(_appointment_id(row), missed, _moment(row, "recorded_at"))


def age_on(birth_date: date, day: date) -> int:
    """Age in whole years on `day`; who was born on 29 February has birthday on 1 March in other years.

    Raises ValueError when `day` is before the birth.
    """
    if day < birth_date:
        raise ValueError("birth_date is after the day")
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday


def _require_possible(appointment: Appointment) -> None:
    if appointment.starts_at <= appointment.booked_at:
        raise BadRowError("starts_at is not after booked_at")
    if appointment.previous_no_shows > appointment.previous_appointments:
        raise BadRowError("previous_no_shows is more than previous_appointments")


def _by_column(values: Sequence[str], columns: tuple[str, ...]) -> dict[str, str]:
    if len(values) != len(columns):
        raise BadRowError(f"has {len(values)} values, wanted {len(columns)}")
    return dict(zip(columns, values, strict=True))


def _appointment_id(row: Mapping[str, str]) -> str:
    return _matching(row, "appointment_id", r"A\d{7}", "an id like A0000123")


def _choice(row: Mapping[str, str], column: str, choices: tuple[str, ...]) -> str:
    if row[column] not in choices:
        raise BadRowError(f"{column} is {row[column]!r}, wanted one of {', '.join(choices)}")
    return row[column]


def _count(row: Mapping[str, str], column: str) -> int:
    return int(_matching(row, column, r"\d{1,4}", "a count from 0 to 9999"))


def _distance(row: Mapping[str, str]) -> float:
    distance = float(_matching(row, "distance_km", r"\d{1,9}(\.\d{1,9})?", "kilometres like 3.4"))
    if distance > MAX_DISTANCE_KM:
        raise BadRowError(f"distance_km is {row['distance_km']}, wanted at most {MAX_DISTANCE_KM:g}")
    return distance


def _moment(row: Mapping[str, str], column: str) -> datetime:
    try:
        return parse_minute(row[column])
    except ValueError as error:
        raise BadRowError(f"{column} is {row[column]!r}, wanted a moment like 2026-03-02T09:15") from error


def _age(row: Mapping[str, str], day: date) -> int:
    try:
        age = age_on(parse_day(row["birth_date"]), day)
    except ValueError as error:
        raise BadRowError("birth_date is not a day before the appointment, written like 1979-03-02") from error
    if age > MAX_AGE:
        raise BadRowError(f"birth_date makes the patient older than {MAX_AGE} years")
    return age


def _matching(row: Mapping[str, str], column: str, pattern: str, wanted: str) -> str:
    if not re.fullmatch(pattern, row[column], re.ASCII):
        raise BadRowError(f"{column} is {row[column]!r}, wanted {wanted}")
    return row[column]
