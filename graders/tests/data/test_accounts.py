"""Accounts of a small delivery: a quarantine that is right, and each way to be wrong."""

from __future__ import annotations

import pandas as pd
import pytest

from mlops_grader.instruments.data.accounts import unaccounted
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.sheet import Sheet, Spot

MONDAY, TUESDAY, WEDNESDAY, EMPTY = (f"appointments_2026-01-{day:02d}.csv" for day in (5, 6, 7, 8))
WHOLE = {Spot(WEDNESDAY, 0), Spot(EMPTY, 0)}
RIGHT = {Spot(MONDAY, 1), Spot(MONDAY, 2), *WHOLE}


@pytest.fixture
def delivery() -> Delivery:
    """The first row of Monday is bad, its second comes three times, Wednesday and Thursday cannot be read."""
    sheets = [Sheet("appointments", f"2026-01-{day:02d}", ["appointment_id"], [["a"], ["b"]]) for day in (5, 6, 7, 8)]
    return Delivery(
        {sheet.name: sheet for sheet in sheets},
        pd.DataFrame(),
        left_out={Spot(MONDAY, 1)},
        groups=[(Spot(MONDAY, 2), Spot(TUESDAY, 1))],
        unreadable={WEDNESDAY: b"a\nb\n", EMPTY: b""},
    )


@pytest.mark.parametrize(
    "left_out",
    [
        RIGHT,
        RIGHT - {Spot(MONDAY, 2)} | {Spot(TUESDAY, 1)},
        RIGHT - {Spot(WEDNESDAY, 0)} | {Spot(WEDNESDAY, 1), Spot(WEDNESDAY, 2)},
        RIGHT | {Spot(WEDNESDAY, 1)},
        RIGHT | {Spot(EMPTY, 1), Spot(EMPTY, 2)},
    ],
    ids=["right", "the other of a group", "row by row", "whole and a row", "more of the empty one"],
)
def test_right_accounts_are_accepted(delivery: Delivery, left_out: set[Spot]) -> None:
    """Which of two same rows counts does not matter, nor whether a file is left out as a whole or row by row."""
    assert unaccounted(delivery, left_out) == ""


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        (
            RIGHT - {Spot(MONDAY, 1)},
            f"row 1 of `{MONDAY}` does not count, and is not in the quarantine (1 such rows)",
        ),
        (
            RIGHT - {Spot(WEDNESDAY, 0)},
            f"`{WEDNESDAY}` cannot be used, and is not in the quarantine as a whole (row 0)",
        ),
        (
            RIGHT - {Spot(WEDNESDAY, 0)} | {Spot(WEDNESDAY, 1)},
            f"`{WEDNESDAY}` cannot be used, and is not in the quarantine as a whole (row 0)",
        ),
        (
            RIGHT - {Spot(EMPTY, 0)} | {Spot(EMPTY, 1), Spot(EMPTY, 2)},
            f"`{EMPTY}` cannot be used, and is not in the quarantine as a whole (row 0)",
        ),
        (
            RIGHT - {Spot(MONDAY, 2)},
            f"row 2 of `{MONDAY}` and row 1 of `{TUESDAY}` are the same, and 0 of them are in the quarantine instead of 1",
        ),
        (
            RIGHT | {Spot(TUESDAY, 1)},
            f"row 2 of `{MONDAY}` and row 1 of `{TUESDAY}` are the same, and 2 of them are in the quarantine instead of 1",
        ),
        (
            RIGHT | {Spot(TUESDAY, 2)},
            f"nothing is wrong with row 2 of `{TUESDAY}`, and it is in the quarantine (1 such entries)",
        ),
        (
            RIGHT | {Spot(TUESDAY, 3), Spot(TUESDAY, 2)},
            f"nothing is wrong with row 2 of `{TUESDAY}`, and it is in the quarantine (2 such entries)",
        ),
        (
            RIGHT | {Spot(TUESDAY, 3)},
            f"nothing is wrong with row 3 of `{TUESDAY}`, and it is in the quarantine (1 such entries)",
        ),
        (
            RIGHT | {Spot(TUESDAY, 0)},
            f"nothing is wrong with `{TUESDAY}` as a whole, and it is in the quarantine (1 such entries)",
        ),
        (
            RIGHT | {Spot(MONDAY, 0)},
            f"nothing is wrong with `{MONDAY}` as a whole, and it is in the quarantine (1 such entries)",
        ),
        (
            RIGHT | {Spot("outcomes_2026-01-09.csv", 1)},
            "nothing is wrong with row 1 of `outcomes_2026-01-09.csv`, and it is in the quarantine (1 such entries)",
        ),
    ],
    ids=[
        *("bad row", "file", "half a file", "empty file", "none of a group", "all of a group", "good row", "two"),
        *("no row", "good file", "file with a bad row", "no file"),
    ],
)
def test_wrong_accounts_are_told(delivery: Delivery, left_out: set[Spot], words: str) -> None:
    """Which row it is, and what is wrong with it."""
    assert unaccounted(delivery, left_out) == words


def test_lost_rows_are_told_with_their_number(delivery: Delivery) -> None:
    """The first of them."""
    delivery.left_out = {Spot(TUESDAY, 2), Spot(MONDAY, 1)}
    expected = f"row 1 of `{MONDAY}` does not count, and is not in the quarantine (2 such rows)"
    assert unaccounted(delivery, WHOLE) == expected


def test_nothing_left_out_of_a_plain_delivery_is_right(plain: Delivery) -> None:
    """And whatever is, is wrong."""
    assert unaccounted(plain, set()) == ""
    assert unaccounted(plain, {Spot(name, 1) for name in plain.sheets}).startswith("nothing is wrong with row 1 of")
