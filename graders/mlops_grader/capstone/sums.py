"""Sums of lines, exact and step by step: what each line earned, each phase, the bonus, all of it.

A missing score counts as nothing in the least that a sum can be, and in full in the most. Lines of the phases that a failed
gate closes earn nothing. What came late loses its percent of the phase's must lines before anything is capped or multiplied,
so that one more point can never lower a grade.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from mlops_grader.capstone.lateness import Account
from mlops_grader.capstone.rubric import Judge, Line, Phase, Rubric
from mlops_grader.capstone.scores import Mark, Score
from mlops_grader.capstone.state import State
from mlops_grader.capstone.steps import Operation, Step

FULL = Fraction(100)
NOTHING = Fraction()


class Bound(StrEnum):
    """What a missing score is taken for."""

    LEAST = "least"
    MOST = "most"


@dataclass(frozen=True)
class Known:
    """What is known of a team's lines: the states of check lines by their ids, and people's scores (of other teams, too)."""

    team: str
    states: Mapping[str, State]
    scores: Sequence[Score]

    def share(self, line: Line, person: str = "") -> Fraction | None:
        """The part of a line's points that was earned, before the gate; None when nobody has said yet."""
        if line.judge is Judge.CHECK:
            return _SHARES[self.states.get(line.id, State.UNKNOWN)]
        marks = self.marks(line, person)
        return Fraction(marks.count(Mark.PASS), len(marks)) if marks else None

    def marks(self, line: Line, person: str = "") -> list[Mark]:
        """What the judges said about a line of people."""
        item = (line.id, self.team, person if line.individual else "")
        return [score.mark for score in self.scores if score.item == item]


_SHARES = {State.EARNED: Fraction(1), State.NOT_EARNED: NOTHING, State.UNKNOWN: None}


@dataclass(frozen=True)
class Earned:
    """One line in a sum. `share` is None when its score is missing; `closed`: the gate lets it earn nothing."""

    line: Line
    share: Fraction | None
    closed: bool
    step: Step


@dataclass(frozen=True)
class PhaseSum:
    """What the must lines of a phase add up to; for a person, less what lateness costs."""

    phase: Phase
    lines: tuple[Earned, ...]
    steps: tuple[Step, ...]
    points: Fraction


@dataclass(frozen=True)
class Sum:
    """A total and every step that leads to it: the phases, the bonus lines, then `steps`."""

    phases: tuple[PhaseSum, ...]
    bonus: tuple[Earned, ...]
    steps: tuple[Step, ...]

    @property
    def points(self) -> Fraction:
        """The total."""
        return self.steps[-1].result

    @property
    def rows(self) -> tuple[Step, ...]:
        """All steps, in the order of the arithmetic."""
        phases = [row for one in self.phases for row in (*(earned.step for earned in one.lines), *one.steps)]
        return (*phases, *(earned.step for earned in self.bonus), *self.steps)


def add_up(
    rubric: Rubric, known: Known, lines: Sequence[Line], bound: Bound, person: str = "", late: Sequence[Account] = ()
) -> Sum:
    """The sum of these lines, not more than 100; for a person with their own lines, less what came late."""
    earned = [_earned(rubric, known, line, person, bound) for line in lines]
    phases = tuple(_phase(phase, earned, late, rubric.late.most) for phase in rubric.phases)
    must = _added([(one.phase.title, one.points) for one in phases])
    bonus = tuple(one for one in earned if one.line.bonus)
    extra = _added([(f"bonus `{one.line.id}`", one.step.result) for one in bonus])
    capped = Step("the bonus, up to its cap", _last(extra), Operation.AT_MOST, Fraction(rubric.bonus_cap))
    both = Step("with the bonus", _last(must), Operation.PLUS, capped.result)
    return Sum(phases, bonus, (*must, *extra, capped, both, limited(both.result)))


def limited(points: Fraction) -> Step:
    """The step that keeps a total at 100 or below."""
    return Step("not more than 100", points, Operation.AT_MOST, FULL)


def _added(parts: Sequence[tuple[str, Fraction]]) -> list[Step]:
    steps: list[Step] = []
    for words, points in parts:
        steps.append(Step(words, _last(steps), Operation.PLUS, points))
    return steps


def _last(steps: Sequence[Step]) -> Fraction:
    return steps[-1].result if steps else NOTHING


def _phase(phase: Phase, earned: Sequence[Earned], late: Sequence[Account], most: int) -> PhaseSum:
    lines = tuple(one for one in earned if one.line.phase == phase.key and not one.line.bonus)
    added = _added([(f"`{one.line.id}`", one.step.result) for one in lines])
    steps = (*added, *_lateness(phase, _last(added), late, most))
    return PhaseSum(phase, lines, steps, _last(steps))


def _lateness(phase: Phase, points: Fraction, late: Sequence[Account], most: int) -> Iterator[Step]:
    """What came late loses a percent of the phase: the team's and the person's own, together at most so much."""
    parts = [(f"late: percent of {one.owner}", Fraction(one.percents.get(phase.key, 0))) for one in late]
    percents = _added([(words, percent) for words, percent in parts if percent])
    if percents:
        capped = Step("and not more than", _last(percents), Operation.AT_MOST, Fraction(most))
        share = Step("as a share", capped.result, Operation.OVER, FULL)
        lost = Step(f"of what {phase.key} earned", points, Operation.TIMES, share.result)
        yield from (*percents, capped, share, lost, Step("less lateness", points, Operation.LESS, lost.result))


def _earned(rubric: Rubric, known: Known, line: Line, person: str, bound: Bound) -> Earned:
    share = known.share(line, person)
    closed = line.phase in rubric.gate.closes and not is_open(rubric, known, bound)
    counted = _counted(share, bound)
    words = f"{name(line, person)}: {_why(known, line, person, share, bound)}"
    if closed:
        counted, words = NOTHING, f"{name(line, person)}: not earned, `{rubric.gate.line}` is the gate"
    return Earned(line, share, closed, Step(words, Fraction(line.points), Operation.TIMES, counted))


def _counted(share: Fraction | None, bound: Bound) -> Fraction:
    """A missing score is nothing in the least, and everything in the most, that a total can be."""
    return Fraction(bound is Bound.MOST) if share is None else share


def is_open(rubric: Rubric, known: Known, bound: Bound) -> bool:
    """The gate is open when its line is earned in full."""
    return _counted(known.share(rubric.line(rubric.gate.line)), bound) == 1


def name(line: Line, person: str) -> str:
    """A line as it is named to people."""
    return f"`{line.id}` of {person}" if line.individual else f"`{line.id}`"


def _why(known: Known, line: Line, person: str, share: Fraction | None, bound: Bound) -> str:
    if share is None:
        return f"missing, the {bound} that it can be"
    if line.judge is Judge.CHECK:
        return "its checks pass" if share else "its checks do not pass"
    marks = known.marks(line, person)
    return f"{marks.count(Mark.PASS)} of {len(marks)} pass it"
