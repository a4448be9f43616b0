"""The appointments: when they were booked and take place, where, and who was reminded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlops_grader.instruments.world.attendance import patients_of_days
from mlops_grader.instruments.world.chance import Booleans, Floats, Integers, Times, choose, uniform
from mlops_grader.instruments.world.drifts import Drift, covariate_strength
from mlops_grader.instruments.world.opening import after
from mlops_grader.instruments.world.people import People, ages_on

REMINDERS = ("none", "sms", "call")
MAX_LEAD_DAYS = 90

_SLOTS = np.array([m for m in range(8 * 60, 17 * 60 + 30, 10) if not 12 * 60 + 30 <= m < 13 * 60 + 30])
_BOOKING_OPENS, _BOOKING_CLOSES = 7 * 60, 22 * 60
_NOT_REMINDED = np.array([0.16, 0.30, 0.16, 0.20])


@dataclass(frozen=True)
class Appointments:
    """Columns of appointments, in order of day and time; `patient` indexes the columns of `People`."""

    day: Times  # datetime64[D]
    patient: Integers
    clinic: Integers  # index into CLINICS
    starts_at: Times  # datetime64[m]
    booked_at: Times  # datetime64[m], always before starts_at
    distance_km: Floats  # one decimal
    age: Integers  # completed years on the day
    reminder: Integers  # index into REMINDERS

    @property
    def lead_days(self) -> Floats:
        return np.asarray((self.starts_at - self.booked_at).astype(np.float64) / (24 * 60))


def schedule(seed: int, people: People, days: Times, per_day: int, drifts: tuple[Drift, ...]) -> Appointments:
    """Make `per_day` appointments on each of the days."""
    size = len(days) * per_day
    day = np.repeat(days, per_day)
    patient = patients_of_days(seed, people, days, per_day, drifts).reshape(size)
    slots = np.sort((uniform(seed, "slot", len(days), per_day) * len(_SLOTS)).astype(np.int64), axis=1)
    starts_at = after(day, _SLOTS[slots.reshape(size)])
    booked_at = _bookings(seed, starts_at, covariate_strength(drifts, "lead_days", day))
    away = uniform(seed, "away from home clinic", size) < 0.07
    clinic = np.where(away, choose(uniform(seed, "other clinic", size), [0.25] * 4), people.clinic[patient])
    farther = np.where(clinic == people.clinic[patient], 1.0, 1.5) * (
        1 + covariate_strength(drifts, "distance_km", day)
    )
    age = ages_on(people.birth_date[patient], day)
    lead_days = (starts_at - booked_at).astype(np.float64) / (24 * 60)
    unsent = uniform(seed, "reminder not sent", size) < covariate_strength(drifts, "reminder", day)
    return Appointments(
        day=day,
        patient=patient,
        clinic=clinic,
        starts_at=starts_at,
        booked_at=booked_at,
        distance_km=np.asarray(np.clip(people.distance_km[patient] * farther, 0.1, 80)).round(1),
        age=age,
        reminder=np.where(unsent, 0, _reminders(seed, clinic, lead_days, age, people.known_to_staff[patient])),
    )


def _bookings(seed: int, starts_at: Times, longer: Floats) -> Times:
    """Draw when each appointment was booked: 14 % on the day itself, else 1 to 90 days ahead, 17 on average."""
    size = len(starts_at)
    day = starts_at.astype("datetime64[D]")
    ahead = np.ceil(-np.log1p(-uniform(seed, "days ahead", size)) * 17 * (1 + longer))
    ahead = np.clip(ahead, 1, MAX_LEAD_DAYS).astype("timedelta64[D]")
    time = uniform(seed, "time of booking", size)
    before = after(day - ahead, (_BOOKING_OPENS + time * (_BOOKING_CLOSES - _BOOKING_OPENS)).astype(np.int64))
    open_for = (starts_at - day).astype(np.int64) - _BOOKING_OPENS
    same_day = after(starts_at, -np.ceil((1 - time) * open_for).astype(np.int64))
    return np.where(uniform(seed, "booked on the day", size) < 0.14, same_day, before)


def _reminders(seed: int, clinic: Integers, lead_days: Floats, age: Integers, known: Booleans) -> Integers:
    """Apply the policy: late bookings get none; the frail and the known are called; chance decides the rest."""
    none = np.where(lead_days < 2, 0.92, _NOT_REMINDED[clinic])
    called = np.where(known, 0.60, np.where(age >= 70, 0.32, 0.12))
    shares = np.column_stack([none, (1 - none) * (1 - called), (1 - none) * called])
    return choose(uniform(seed, "reminder", len(age)), shares)
