"""Unusual days to order: large enough to be seen, well-formed, and on days of their own."""

from __future__ import annotations

import copy
import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from itertools import pairwise
from random import Random
from statistics import fmean, stdev
from typing import Any, cast

import pytest

from mlops_grader.instruments.data import delivery as deliveries
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.sheet import Sheet
from mlops_grader.instruments.data.unusual import EVENTS, Event, happen

Chance = Callable[[int | str], Random]
Blame = Callable[[str, list[str], date], set[str]]

FAR = 6.0  # standard deviations, with which the reference compares


@pytest.fixture(scope="module")
def practice() -> Delivery:
    """A delivery as large as those in which days are judged."""
    return deliveries.plain(12, 30, 120)


@pytest.fixture(scope="module")
def small() -> Delivery:
    """A delivery of as many days, in which days are chosen faster."""
    return deliveries.plain(12, 30, 8)


@pytest.fixture(scope="module")
def numbers(blame: Blame) -> Callable[[Sheet], dict[str, list[float]]]:
    """What can be counted of a day, by the word for it."""

    def of_day(sheet: Sheet) -> dict[str, list[float]]:
        rows = list(csv.DictReader(io.StringIO(sheet.text(), newline="")))
        day = date.fromisoformat(sheet.day)
        good = [row for row in rows if not blame("appointments", [*row.values()], day)]
        lead = [
            (datetime.fromisoformat(row["starts_at"]) - datetime.fromisoformat(row["booked_at"])).days for row in good
        ]
        return {
            "appointments": [len(good)],
            "quarantined": [len(rows) - len(good)],
            "reminder": [fmean(row["reminder"] == each for row in good) for each in ("none", "sms", "call")],
            "clinic": [
                fmean(row["clinic"] == each for row in good) for each in ("north", "harbour", "hill", "station")
            ],
            "distance_km": [fmean(float(row["distance_km"]) for row in good)],
            "age": [fmean(day.year - int(row["birth_date"][:4]) for row in good)],
            "booked_at": [fmean(lead)],
            "lead_days": [fmean(lead)],
            "previous_appointments": [fmean(int(row["previous_appointments"]) for row in good)],
            "previous_no_shows": [fmean(int(row["previous_no_shows"]) for row in good)],
        }

    return of_day


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.words)
def test_an_event_is_large(
    practice: Delivery, numbers: Callable[[Sheet], dict[str, list[float]]], event: Event, chance: Chance
) -> None:
    """Under the name of it that is asked for first, the day is further from the others than chance can bring it."""
    ordinary = [numbers(sheet) for sheet in practice.of("appointments")]
    for seed in range(20):
        sheet = copy.deepcopy(chance(seed).choice(practice.of("appointments")))
        event.happen(sheet, chance(seed))
        now = numbers(sheet)[event.where[0]]
        before = [[day[event.where[0]][place] for day in ordinary] for place in range(len(now))]
        # a number that never changes still strays by the root of what is counted
        strays = [stdev(values) or max(max(values), 1, value) ** 0.5 for value, values in zip(now, before, strict=True)]
        far = [abs(v - fmean(b)) / s for v, b, s in zip(now, before, strays, strict=True)]
        assert max(far) > FAR


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.words)
def test_rows_of_an_unusual_day_can_be_used(practice: Delivery, blame: Blame, event: Event, chance: Chance) -> None:
    """All of them, but where a third cannot."""
    for sheet in practice.of("appointments"):
        changed = copy.deepcopy(sheet)
        event.happen(changed, chance(sheet.day))
        day = date.fromisoformat(sheet.day)
        bad = [columns for cells in changed.rows if (columns := blame("appointments", cells, day))]
        assert bad == ([{"reminder"}] * 40 if event.words == "a third of the rows cannot be used" else [])


def test_who_was_born_on_a_leap_day_has_a_birth_date_all_the_same() -> None:
    """Also 25 years later, and nobody is born after the last year that can be."""
    births = ["1976-02-29", "1979-03-02", "2016-02-29", "2023-12-31"]
    sheet = Sheet("appointments", "2026-01-05", ["birth_date"], [[text] for text in births])
    event = next(event for event in EVENTS if event.where == ("age",))
    event.happen(sheet, cast("Any", None))
    assert sheet.rows == [["2001-02-28"], ["2004-03-02"], ["2024-02-28"], ["2024-12-31"]]


def test_days_of_events_are_told(small: Delivery, chance: Chance) -> None:
    """With what happened, each thing once; all other files are as before."""
    for seed in range(20):
        sheets = copy.deepcopy(small.sheets)
        events = happen(sheets, chance(seed), 5, first=14)
        assert len({event.words for event in events.values()}) == 5
        changed = {name for name, sheet in sheets.items() if sheet != small.sheets[name]}
        assert changed == {f"appointments_{day}.csv" for day in events}


def test_before_and_between_events_days_are_ordinary(small: Delivery, chance: Chance) -> None:
    """Each event has ordinary days to be compared with, and an ordinary day after it; any of the others may be chosen."""
    days = [sheet.day for sheet in small.of("appointments")]
    chosen = set()
    for seed in range(60):
        places = sorted(days.index(day) for day in happen(copy.deepcopy(small.sheets), chance(seed), 5, first=14))
        assert min(after - before for before, after in pairwise(places)) >= 2
        chosen |= {*places}
    assert chosen == {*range(14, 30, 2)}


def test_every_event_comes_up(small: Delivery, chance: Chance) -> None:
    """On some seed."""
    words = {
        event.words
        for seed in range(20)
        for event in happen(copy.deepcopy(small.sheets), chance(seed), 3, first=20).values()
    }
    assert words == {event.words for event in EVENTS}


def test_the_same_seed_gives_the_same_days(small: Delivery, chance: Chance) -> None:
    """So that a grade can be repeated."""
    first, same, other = (
        [sorted(happen(sheets, chance(seed), 5, 14)), [sheet.text() for sheet in sheets.values()]]
        for seed in (3, 3, 4)
        for sheets in [copy.deepcopy(small.sheets)]
    )
    assert first == same != other
