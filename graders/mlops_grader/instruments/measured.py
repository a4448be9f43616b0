"""Which of a service's series count its requests, time them and describe its predictions, found by how they move."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from mlops_grader.instruments.exposition import Series, counts

STATUS = re.compile(r"[1-5](\d\d|[xX]{2})")
SAME = 1e-6


@dataclass(frozen=True)
class Requests:
    """How often a counter rose for one path: by the first digit of the status, and without a path that is known."""

    family: str
    by_status: Mapping[str, int]
    elsewhere: int


def request_counters(changes: Mapping[Series, float], path: str) -> list[Requests]:
    """The counters with a label for the path and one for the status."""
    here: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    elsewhere: dict[str, int] = defaultdict(int)
    for series, change in counts(changes):
        status = next((value[0] for value in series.values if STATUS.fullmatch(value)), "")
        if status and path in series.values:
            here[series.name][status] += round(change)
        elif status == "4":
            elsewhere[series.name] += round(change)
    return [Requests(name, dict(found), elsewhere[name]) for name, found in here.items()]


def timed(changes: Mapping[Series, float], path: str) -> dict[str, tuple[int, float]]:
    """The histograms with a label for the path: how many requests they timed, and seconds in all."""
    families = {s.family for s in changes if s.type == "histogram" and path in s.values}
    return {family: totals(changes, family, path) for family in families}


def totals(changes: Mapping[Series, float], family: str, *values: str) -> tuple[int, float]:
    """Count and sum by which a histogram rose, over all its series that carry these label values."""
    mine = {s: change for s, change in changes.items() if s.family == family and s.values >= set(values)}
    count = sum(change for s, change in mine.items() if s.name == f"{family}_count")
    return round(count), sum(change for s, change in mine.items() if s.name == f"{family}_sum")


def distributions(changes: Mapping[Series, float], count: int, total: float) -> list[str]:
    """The histograms that rose by so many values with that sum."""
    families = {s.family for s in changes if s.type == "histogram"}
    found = {family: totals(changes, family) for family in families}
    return [family for family, (n, sum_) in found.items() if n == count and abs(sum_ - total) < SAME * max(1, count)]
