"""Who misses the appointment, and when the clinic records it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlops_grader.instruments.world.appointments import Appointments
from mlops_grader.instruments.world.chance import Booleans, Floats, Integers, Times, choose, normal, uniform
from mlops_grader.instruments.world.drifts import Drift, concept_strength
from mlops_grader.instruments.world.opening import after, later
from mlops_grader.instruments.world.people import CLINICS, People

OUTCOMES = ("attended", "no_show")

_ARCHIVE_RATE = 0.20
_ARCHIVE_SAMPLE = 50_000
_RELIABILITY = 1.35
_WEATHER = 0.30
_BY_WEEKDAY = np.array([0.22, -0.05, -0.12, -0.10, 0.12])
_BY_CLINIC = np.array([-0.08, 0.08, -0.10, 0.18])
_DELAY_ATTENDED = (0.55, 0.25, 0.13, 0.07)
_DELAY_NO_SHOW = (0.25, 0.30, 0.25, 0.20)


@dataclass(frozen=True)
class Outcomes:
    """Columns of outcomes, in the order of the appointments."""

    weather: Floats  # the unobserved shock that a clinic's appointments of one day share
    probability: Floats
    no_show: Booleans
    recorded_at: Times  # datetime64[m], 1 to 6 days after the appointment


def happen(seed: int, people: People, booked: Appointments, archived: int, drifts: tuple[Drift, ...]) -> Outcomes:
    """Let every appointment be kept or missed; the first `archived` of them come before any drift."""
    weather = _weather(seed, booked)
    parts = log_odds_parts(people, booked, weather)
    sample = slice(0, archived, 1 + archived // _ARCHIVE_SAMPLE)
    rate = _rate(np.asarray(sum(part[sample] for part in parts.values())))
    log_odds = rate + concept_strength(drifts, "rate", booked.day)
    for name, part in parts.items():
        log_odds += part * (1 + concept_strength(drifts, name, booked.day))
    probability = _sigmoid(log_odds)
    no_show = uniform(seed, "no show", len(log_odds)) < probability
    return Outcomes(weather, probability, no_show, _recorded(seed, booked.day, no_show))


def _sigmoid(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _rate(log_odds: Floats) -> float:
    """Find by bisection what to add so that the archive's probabilities are 20 % on average, in every world."""
    low, high = -8.0, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if _sigmoid(log_odds + middle).mean() > _ARCHIVE_RATE else (middle, high)
    return low


def log_odds_parts(people: People, booked: Appointments, weather: Floats) -> dict[str, Floats]:
    """Return what each cause adds to the log-odds of a no-show; each is about 0 on average."""
    patient, age, lead = booked.patient, booked.age, booked.lead_days
    young_adult = (age >= 18) & (age < 35)
    male = people.sex[patient] == 1
    distance = np.minimum(booked.distance_km, 30)
    return {
        "lead": 0.5 * (np.log1p(lead) - 2.2),
        "reliability": -_RELIABILITY * people.reliability[patient],
        "age": _by_age(age),
        "sex": np.where(male, 0.12, -0.10) + 0.25 * (male & young_adult),
        "distance": 0.05 * (distance - 5),
        "weekday": _BY_WEEKDAY[(booked.day.astype(np.int64) + 3) % 7],
        "hour": _by_hour(booked.starts_at),
        "clinic": _BY_CLINIC[booked.clinic],
        "weather": _WEATHER * weather * (0.7 + distance / 20),
        "reminder": _by_reminder(booked.reminder, lead, people.reachable[patient]),
    }


def _by_age(age: Integers) -> Floats:
    """Children are brought, young adults forget, and from 75 on it gets harder to come."""
    return np.interp(age, [2, 12, 17, 20, 30, 45, 60, 72, 85, 95], [-0.2, -0.1, 0.4, 0.9, 0.7, 0, -0.5, -0.5, 0.1, 0.4])


def _by_hour(starts_at: Times) -> Floats:
    hour = (starts_at - starts_at.astype("datetime64[D]")).astype(np.float64) / 60
    return np.asarray(np.interp(hour, [8, 9, 10, 16, 17.5], [0.28, 0.05, -0.08, -0.08, 0.22]))


def _by_reminder(reminder: Integers, lead: Floats, reachable: Booleans) -> Floats:
    """A reminder helps those whom it reaches, and the more the longer ago they booked."""
    effect = np.array([0.0, -0.55, -1.0])[reminder] * np.clip(0.4 + lead / 25, 0.4, 1.2)
    return np.asarray(np.where(reachable, effect, 0.0) + 0.33)


def _weather(seed: int, booked: Appointments) -> Floats:
    """Draw one standard normal shock for each clinic and day, and hand it to the appointments."""
    number = np.cumsum(np.diff(booked.day, prepend=booked.day[:1]) > np.timedelta64(0, "D"))
    shocks = normal(seed, "weather", (int(number[-1]) + 1) * len(CLINICS))
    return np.asarray(shocks[number * len(CLINICS) + booked.clinic])


def _recorded(seed: int, day: Times, no_show: Booleans) -> Times:
    """Record 1 to 4 opening days later, which is 1 to 6 calendar days; no-shows take longer."""
    shares = np.where(no_show[:, None], _DELAY_NO_SHOW, _DELAY_ATTENDED)
    delay = 1 + choose(uniform(seed, "delay", len(day)), shares)
    time = 8 * 60 + (uniform(seed, "time of recording", len(day)) * 10 * 60).astype(np.int64)
    return after(later(day, delay), time)
