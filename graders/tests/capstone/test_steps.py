"""Rows of arithmetic, and how numbers are shown."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mlops_grader.capstone.steps import Operation, Step, shown


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        (Operation.PLUS, Fraction(5)),
        (Operation.LESS, Fraction(1)),
        (Operation.TIMES, Fraction(6)),
        (Operation.OVER, Fraction(3, 2)),
        (Operation.AT_MOST, Fraction(2)),
    ],
)
def test_a_step_computes_its_own_result(operation: Operation, result: Fraction) -> None:
    assert Step("words", Fraction(3), operation, Fraction(2)).result == result


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Fraction(0), "0.0"), (Fraction(1, 20), "0.1"), (Fraction(49, 1000), "0.0"), (Fraction(249, 20), "12.5"),
        (Fraction(1999, 20), "100.0"), (Fraction(2, 3), "0.7"), (Fraction(-1, 20), "-0.1"), (Fraction(-1, 100), "0.0"),
    ],
)  # fmt: skip
def test_numbers_are_rounded_half_up_where_they_are_shown(value: Fraction, words: str) -> None:
    assert shown(value) == words


def test_more_or_no_decimals_are_shown_on_demand() -> None:
    assert (shown(Fraction(21, 20), 2), shown(Fraction(1, 1), 3), shown(Fraction(3, 2), 0)) == ("1.05", "1.000", "2")
