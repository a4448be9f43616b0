"""The patients: who they are, where they live, and the reliability that nobody can see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from mlops_grader.instruments.world.chance import Booleans, Floats, Integers, Texts, Times, choose, normal, uniform
from mlops_grader.instruments.world.names import family_names, given_names, phone_numbers

CLINICS = ("north", "harbour", "hill", "station")
SEXES = ("f", "m")

_AGE_BANDS = np.array([(2, 18), (18, 35), (35, 65), (65, 96)])
_AGE_SHARES = (0.14, 0.24, 0.37, 0.25)
_CLINIC_SHARES_BY_BAND = np.array([(0.34, 0.22, 0.30, 0.14), (0.25, 0.21, 0.16, 0.38),
                                   (0.33, 0.23, 0.27, 0.17), (0.35, 0.22, 0.33, 0.10)])  # fmt: skip
_MEDIAN_DISTANCE = np.array([3.2, 4.8, 6.5, 2.6])
_REACHABLE = np.array([0.95, 0.60, 0.93, 0.94])
_KNOWN_TO_STAFF_BELOW = -1.35


@dataclass(frozen=True)
class People:
    """Columns of the patient register; entry i belongs to patient number i."""

    given_name: Texts
    family_name: Texts
    phone: Texts
    birth_date: Times  # datetime64[D]
    sex: Integers  # index into SEXES
    clinic: Integers  # home clinic, index into CLINICS
    distance_km: Floats  # to the home clinic
    reliability: Floats  # standard normal, never observed; high means: comes
    visit_weight: Floats  # how often, relative to others
    reachable: Booleans  # messages and calls get through; never observed
    known_to_staff: Booleans  # on the reception's list of patients to call

    def __len__(self) -> int:
        return len(self.sex)


def populate(seed: int, size: int, start: date) -> People:
    """Make `size` patients. Ages are between 2 and 95 years on the day `start`."""
    band, age = _ages(seed, size)
    clinic = choose(uniform(seed, "home clinic", size), _CLINIC_SHARES_BY_BAND[band])
    reliability = normal(seed, "reliability", size)
    return People(
        given_name=given_names(seed, size),
        family_name=family_names(seed, size),
        phone=phone_numbers(seed, size),
        birth_date=np.datetime64(start, "D") - np.floor(age * 365.2425).astype("timedelta64[D]"),
        sex=choose(uniform(seed, "sex", size), (0.54, 0.46)),
        clinic=clinic,
        distance_km=_MEDIAN_DISTANCE[clinic] * np.exp(0.65 * normal(seed, "distance", size)),
        reliability=reliability,
        visit_weight=(0.6 + age / 80) * np.exp(0.5 * normal(seed, "visit weight", size)),
        reachable=uniform(seed, "reachable", size) < _REACHABLE[clinic],
        known_to_staff=reliability + 0.7 * normal(seed, "known to staff", size) < _KNOWN_TO_STAFF_BELOW,
    )


def _ages(seed: int, size: int) -> tuple[Integers, Floats]:
    band = choose(uniform(seed, "age band", size), _AGE_SHARES)
    low, high = _AGE_BANDS[band].T
    return band, low + uniform(seed, "age in band", size) * (high - low)


def ages_on(birth_dates: Times, days: Times) -> Integers:
    """Return completed years of age on each day (both datetime64[D])."""
    years = days.astype("datetime64[Y]").astype(np.int64) - birth_dates.astype("datetime64[Y]").astype(np.int64)
    return np.asarray(years - (_day_of_year_key(days) < _day_of_year_key(birth_dates)), dtype=np.int64)


def _day_of_year_key(days: Times) -> Integers:
    months = days.astype("datetime64[M]")
    return np.asarray((months.astype(np.int64) % 12) * 32 + (days - months.astype("datetime64[D]")).astype(np.int64))
