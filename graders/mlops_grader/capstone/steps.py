"""Arithmetic that can be read: each step has words, what was on its left and right, and what came out, exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import floor


class Operation(StrEnum):
    """What a step does with its left and its right."""

    PLUS = "+"
    LESS = "-"
    TIMES = "x"
    OVER = "/"
    AT_MOST = "at most"


@dataclass(frozen=True)
class Step:
    """One row of the arithmetic. Its result is computed from the rest, so a row cannot be false."""

    words: str
    left: Fraction
    operation: Operation
    right: Fraction
    result: Fraction = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "result", _result(self.left, self.operation, self.right))


def _result(left: Fraction, operation: Operation, right: Fraction) -> Fraction:
    match operation:
        case Operation.PLUS:
            return left + right
        case Operation.LESS:
            return left - right
        case Operation.TIMES:
            return left * right
        case Operation.OVER:
            return left / right
        case Operation.AT_MOST:
            return min(left, right)


def shown(value: Fraction, decimals: int = 1) -> str:
    """A number as people read it: rounded half up, and only here."""
    scale = 10**decimals
    rounded = floor(abs(value) * scale + Fraction(1, 2))
    sign = "-" if value < 0 and rounded else ""
    whole, rest = divmod(rounded, scale)
    return f"{sign}{whole}.{rest:0{decimals}}" if decimals else f"{sign}{whole}"
