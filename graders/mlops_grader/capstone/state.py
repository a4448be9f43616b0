"""How a line that checks prove ended."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Only `EARNED` earns points. `UNKNOWN` is missing: the checks could not tell, so it is never a zero in silence."""

    EARNED = "earned"
    NOT_EARNED = "not_earned"
    UNKNOWN = "unknown"
