"""Which patients have an appointment on which day."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlops_grader.instruments.world.chance import Floats, Integers, Times, generator, uniform
from mlops_grader.instruments.world.drifts import Drift, covariate_strength
from mlops_grader.instruments.world.people import CLINICS, People, ages_on

_CELLS_AT_ONCE = 4_000_000


def patients_of_days(seed: int, people: People, days: Times, per_day: int, drifts: tuple[Drift, ...]) -> Integers:
    """Draw `per_day` different patients for each day, in random order; shape (days, per_day).

    Weighted sampling without replacement: the smallest of exponential draws divided by the weights
    (Efraimidis and Spirakis, 2006).
    """
    chosen = np.concatenate(list(_chosen(seed, people, days, per_day, drifts)))
    order = np.argsort(uniform(seed, "order of patients", len(days), per_day), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(chosen, order, axis=1))


def _chosen(seed: int, people: People, days: Times, per_day: int, drifts: tuple[Drift, ...]) -> Iterator[Integers]:
    source = generator(seed, "patients of days")
    chunk = max(1, _CELLS_AT_ONCE // len(people))
    for first in range(0, len(days), chunk):
        some = days[first : first + chunk]
        waits = -np.log1p(-source.random((len(some), len(people)))) / _weights(people, some, drifts)
        smallest = np.argpartition(waits, per_day - 1, axis=1)[:, :per_day]
        yield np.sort(smallest, axis=1).astype(np.int64)


def _weights(people: People, days: Times, drifts: tuple[Drift, ...]) -> Floats:
    """Return how often each patient comes; one row, or one for each day when a drift changes it."""
    weights = people.visit_weight[None, :]
    older = covariate_strength(drifts, "age", days)
    if older.any():
        ages = ages_on(people.birth_date, np.full(len(people), days[0]))
        weights = weights * np.exp(older[:, None] * (ages[None, :] - 50) / 20)
    busier = covariate_strength(drifts, "clinic", days)
    if busier.any():
        at_station = people.clinic == CLINICS.index("station")
        weights = weights * np.maximum(1 + busier[:, None] * at_station[None, :], 1e-9)
    return np.asarray(weights)
