"""The schema of the daily files: what each column may hold, and from a raw row to a typed record."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from noshow.appointment import CLINICS, REMINDERS, Appointment, parse_minute
from noshow.raw import APPOINTMENT_COLUMNS, OUTCOME_COLUMNS, parse_day

SEXES = ("f", "m")
OUTCOMES = ("attended", "no_show")
MAX_AGE = 120
MAX_DISTANCE_KM = 1000.0


class BadRowError(ValueError):
    """A row cannot be used; the text begins with the column to blame, says the fact, and repeats no cell."""


@dataclass(frozen=True, slots=True)
class CleanAppointment:
    """An appointment that passed the checks, without name, phone, birth date and reply.

    `patient_id` is the one personal value that is left: ingestion puts a pseudonym in its place before it writes.
    """

    appointment_id: str
    sex: str
    appointment: Appointment
    patient_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the patient of an appointment came, and when the clinic wrote that down."""

    appointment_id: str
    no_show: bool
    recorded_at: datetime


def _written(pattern: str, like: str) -> BeforeValidator:
    """The text must be written like this, before anybody reads a number or a name in it."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"wanted {like}")
        return text

    return BeforeValidator(check)


def _one_of(choices: tuple[str, ...]) -> AfterValidator:
    def check(text: str) -> str:
        if text not in choices:
            raise ValueError(f"wanted one of {', '.join(choices)}")
        return text

    return AfterValidator(check)


def _read_by(parse: Callable[[str], object], like: str) -> BeforeValidator:
    def read(text: str) -> object:
        try:
            return parse(text)
        except ValueError:
            raise ValueError(f"wanted {like}") from None  # the first error may repeat what was given

    return BeforeValidator(read)


AppointmentId = Annotated[str, _written(r"A\d{7}", "an id like A0000123")]
Moment = Annotated[datetime, _read_by(parse_minute, "a local time like 2026-03-02T09:15")]
Count = Annotated[int, _written(r"\d{1,4}", "a count from 0 to 9999")]
Kilometres = Annotated[float, Field(le=MAX_DISTANCE_KM), _written(r"\d{1,9}(\.\d{1,9})?", "kilometres like 3.4")]


class _AppointmentRow(BaseModel):
    """One row of `appointments_YYYY-MM-DD.csv`."""

    model_config = ConfigDict(frozen=True)

    appointment_id: AppointmentId
    patient_id: Annotated[str, _written(r"P\d{6}", "an id like P000042")]
    name: str
    phone: str
    birth_date: Annotated[date, _read_by(parse_day, "a day like 1979-03-02")]
    sex: Annotated[str, _one_of(SEXES)]
    clinic: Annotated[str, _one_of(CLINICS)]
    booked_at: Moment
    starts_at: Moment
    distance_km: Kilometres
    previous_appointments: Count
    previous_no_shows: Count
    reminder: Annotated[str, _one_of(REMINDERS)]
    reply: str


class _OutcomeRow(BaseModel):
    """One row of `outcomes_YYYY-MM-DD.csv`."""

    model_config = ConfigDict(frozen=True)

    appointment_id: AppointmentId
    outcome: Annotated[str, _one_of(OUTCOMES)]
    recorded_at: Moment


Declared = TypeVar("Declared", bound=BaseModel)


def clean_appointment(values: Sequence[str], day: date) -> CleanAppointment:
    """The appointment in one row of the file of `day`. Raises BadRowError with the first fact that is wrong."""
    row = _validated(_AppointmentRow, values, APPOINTMENT_COLUMNS)
    _require_possible(row, day)
    appointment = Appointment(
        clinic=row.clinic,
        age=_age(row),
        booked_at=row.booked_at,
        starts_at=row.starts_at,
        distance_km=row.distance_km,
        previous_appointments=row.previous_appointments,
        previous_no_shows=row.previous_no_shows,
        reminder=row.reminder,
    )
    return CleanAppointment(row.appointment_id, row.sex, appointment, row.patient_id)


def clean_outcome(values: Sequence[str]) -> Outcome:
    """The outcome in one row. Raises BadRowError with the first fact that is wrong."""
    row = _validated(_OutcomeRow, values, OUTCOME_COLUMNS)
    return Outcome(row.appointment_id, row.outcome == "no_show", row.recorded_at)


def age_on(birth_date: date, day: date) -> int:
    """Age in whole years on `day`; who was born on 29 February has birthday on 1 March in other years.

    Raises ValueError when `day` is before the birth.
    """
    if day < birth_date:
        raise ValueError("birth_date is after the day")
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday


def _validated(schema: type[Declared], values: Sequence[str], columns: tuple[str, ...]) -> Declared:
    if len(values) != len(columns):
        raise BadRowError(f"has {len(values)} values, wanted {len(columns)}")
    try:
        return schema.model_validate(dict(zip(columns, values, strict=True)))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise BadRowError(f"{first['loc'][0]} cannot be used: {first['msg'].removeprefix('Value error, ')}") from None


def _require_possible(row: _AppointmentRow, day: date) -> None:
    if row.starts_at.date() > day:
        raise BadRowError(f"starts_at is after the day of the file, {day}")
    if row.starts_at <= row.booked_at:
        raise BadRowError("starts_at is not after booked_at")
    if row.previous_no_shows > row.previous_appointments:
        raise BadRowError("previous_no_shows is more than previous_appointments")


def _age(row: _AppointmentRow) -> int:
    try:
        age = age_on(row.birth_date, row.starts_at.date())
    except ValueError as error:
        raise BadRowError(str(error)) from None
    if age > MAX_AGE:
        raise BadRowError(f"birth_date makes the patient older than {MAX_AGE} years")
    return age
