"""Features: what the model computes with, made in one way for training and for serving."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from noshow.appointment import CLINICS, REMINDERS, Appointment

FEATURES = (
    "log_lead_days",
    "no_show_rate",
    "age",
    "distance_km",
    "hour_of_day",
    "monday_or_friday",
    *(f"clinic_{clinic}" for clinic in CLINICS),
    *(f"reminder_{reminder}" for reminder in REMINDERS),
)
"""Names of the columns of the feature matrix, in order."""

PRIOR_APPOINTMENTS = 5
"""Weight of the prior in `no_show_rate`: as much as five appointments, one of them missed."""


def lead_days(booked_at: datetime, starts_at: datetime) -> float:
    """Days between booking and appointment, with fractions: 12 hours are 0.5.

    0.0 when both are the same moment. Raises ValueError when the appointment starts before it was booked.
    """
    if starts_at < booked_at:
        raise ValueError(f"starts_at {starts_at} is before booked_at {booked_at}")
    return (starts_at - booked_at) / timedelta(days=1)


def no_show_rate(previous_no_shows: int, previous_appointments: int) -> float:
    """Share of earlier appointments that the patient missed, drawn towards 1 in 5 while the history is short.

    (previous_no_shows + 1) / (previous_appointments + 5): a new patient has 0.2, and one missed first appointment
    gives 0.33 and not 1.0. Raises ValueError when a count is negative or more were missed than there were.
    """
    if not 0 <= previous_no_shows <= previous_appointments:
        raise ValueError(f"{previous_no_shows} of {previous_appointments} previous appointments missed is impossible")
    return (previous_no_shows + 1) / (previous_appointments + PRIOR_APPOINTMENTS)


def hour_of_day(moment: datetime) -> float:
    """Hours since midnight, with fractions: 09:30 is 9.5."""
    return moment.hour + moment.minute / 60


def is_monday_or_friday(moment: datetime) -> bool:
    """Whether the day touches the weekend."""
    return moment.weekday() in (0, 4)


def feature_row(appointment: Appointment) -> list[float]:
    """The features of one appointment, in the order of FEATURES.

    Clinic and reminder become one column per value, of which one is 1.0 and the others are 0.0. Lead time enters as
    log(1 + days): from 1 to 2 days matters more than from 41 to 42. Raises ValueError for an impossible appointment
    or an unknown clinic or reminder.
    """
    return [
        math.log1p(lead_days(appointment.booked_at, appointment.starts_at)),
        no_show_rate(appointment.previous_no_shows, appointment.previous_appointments),
        float(appointment.age),
        appointment.distance_km,
        hour_of_day(appointment.starts_at),
        float(is_monday_or_friday(appointment.starts_at)),
        *_one_hot(appointment.clinic, CLINICS),
        *_one_hot(appointment.reminder, REMINDERS),
    ]


def feature_matrix(appointments: Iterable[Appointment]) -> NDArray[np.float64]:
    """The features of many appointments: one row each, one column per name in FEATURES.

    No appointments give a matrix of shape (0, len(FEATURES)).
    """
    rows = [feature_row(appointment) for appointment in appointments]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES))


def _one_hot(value: str, choices: tuple[str, ...]) -> list[float]:
    if value not in choices:
        raise ValueError(f"{value!r} is not one of {', '.join(choices)}")
    return [float(value == choice) for choice in choices]
