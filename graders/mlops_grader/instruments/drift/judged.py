"""Many weeks that were judged, against what was ordered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from mlops_grader.check import Fail
from mlops_grader.instruments.drift.orders import is_check_up
from mlops_grader.instruments.drift.practice import Order, Practice
from mlops_grader.instruments.drift.said import Summary
from mlops_grader.instruments.world import ConceptDrift, CovariateDrift
from mlops_grader.timeline import Span, Timeline

UNLUCKY = 0.01  # how probable it may be that somebody who keeps the stated rate is above the limit


@dataclass(frozen=True)
class Judged:
    """One week: how it was ordered, and what was said of it."""

    monday: date
    order: Order
    check_up: bool
    summary: Summary

    @property
    def quiet(self) -> bool:
        """Nothing was different that anybody would have to know of."""
        return not self.order.drift and not self.order.damage and self.order.release != "bad"

    @property
    def detected(self) -> bool:
        """Whether something is to be done."""
        return self.summary.decision != "nothing"

    @property
    def words(self) -> str:
        """What was ordered."""
        drift = self.order.drift
        if isinstance(drift, CovariateDrift):
            return f"a {self.order.size} drift of {drift.feature}"
        if isinstance(drift, ConceptDrift):
            return f"a {self.order.size} change in how patients decide ({drift.part} {drift.size:+g})"
        return f"a {self.order.release} release" if self.order.release else "nothing"


def against_orders(practice: Practice, said: dict[date, Summary]) -> list[Judged]:
    """Each ordered week with what was said of it. Raises Fail when one has no summary."""
    found = []
    for number, (monday, order) in enumerate(zip(practice.mondays, practice.orders, strict=True)):
        if monday not in said:
            raise Fail(
                f"of {len(practice.orders)} weeks {len(said)} have a summary, and that from {monday} on has none",
                fix="one file for each week that has predictions and has ended: `save_summary`",
            )
        found.append(Judged(monday, order, is_check_up(number), said[monday]))
    return found


def share(weeks: Sequence[Judged], happened: Callable[[Judged], bool]) -> float:
    """The share of weeks of which something is true."""
    return sum(map(happened, weeks)) / len(weeks)


def most_false_alarms(weeks: int, rate: float) -> int:
    """How many of these quiet weeks somebody who keeps the rate would exceed in one grade of a hundred only."""
    from scipy.stats import binom

    return int(binom.isf(UNLUCKY, weeks, rate))


def timeline(weeks: Sequence[Judged]) -> Timeline:
    """What was ordered and what was decided, week after week, one practice after the other."""
    ordered = [Span(_lane(week), week.words, at, at + 1.0) for at, week in enumerate(weeks) if not week.quiet]
    decided = [
        Span(week.summary.decision, week.summary.window, at, at + 1.0) for at, week in enumerate(weeks) if week.detected
    ]
    lanes = ("patients", "behaviour", "release", "investigate", "retrain", "roll back")
    note = "Above what was different in a week, below what the job decided about it. In weeks without a mark nothing was different."
    spans = sorted((*ordered, *decided), key=lambda span: lanes.index(span.lane))
    return Timeline(note, float(len(weeks)), (), tuple(spans), unit="weeks")


def _lane(week: Judged) -> str:
    if isinstance(week.order.drift, CovariateDrift):
        return "patients"
    return "behaviour" if week.order.drift else "release"
