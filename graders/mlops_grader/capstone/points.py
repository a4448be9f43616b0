"""Points and sums as people read them: rounded where they are told, exact where they are computed with."""

from __future__ import annotations

from fractions import Fraction

from mlops_grader.capstone.steps import Operation, Step, shown
from mlops_grader.capstone.totals import Total

DECIMALS = 4  # up to which a number is written out; a fraction with more is written as a fraction
_SIGNS = {Operation.LESS: "−", Operation.TIMES: "×", Operation.OVER: "÷"}  # noqa: RUF001  # signs of arithmetic


def short(value: Fraction) -> str:
    """Rounded half up to one decimal; a whole number without."""
    return shown(value).removesuffix(".0")


def exact(value: Fraction) -> str:
    """A number that can be computed with: `52.5`, or `2/3 (0.667)`."""
    scaled = value * 10**DECIMALS
    if scaled.denominator == 1:
        return shown(value, DECIMALS).rstrip("0").rstrip(".")
    return f"{value.numerator}/{value.denominator} ({shown(value, 3)})"


def sum_of(step: Step) -> str:
    """What a step does, such as 40 by 1.05."""
    return f"{exact(step.left)} {_SIGNS.get(step.operation, step.operation)} {exact(step.right)}"


def range_of(least: Fraction, most: Fraction) -> str:
    """One number, or two when something is missing between them."""
    return short(least) if least == most else f"between {short(least)} and {short(most)}"


def total(found: Total) -> str:
    """A total, or the range in which it will be."""
    return range_of(found.least.points, found.most.points)
