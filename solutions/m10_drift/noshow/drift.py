"""Whether other patients come: each field of a week against the reference."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from noshow.appointment import CLINICS, REMINDERS, Appointment
from noshow.features import lead_days
from noshow.weeks import is_check_up_week

NUMBERS = ("lead_days", "distance_km", "age", "previous_appointments", "previous_no_shows")
WORDS = {"clinic": CLINICS, "reminder": REMINDERS}
SIGNIFICANT = 0.003
"""How often a week without any change may look changed, all fields together."""


@dataclass(frozen=True)
class Difference:
    """How one field of a week differs from the reference.

    `p_value`: how probable a difference of this size is when nothing has changed. `size`: 0 to 1; for numbers the
    statistic of Kolmogorov and Smirnov, for words half the sum of the differences between the shares.
    """

    field: str
    size: float
    p_value: float

    @property
    def drifted(self) -> bool:
        """Whether it is more than chance, given that so many fields are looked at (Bonferroni)."""
        return self.p_value < SIGNIFICANT / (len(NUMBERS) + len(WORDS))


def of_this_season(reference: Sequence[Appointment], like: Appointment) -> list[Appointment]:
    """The part of the reference that a week can be compared with: check-up weeks with check-up weeks."""
    season = is_check_up_week(like.starts_at.date())
    return [each for each in reference if is_check_up_week(each.starts_at.date()) == season] or list(reference)


def differences(
    appointments: Sequence[Appointment], reference: Sequence[Appointment], left_out: Collection[str] = ()
) -> list[Difference]:
    """The fields by how much they differ, the strongest first. Those in `left_out` are not looked at."""
    found = [_numbers(name, appointments, reference) for name in NUMBERS if name not in left_out]
    found += [_words(name, appointments, reference) for name in WORDS if name not in left_out]
    return sorted(found, key=lambda difference: (difference.p_value, -difference.size))


def values(name: str, appointments: Sequence[Appointment]) -> NDArray[np.float64]:
    """A field of numbers."""
    if name == "lead_days":
        return np.array([lead_days(each.booked_at, each.starts_at) for each in appointments])
    return np.array([float(getattr(each, name)) for each in appointments])


def shares(name: str, appointments: Sequence[Appointment]) -> NDArray[np.float64]:
    """How many appointments have each value of a field of words, in the order of WORDS."""
    found = [getattr(each, name) for each in appointments]
    return np.array([float(found.count(word)) for word in WORDS[name]])


def _numbers(name: str, appointments: Sequence[Appointment], reference: Sequence[Appointment]) -> Difference:
    test = stats.ks_2samp(values(name, appointments), values(name, reference), method="asymp")
    return Difference(name, float(test.statistic), float(test.pvalue))


def _words(name: str, appointments: Sequence[Appointment], reference: Sequence[Appointment]) -> Difference:
    here, there = shares(name, appointments), shares(name, reference)
    seen = here + there > 0
    test = stats.chi2_contingency(np.array([here[seen], there[seen]]))
    return Difference(name, float(np.abs(here / here.sum() - there / there.sum()).sum() / 2), float(test.pvalue))
