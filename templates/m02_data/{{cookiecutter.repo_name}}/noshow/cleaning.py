"""The schema of the daily files: what each column may hold, and from a raw row to a typed record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from noshow.appointment import Appointment

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


def clean_appointment(values: Sequence[str], day: date) -> CleanAppointment:
    """The appointment in one row of the file of `day`. Raises BadRowError with the first fact that is wrong."""
    raise NotImplementedError  # TODO(m02): declare the schema, and let it judge the row


def clean_outcome(values: Sequence[str]) -> Outcome:
    """The outcome in one row. Raises BadRowError with the first fact that is wrong."""
    raise NotImplementedError  # TODO(m02)


def age_on(birth_date: date, day: date) -> int:
    """Age in whole years on `day`; who was born on 29 February has birthday on 1 March in other years.

    Raises ValueError when `day` is before the birth.
    """
    if day < birth_date:
        raise ValueError("birth_date is after the day")
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday
