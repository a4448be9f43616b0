"""The running order: drawn, and then arranged so that nobody must be in two places and no domain comes twice in a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from mlops_grader.capstone.expo.entries import Entry

SAME_PEOPLE, SAME_DOMAIN = 1000, 1  # what two neighbours cost: any clash of people outweighs all clashes of domains
EXACT = 11  # teams up to which every order is compared
TRIES = 20  # orders from which a larger expo is improved

Costs = Sequence[Sequence[int]]
Ways = dict[tuple[int, int], tuple[int, tuple[int, ...]]]  # by the set of teams as bits, and the first of them


@dataclass(frozen=True)
class Slot:
    """When a team shows its product."""

    entry: Entry
    begin: datetime
    end: datetime


def running_order(entries: Sequence[Entry], seed: int) -> tuple[Entry, ...]:
    """The teams in the order in which they show: the same for the same teams and seed.

    The draw decides among all orders with the fewest clashes, so no team has a better place by its name.
    """
    drawn = sorted(entries, key=lambda entry: entry.slug)
    Random(seed).shuffle(drawn)  # noqa: S311  # a draw that anybody can repeat
    costs = [[_cost(one, other) for other in drawn] for one in drawn]
    order = _best(costs) if len(drawn) <= EXACT else _good(costs, seed)
    return tuple(drawn[place] for place in order)


def clashes(order: Sequence[Entry]) -> tuple[str, ...]:
    """What could not be avoided, in sentences."""
    told = []
    for one, other in pairwise(order):
        if one.people & other.people:
            told.append(f"{one.team.name} and {other.team.name} share a member and follow each other")
        if one.domain and one.domain == other.domain:
            told.append(f"{one.team.name} and {other.team.name} are of the same domain and follow each other")
    return tuple(told)


def timetable(order: Sequence[Entry], start: datetime, minutes: int, pause: int) -> tuple[Slot, ...]:
    """When each team shows: so many minutes each, with a pause for the change between two."""
    step, length = timedelta(minutes=minutes + pause), timedelta(minutes=minutes)
    return tuple(Slot(entry, start + step * place, start + step * place + length) for place, entry in enumerate(order))


def _cost(one: Entry, other: Entry) -> int:
    same_domain = bool(one.domain) and one.domain == other.domain
    return SAME_PEOPLE * bool(one.people & other.people) + SAME_DOMAIN * same_domain


def _best(costs: Costs) -> tuple[int, ...]:
    """The cheapest order of all; of equal ones that which follows the draw most closely.

    Held and Karp: for each set of teams and the first of them, the cheapest way through the set.
    """
    every = range(len(costs))
    ways: Ways = {(1 << place, place): (0, (place,)) for place in every}
    for _ in every[1:]:
        longer: Ways = {}
        for (used, first), (cost, way) in ways.items():
            for place in every:
                if not used >> place & 1:
                    key = (used | 1 << place, place)
                    new = (cost + costs[place][first], (place, *way))
                    longer[key] = min(longer.get(key, new), new)
        ways = longer
    return min(ways.values(), default=(0, ()))[1]


def _good(costs: Costs, seed: int) -> tuple[int, ...]:
    """The cheapest of several drawn orders, each improved by exchanging two teams as long as that helps."""
    draw = Random(seed)  # noqa: S311  # as above
    best = list(range(len(costs)))
    for _ in range(TRIES):
        if _total(best, costs) == 0:
            break
        order = draw.sample(range(len(costs)), len(costs))
        best = min(best, _improved(order, costs), key=lambda each: _total(each, costs))
    return tuple(_improved(best, costs))


def _improved(order: list[int], costs: Costs) -> list[int]:
    cost = _total(order, costs)
    for one in range(len(order)):
        for other in range(one + 1, len(order)):
            changed = order.copy()
            changed[one], changed[other] = order[other], order[one]
            if _total(changed, costs) < cost:
                return _improved(changed, costs)
    return order


def _total(order: Sequence[int], costs: Costs) -> int:
    return sum(costs[one][other] for one, other in pairwise(order))
