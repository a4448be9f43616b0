"""Changes of the world itself, to order: other appointments (covariates), or other decisions (concept)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import numpy as np

from mlops_grader.instruments.world.chance import Floats, Times

Covariate = Literal["age", "clinic", "distance_km", "lead_days", "reminder"]
Part = Literal[
    "rate", "lead", "reliability", "age", "sex", "distance", "weekday", "hour", "clinic", "weather", "reminder"
]


@dataclass(frozen=True)
class CovariateDrift:
    """From `start` on other appointments come; how people decide stays the same.

    `size` 0 changes nothing. What it means depends on the feature:

    * `lead_days`: bookings are made 1 + size times as many days ahead, 90 at most, those of the day itself apart
      (size > -1)
    * `distance_km`: the distance is multiplied by 1 + size, up to 80 km (size > -1)
    * `age`: a patient 20 years older than another comes exp(size) times as often as before, relative to that other
    * `clinic`: the patients of `station` come 1 + size times as often (size >= -1)
    * `reminder`: this share of reminders is not sent (0 <= size <= 1)

    The full size is reached after `ramp_days` days (0: at once); the drift ends with the day before `until`.
    """

    feature: Covariate
    size: float
    start: date
    ramp_days: int = 0
    until: date | None = None

    def __post_init__(self) -> None:
        _expect_one_of(self.feature, get_args(Covariate), "feature")
        low, high = {"age": (-5, 5), "reminder": (0, 1)}.get(self.feature, (-1, float("inf")))
        open_below = self.feature in ("lead_days", "distance_km")
        if not low <= self.size <= high or (open_below and self.size == low):
            raise ValueError(f"size {self.size} is out of range for the feature {self.feature!r}, see CovariateDrift")


@dataclass(frozen=True)
class ConceptDrift:
    """From `start` on people decide differently; who comes stays the same.

    The part of the log-odds with this name is multiplied by 1 + size: -1 switches an effect off, -2 turns it round,
    1 doubles it. For the part `rate`, size is added to the log-odds of every appointment.
    """

    part: Part
    size: float
    start: date
    ramp_days: int = 0
    until: date | None = None

    def __post_init__(self) -> None:
        _expect_one_of(self.part, get_args(Part), "part")


Drift = CovariateDrift | ConceptDrift


def _expect_one_of(value: str, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise ValueError(f"unknown {what} {value!r}, choose from {', '.join(known)}")


def strength(drift: Drift, days: Times) -> Floats:
    """Return the size that the drift has reached on each day (datetime64[D]), 0 outside of its time."""
    since = (days - np.datetime64(drift.start, "D")).astype(np.float64)
    share = np.clip((since + 1) / (drift.ramp_days + 1), 0, 1)
    if drift.until is not None:
        share = np.where(days < np.datetime64(drift.until, "D"), share, 0.0)
    return np.asarray(share * drift.size)


def covariate_strength(drifts: tuple[Drift, ...], feature: Covariate, days: Times) -> Floats:
    """Add up the covariate drifts of one feature."""
    ordered = [strength(d, days) for d in drifts if isinstance(d, CovariateDrift) and d.feature == feature]
    return np.asarray(sum(ordered, np.zeros(len(days))))


def concept_strength(drifts: tuple[Drift, ...], part: str, days: Times) -> Floats:
    """Add up the concept drifts of one part."""
    ordered = [strength(d, days) for d in drifts if isinstance(d, ConceptDrift) and d.part == part]
    return np.asarray(sum(ordered, np.zeros(len(days))))
