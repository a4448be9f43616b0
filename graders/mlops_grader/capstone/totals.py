"""The arithmetic of the grades, exact and step by step, with the least and the most that a total can be while scores are missing.

A line of people is worth points x passes / judges, a line of checks all or nothing. Lines of the phases that a failed gate
closes earn nothing. A person has the lines of the team and their own; what came late loses its percent of the phase's must
lines; then comes the bonus, up to its cap; not more than 100; times citizenship; not more than 100.
Lateness is taken before the multiplier and the limits of 100, so that one more point can never lower a grade.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from mlops_grader.capstone.lateness import Account
from mlops_grader.capstone.peers import Multiplier
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


@dataclass(frozen=True)
class Total:
    """A team's score or a person's grade: `of` is the name of the team or the id of the person.

    least and most are the same unless something is missing. possible: what its must lines are worth.
    missing: scores that are not there yet, in words. lacks: what a person still owes their peers.
    """

    of: str
    least: Sum
    most: Sum
    possible: int
    missing: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def provisional(self) -> bool:
        """Whether a score is missing."""
        return bool(self.missing)

    @property
    def incomplete(self) -> bool:
        """Whether the person owes something, so that the grade does not count yet."""
        return bool(self.lacks)

    @property
    def points(self) -> Fraction | None:
        """The total; None while it is provisional."""
        return None if self.provisional else self.least.points


@dataclass(frozen=True)
class Personal:
    """What makes a person's grade differ from the team's score."""

    person: str
    multiplier: Multiplier
    late: tuple[Account, ...] = ()
    lacks: tuple[str, ...] = ()

    def multiplied(self, bound: Bound) -> tuple[Fraction, tuple[Step, ...]]:
        """The multiplier and the steps that lead to it, at that bound."""
        one = self.multiplier
        return (one.least, one.steps) if bound is Bound.LEAST else (one.most, one.steps_most)


def team_total(rubric: Rubric, known: Known) -> Total:
    """The score of the team: must lines and capped bonus, at most 100. Lines that are scored for each person are not in it."""
    lines = [line for line in rubric.lines if not line.individual]
    least, most = (Sum(*_sum(rubric, known, lines, bound)) for bound in Bound)
    return Total(known.team, least, most, _possible(lines), tuple(_missing(rubric, known, lines)))


def grade(rubric: Rubric, known: Known, own: Personal) -> Total:
    """The grade of one person: the lines of the team and their own, less lateness, times citizenship."""
    lines = list(rubric.lines)
    least, most = (_personal_sum(rubric, known, own, bound) for bound in Bound)
    missing = (*_missing(rubric, known, lines, own.person), *own.multiplier.missing)
    return Total(own.person, least, most, _possible(lines), missing, own.lacks, own.multiplier.notes)


def _personal_sum(rubric: Rubric, known: Known, own: Personal, bound: Bound) -> Sum:
    phases, bonus, steps = _sum(rubric, known, rubric.lines, bound, own)
    factor, leading = own.multiplied(bound)
    product = Step(f"times {own.person}'s citizenship", steps[-1].result, Operation.TIMES, factor)
    return Sum(phases, bonus, (*steps, *leading, product, _limited(product.result)))


def _sum(
    rubric: Rubric, known: Known, lines: Sequence[Line], bound: Bound, own: Personal | None = None
) -> tuple[tuple[PhaseSum, ...], tuple[Earned, ...], tuple[Step, ...]]:
    person, late = (own.person, own.late) if own else ("", ())
    earned = [_earned(rubric, known, line, person, bound) for line in lines]
    phases = tuple(_phase(phase, earned, late, rubric.late.most) for phase in rubric.phases)
    must = _added([(one.phase.title, one.points) for one in phases])
    bonus = tuple(one for one in earned if one.line.bonus)
    extra = _added([(f"bonus `{one.line.id}`", one.step.result) for one in bonus])
    capped = Step("the bonus, up to its cap", _last(extra), Operation.AT_MOST, Fraction(rubric.bonus_cap))
    both = Step("with the bonus", _last(must), Operation.PLUS, capped.result)
    return phases, bonus, (*must, *extra, capped, both, _limited(both.result))


def _limited(points: Fraction) -> Step:
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
    closed = line.phase in rubric.gate.closes and not _open(rubric, known, bound)
    counted = _counted(share, bound)
    words = f"{_name(line, person)}: {_why(known, line, person, share, bound)}"
    if closed:
        counted, words = NOTHING, f"{_name(line, person)}: not earned, `{rubric.gate.line}` is the gate"
    return Earned(line, share, closed, Step(words, Fraction(line.points), Operation.TIMES, counted))


def _counted(share: Fraction | None, bound: Bound) -> Fraction:
    """A missing score is nothing in the least, and everything in the most, that a total can be."""
    return Fraction(bound is Bound.MOST) if share is None else share


def _open(rubric: Rubric, known: Known, bound: Bound) -> bool:
    """The gate is open when its line is earned in full."""
    return _counted(known.share(rubric.line(rubric.gate.line)), bound) == 1


def _name(line: Line, person: str) -> str:
    return f"`{line.id}` of {person}" if line.individual else f"`{line.id}`"


def _why(known: Known, line: Line, person: str, share: Fraction | None, bound: Bound) -> str:
    if share is None:
        return f"missing, the {bound} that it can be"
    if line.judge is Judge.CHECK:
        return "its checks pass" if share else "its checks do not pass"
    marks = known.marks(line, person)
    return f"{marks.count(Mark.PASS)} of {len(marks)} pass it"


def _missing(rubric: Rubric, known: Known, lines: Sequence[Line], person: str = "") -> Iterator[str]:
    """The lines without a score, save those that a closed gate makes worth nothing whatever anybody says."""
    shut = rubric.gate.closes if not _open(rubric, known, Bound.MOST) else ()
    for line in lines:
        if line.phase not in shut and known.share(line, person) is None:
            nobody = "the checks could not tell" if line.judge is Judge.CHECK else f"no score by {_WHO[line.judge]}"
            yield f"{_name(line, person)}: {nobody}"


_WHO = {Judge.STAFF: "staff", Judge.PEER: "peers", Judge.EXPO: "judges"}


def _possible(lines: Sequence[Line]) -> int:
    return sum(line.points for line in lines if not line.bonus)
