"""The running order is drawn, repeatable, fair, and keeps clashes apart where that can be done."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from itertools import permutations

import pytest

from mlops_grader.capstone.expo.entries import Entry
from mlops_grader.capstone.expo.order import EXACT, clashes, running_order, timetable
from mlops_grader.capstone.expo.showcase import Showcase
from mlops_grader.team import Member, Team


def entry(name: str, domain: str = "", people: str = "") -> Entry:
    """A team of that domain with those members, known by a letter each."""
    members = tuple(Member(f"{name}-{one}", one, (f"{one}@example.org",)) for one in people or name)
    return Entry(name, Team(name, "", members, {}), Showcase(domain=domain), None, None, None, ())


def slugs(order: tuple[Entry, ...]) -> str:
    """The order in one word."""
    return "".join(each.slug for each in order)


FIVE = [entry("a", "health"), entry("b", "health"), entry("c", "Health "), entry("d", "law"), entry("e", "art")]


def test_the_same_seed_gives_the_same_order_however_the_teams_come() -> None:
    """The order of the folders on a command line decides nothing."""
    assert {slugs(running_order(each, 7)) for each in permutations(FIVE)} == {slugs(running_order(FIVE, 7))}


def test_another_seed_gives_another_order() -> None:
    """It is a draw."""
    assert len({slugs(running_order(FIVE, seed)) for seed in range(30)}) > 1


def test_equal_domains_are_kept_apart_where_that_can_be_done() -> None:
    """Three of five can: they come first, third and fifth, whatever the seed and the spelling."""
    orders = [running_order(FIVE, seed) for seed in range(20)]
    assert [clashes(order) for order in orders] == [()] * 20


def test_people_count_more_than_domains() -> None:
    """Who is in two teams needs the time between them, even when two of a domain follow each other then."""
    teams = [entry("a", "art", "xy"), entry("b", "law", "xz"), entry("c", "law", "uv")]
    assert {slugs(running_order(teams, seed)) for seed in range(20)} == {"acb", "bca"}


def test_what_cannot_be_avoided_is_told() -> None:
    """Two teams always follow each other."""
    order = running_order([entry("a", "art", "xy"), entry("b", "art", "xz")], 1)
    told = clashes(order)
    assert [("share a member" in each, "same domain" in each) for each in told] == [(True, False), (False, True)]


def test_every_place_is_as_likely_for_every_team_that_is_like_others() -> None:
    """A name that begins with A brings no better place."""
    firsts = Counter(running_order([entry(name) for name in "abcd"], seed)[0].slug for seed in range(400))
    assert sorted(firsts) == ["a", "b", "c", "d"]
    assert min(firsts.values()) > 60


@pytest.mark.parametrize("teams", [EXACT, EXACT + 1, 40])
def test_a_large_expo_has_no_clash_either(teams: int) -> None:
    """Above the number that is compared as a whole, orders are improved step by step."""
    many = [entry(f"{number:02}", f"domain {number % 3}", f"{number:02}") for number in range(teams)]
    order = running_order([replace(each, team=Team(each.slug, "", (), {})) for each in many], 3)
    assert (clashes(order), len({each.slug for each in order})) == ((), teams)


@pytest.mark.parametrize("teams", [0, 1])
def test_hardly_any_teams_are_an_order_too(teams: int) -> None:
    """Nothing follows anything."""
    assert running_order(FIVE[:teams], 1) == tuple(FIVE[:teams])


def test_times_follow_from_start_minutes_and_pause() -> None:
    """The pause lies between two teams, and not after the last."""
    slots = timetable(FIVE[:3], datetime(2026, 12, 4, 14, 0), 12, 3)  # noqa: DTZ001  # local time, as on the door
    assert [f"{slot.begin:%H:%M}-{slot.end:%H:%M}" for slot in slots] == ["14:00-14:12", "14:15-14:27", "14:30-14:42"]
