"""The world: one seed, one timeline of appointments, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from mlops_grader.instruments.world.appointments import MAX_LEAD_DAYS, REMINDERS, Appointments, schedule
from mlops_grader.instruments.world.chance import Integers, Texts, pick
from mlops_grader.instruments.world.drifts import Drift
from mlops_grader.instruments.world.history import HISTORY_DAYS, history
from mlops_grader.instruments.world.opening import open_days, opening_days_between
from mlops_grader.instruments.world.outcomes import OUTCOMES, Outcomes, happen
from mlops_grader.instruments.world.people import CLINICS, SEXES, People, populate
from mlops_grader.instruments.world.replies import INTENTS, reply_intents, reply_texts

START = date(2026, 1, 5)
PATIENTS = 4_000
PER_DAY = 150

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
TRUTH_COLUMNS = (
    "age",
    "lead_days",
    "reliability",
    "reachable",
    "weather",
    "reply_intent",
    "no_show_probability",
    "no_show",
    "outcome",
    "outcome_recorded_at",
)

_ARCHIVE = (HISTORY_DAYS + MAX_LEAD_DAYS + 10) * 5 // 7  # opening days simulated before the first one handed out
_LONGEST = 5 * 260


@dataclass(frozen=True)
class World:
    """A practice with four clinics and its patients.

    Everything is a function of the fields and of `per_day`: the same call gives the same frame whatever was called
    before, and a part of the timeline is the same rows whether it is asked for alone or within a longer one.
    A world with drifts equals the world without them until the first drift starts.
    """

    seed: int
    patients: int = PATIENTS
    start: date = START
    drifts: tuple[Drift, ...] = ()

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed {self.seed} is negative")
        if self.patients < 40:
            raise ValueError(f"{self.patients} patients are too few, at least 40 are needed")
        early = [drift for drift in self.drifts if drift.start < self.start]
        if early:
            raise ValueError(f"the world starts on {self.start}, a drift cannot start on {early[0].start}")

    def drifting(self, *drifts: Drift) -> World:
        """Return this world with further drifts; drifts of the same feature or part add up."""
        return replace(self, drifts=(*self.drifts, *drifts))

    def days(self, start: date | None = None, days: int = 40, per_day: int = PER_DAY) -> pd.DataFrame:
        """Return `per_day` appointments on each of `days` opening days (Monday to Friday), from `start` on.

        `start` is the world's own start if not given, and no earlier. The columns are APPOINTMENT_COLUMNS, which the
        daily files contain, and then TRUTH_COLUMNS, which they do not. Appointment numbers count from the world's
        start, the rows are in order of `starts_at`.
        """
        start = start or self.start
        if start < self.start:
            raise ValueError(f"the world starts on {self.start}, {start} is before that")
        if days < 1 or not 1 <= per_day <= self.patients // 4:
            raise ValueError(
                f"{days} days with {per_day} appointments: at least one day, and from 1 to {self.patients // 4} "
                f"appointments a day with {self.patients} patients"
            )
        skipped = opening_days_between(self.start, start)
        calendar = open_days(self.start, _ARCHIVE + skipped + days, offset=-_ARCHIVE)
        people = populate(self.seed, self.patients, self.start)
        booked = schedule(self.seed, people, calendar, per_day, self.drifts)
        outcomes = happen(self.seed, people, booked, _ARCHIVE * per_day, self.drifts)
        return _frame(self.seed, people, booked, outcomes, _ARCHIVE * per_day, (_ARCHIVE + skipped) * per_day)

    def appointments(self, n: int) -> pd.DataFrame:
        """Return the first n appointments, 150 a day for 4,000 patients and in proportion for another number.

        For a million rows ask a larger practice: `World(seed, patients=100_000)` needs 267 days for them.

        Raises:
            ValueError: the practice would need more than five years, in which its patients would grow older.
        """
        per_day = max(1, self.patients * PER_DAY // PATIENTS)
        days = -(-n // per_day)
        if n < 1 or days > _LONGEST:
            raise ValueError(
                f"cannot make {n} appointments with {self.patients} patients: at least 1, and at most five years of "
                f"{per_day} a day; give the world more patients, as in World(seed, patients={max(PATIENTS, n // 10)})"
            )
        return self.days(days=days, per_day=per_day).head(n)


def _frame(
    seed: int, people: People, booked: Appointments, outcomes: Outcomes, archived: int, first: int
) -> pd.DataFrame:
    """Build the frame of the rows from number `first` on; the first `archived` rows of all have no number."""
    previous, missed = history(booked.patient, booked.booked_at, outcomes.recorded_at, outcomes.no_show, first)
    intent = reply_intents(seed, booked.reminder, people.reachable[booked.patient], outcomes.no_show)[first:]
    patient = booked.patient[first:]
    numbers = np.arange(first, len(booked.patient)) - archived + 1
    phone = people.phone[patient]
    columns = {
        "appointment_id": _labels("A", 7, numbers),
        "patient_id": _labels("P", 6, np.arange(1, len(people) + 1))[patient],
        "name": (people.given_name + " " + people.family_name)[patient],
        "phone": phone,
        "birth_date": people.birth_date[patient].astype("datetime64[s]"),
        "sex": pick(SEXES, people.sex[patient]),
        "clinic": pick(CLINICS, booked.clinic[first:]),
        "booked_at": booked.booked_at[first:].astype("datetime64[s]"),
        "starts_at": booked.starts_at[first:].astype("datetime64[s]"),
        "distance_km": booked.distance_km[first:],
        "previous_appointments": previous,
        "previous_no_shows": missed,
        "reminder": pick(REMINDERS, booked.reminder[first:]),
        "reply": reply_texts(seed, intent, first, people.given_name[patient], phone),
        "age": booked.age[first:],
        "lead_days": booked.lead_days[first:],
        "reliability": people.reliability[patient],
        "reachable": people.reachable[patient],
        "weather": outcomes.weather[first:],
        "reply_intent": pick(INTENTS, intent),
        "no_show_probability": outcomes.probability[first:],
        "no_show": outcomes.no_show[first:],
        "outcome": pick(OUTCOMES, outcomes.no_show[first:].astype(np.int64)),
        "outcome_recorded_at": outcomes.recorded_at[first:].astype("datetime64[s]"),
    }
    return pd.DataFrame(columns)


def _labels(letter: str, width: int, numbers: Integers) -> Texts:
    return np.array([f"{letter}{n:0{width}d}" for n in numbers.tolist()], dtype=object)
