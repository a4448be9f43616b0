"""One appointment as the model sees it, and the values that its fields can take."""

import re
from dataclasses import dataclass
from datetime import datetime

CLINICS = ("north", "harbour", "hill", "station")
REMINDERS = ("none", "sms", "call")


@dataclass(frozen=True, slots=True)
class Appointment:
    """What is known about an appointment before it takes place.

    `age` is in whole years on the day of the appointment, `distance_km` from home to the clinic, and the two counts
    are of the patient's earlier appointments.
    """

    clinic: str
    age: int
    booked_at: datetime
    starts_at: datetime
    distance_km: float
    previous_appointments: int
    previous_no_shows: int
    reminder: str


def parse_minute(text: str) -> datetime:
    """A moment of local time written as 2026-03-02T09:15 and in no other way.

    Raises ValueError, whose text does not repeat what was given: it may go into an answer or a log.
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
        raise ValueError("not a local time to the minute like 2026-03-02T09:15")
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # its words differ from one Python to the next, and some repeat the text
        raise ValueError("no such day in the calendar") from None
