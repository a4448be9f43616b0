"""The rubric of the capstone: phases, lines with a claim each, a gate, and the rules for peers and lateness."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Judge(StrEnum):
    """Who judges a line."""

    CHECK = "check"
    STAFF = "staff"
    PEER = "peer"
    EXPO = "judge"


@dataclass(frozen=True)
class Line:
    """One claim that passes or fails, and what it is worth."""

    id: str
    phase: str
    points: int
    claim: str
    judge: Judge
    evidence: str
    owner: str
    checks: tuple[str, ...]
    bonus: bool = False
    individual: bool = False
    part: str = ""


@dataclass(frozen=True)
class Phase:
    """A part of the work; its points are the sum of its must lines."""

    key: str
    title: str
    points: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Gate:
    """The line without which no line of some phases is earned."""

    line: str
    closes: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class PeerRules:
    """How many reviews each person owes, and the most that citizenship can multiply a grade by."""

    reviews: int
    ceiling: Fraction


@dataclass(frozen=True)
class LateRules:
    """Tokens of each team and person, the hours that one buys, percent a day without one, and the most percent."""

    tokens: int
    hours: int
    percent: int
    most: int


@dataclass(frozen=True)
class Rubric:
    """The whole rubric."""

    title: str
    version: str
    phases: tuple[Phase, ...]
    bonus_cap: int
    gate: Gate
    peers: PeerRules
    late: LateRules

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, in the order of the phases."""
        return tuple(line for phase in self.phases for line in phase.lines)

    @property
    def must(self) -> tuple[Line, ...]:
        """The lines that make the points of the phases."""
        return tuple(line for line in self.lines if not line.bonus)

    @property
    def bonus(self) -> tuple[Line, ...]:
        """The lines for difficulty, beyond the must lines."""
        return tuple(line for line in self.lines if line.bonus)

    def line(self, id: str) -> Line:  # noqa: A002  # it is the line's id
        """The line of that id. Raises KeyError."""
        return {line.id: line for line in self.lines}[id]
