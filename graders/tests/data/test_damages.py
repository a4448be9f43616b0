"""Bad rows to order: each kind, in each of its ways, is refused by whoever reads the README, for the columns that it names."""

from __future__ import annotations

import copy
import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from random import Random

import pytest

from mlops_grader.instruments.data.damages import KINDS, Kind, spoil
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.sheet import Sheet, Spot

Chance = Callable[[int | str], Random]
Blame = Callable[[str, list[str], date], set[str]]

TRIES = 300
WAYS = {
    "an id that is none": 4,
    "`distance_km` is no distance": 5,
    "`previous_appointments` is no count": 4,
    "more appointments missed than there were": 4,
    "a clinic that there is not": 4,
    "a reminder that there is not": 4,
    "a moment written in another way": 8,  # four for each of two columns
    "booked at its start or later": 3,
    "an appointment of a later day than the file": 3,
    "a birth date that cannot be": 5,
    "too few or too many cells": 3,
    "cells in each other's place": 6,
    "an outcome that is none": 4,
    "`distance_km` in another unit or form": 3,
}


def read_back(sheet: Sheet) -> list[list[str]]:
    """The rows as a CSV reader sees them."""
    return list(csv.reader(io.StringIO(sheet.text(), newline="")))[1:]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.words)
def test_a_spoilt_row_is_refused_for_its_columns(plain: Delivery, blame: Blame, kind: Kind, chance: Chance) -> None:
    """In every way, whichever good row it was before; other rows stay good."""
    sheets = plain.of(kind.of)
    for seed in range(TRIES):
        random = chance(seed)
        sheet = copy.deepcopy(random.choice(sheets))
        row = random.randint(1, len(sheet.rows))
        assert kind.spoil(sheet, row, random) == Spot(sheet.name, row)
        day = date.fromisoformat(sheet.day)
        blamed = {number: blame(kind.of, cells, day) for number, cells in enumerate(read_back(sheet), start=1)}
        assert {number for number in blamed if blamed[number]} == {row}
        assert blamed[row] <= (set(kind.columns) or {""}), sheet.rows[row - 1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.words)
def test_a_kind_has_several_ways(plain: Delivery, kind: Kind, chance: Chance) -> None:
    """The same row can be spoilt in each of them."""
    ways = set()
    for seed in range(TRIES):
        sheet = copy.deepcopy(plain.of(kind.of)[0])
        kind.spoil(sheet, 1, chance(seed))
        ways.add(tuple(sheet.rows[0]))
    assert len(ways) == WAYS[kind.words]


def test_a_future_birth_is_after_every_appointment_of_the_file(plain: Delivery, chance: Chance) -> None:
    """Also after one that was moved by a year."""
    kind = next(kind for kind in KINDS if kind.columns == ("birth_date",))
    births = set()
    for seed in range(TRIES):
        sheet = copy.deepcopy(plain.of("appointments")[0])
        kind.spoil(sheet, 1, chance(seed))
        births.add(sheet.cell(1, "birth_date"))
    assert births == {"1979-02-30", "1871-07-23", "2150-02-09", "02.03.1979", ""}


def test_rows_of_every_kind_are_spoilt(plain: Delivery, chance: Chance) -> None:
    """As many of each as are asked for, no row twice, and the others are as before."""
    for seed in range(20):
        sheets = copy.deepcopy(plain.sheets)
        bad = spoil(sheets, chance(seed), each=5)
        assert Counter(each.kind.words for each in bad) == dict.fromkeys((kind.words for kind in KINDS), 5)
        assert all(sheets[each.spot.file].kind == each.kind.of for each in bad)
        changed = [
            Spot(name, row)
            for name, sheet in sheets.items()
            for row, (before, after) in enumerate(zip(plain.sheets[name].rows, sheet.rows, strict=True), start=1)
            if before != after
        ]
        assert sorted(each.spot for each in bad) == sorted(changed)


def test_rows_are_spoilt_although_hardly_any_are_left(columns: Mapping[str, list[str]], chance: Chance) -> None:
    """Each once, when there are just as many as are wanted."""
    outcomes = Sheet("outcomes", "2026-01-06", columns["outcomes"], [["A0000001", "attended", "2026-01-06T09:00"]])
    patient = ["A0000001", "P000001", "Bana Ford", "+1-200-555-0100", "1979-03-02", "f"]
    good = [*patient, "hill", "2026-01-02T09:15", "2026-01-05T08:00", "3.4", "5", "1", "sms", ""]
    appointments = Sheet(
        "appointments", "2026-01-05", columns["appointments"], [list(good) for _ in range(len(KINDS) - 1)]
    )
    bad = spoil({sheet.name: sheet for sheet in (outcomes, appointments)}, chance(1), each=1)
    expected = [Spot(appointments.name, row) for row in range(1, len(KINDS))] + [Spot(outcomes.name, 1)]
    assert sorted(each.spot for each in bad) == expected


def test_the_same_seed_spoils_the_same(plain: Delivery, chance: Chance) -> None:
    """So that a grade can be repeated."""
    texts = []
    for seed in (7, 7, 8):
        sheets = copy.deepcopy(plain.sheets)
        spoil(sheets, chance(seed))
        texts.append([sheet.text() for sheet in sheets.values()])
    assert texts[0] == texts[1] != texts[2]
