"""How a team stands: its score, the state of each line and who judged it, and the grade of each member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from mlops_grader.capstone import agreement, peers, totals
from mlops_grader.capstone.agreement import Agreement, Item
from mlops_grader.capstone.contributions import Contributions
from mlops_grader.capstone.lateness import Account
from mlops_grader.capstone.measured import Measured, MeasuredLine
from mlops_grader.capstone.peers import Multiplier, Reviews
from mlops_grader.capstone.roster import Roster
from mlops_grader.capstone.rubric import Judge, Line, Rubric
from mlops_grader.capstone.scores import Score, gaps
from mlops_grader.capstone.state import State
from mlops_grader.capstone.sums import Earned
from mlops_grader.capstone.totals import Recorded, Total
from mlops_grader.team import Member, Team


@dataclass(frozen=True)
class Source:
    """A file that a grade was made from: what it was given as, its name, and the SHA-256 of its bytes."""

    role: str
    name: str
    sha256: str


@dataclass(frozen=True)
class Inputs:
    """All that a grade is made from. What people recorded may be about the whole class."""

    rubric: Rubric
    team: Team
    roster: Roster
    measured: Measured
    recorded: Recorded
    evidence: Contributions
    sources: tuple[Source, ...] = ()


class Standing(StrEnum):
    """How a line stands. `MISSING`: nobody has said yet, or the checks could not tell. `CLOSED`: by the gate."""

    EARNED = "earned"
    PARTLY = "partly"
    NOT_EARNED = "not_earned"
    CLOSED = "closed"
    MISSING = "missing"


@dataclass(frozen=True)
class Judged:
    """One line: the points that it earned, at least and at most, and what people and checks said about it."""

    line: Line
    standing: Standing
    least: Fraction
    most: Fraction
    scores: tuple[Score, ...]
    item: Item | None
    measured: MeasuredLine | None


@dataclass(frozen=True)
class PersonGrade:
    """One member: the grade, and what it was made of. late: the team's account and the member's own."""

    member: Member
    total: Total
    multiplier: Multiplier
    reviews: Reviews
    late: tuple[Account, ...]
    lines: tuple[Judged, ...]

    @property
    def own_lines(self) -> tuple[Judged, ...]:
        """The lines that are scored for each person."""
        return tuple(judged for judged in self.lines if judged.line.individual)


@dataclass(frozen=True)
class TeamGrade:
    """The result. lines: those of the team, in the order of the rubric. gaps: judges who left lines out, in words."""

    inputs: Inputs
    total: Total
    lines: tuple[Judged, ...]
    agreement: Mapping[Judge, Agreement]
    gaps: tuple[str, ...]
    late: Account | None
    people: tuple[PersonGrade, ...]

    @cached_property
    def disputed(self) -> tuple[Judged, ...]:
        """Lines about which judges disagree: staff's first, then peers', then the expo's; each most divided first."""
        by_id = {judged.line.id: judged for judged in self.lines}
        return tuple(by_id[item.line] for found in self.agreement.values() for item in found.disputed)


def grade(inputs: Inputs) -> TeamGrade:
    """Everything that can be said about a team; the order of rows in the inputs makes no difference."""
    rubric, team = inputs.rubric, inputs.team
    states = {line.id: State(line.state.value) for line in inputs.measured.lines}
    found = totals.grades(rubric, inputs.roster, team.name, states, inputs.recorded)
    scores = tuple(sorted((score for score in inputs.recorded.scores if score.team == team.name), key=_order))
    reviews = peers.reviews(inputs.recorded.scores, rubric, inputs.roster)
    people = [
        PersonGrade(
            member=member,
            total=total,
            multiplier=peers.multiplier(member.id, team, inputs.recorded.ratings, rubric.peers),
            reviews=reviews[member.id],
            late=tuple(found.accounts[owner] for owner in (team.name, member.id) if owner in found.accounts),
            lines=tuple(_judged(inputs, scores, total, member.id)),
        )
        for member, total in zip(team.members, found.people, strict=True)
    ]
    return TeamGrade(
        inputs=inputs,
        total=found.team,
        lines=tuple(_judged(inputs, scores, found.team)),
        agreement=agreement.by_kind([score for score in scores if not score.person], rubric),
        gaps=gaps(scores, rubric, team.ids),
        late=found.accounts.get(team.name),
        people=tuple(people),
    )


def _order(score: Score) -> tuple[str, ...]:
    return score.line, score.person, score.judge


def _judged(inputs: Inputs, scores: Sequence[Score], total: Total, person: str = "") -> Iterator[Judged]:
    """The lines of a total, in the order of the rubric."""
    least, most = ({each.line.id: each for each in _earned(total, end)} for end in ("least", "most"))
    measured = {line.id: line for line in inputs.measured.lines}
    for line in inputs.rubric.lines:
        if line.id not in least:
            continue
        said = tuple(s for s in scores if s.line == line.id and s.person == (person if line.individual else ""))
        item = next(iter(agreement.agree(said, inputs.rubric).items), None)
        points = least[line.id].step.result, most[line.id].step.result
        standing = _standing(least[line.id], most[line.id], is_gate=line.id == inputs.rubric.gate.line)
        yield Judged(line, standing, *points, said, item, measured.get(line.id))


def _earned(total: Total, end: str) -> Iterator[Earned]:
    found = total.least if end == "least" else total.most
    for phase in found.phases:
        yield from phase.lines
    yield from found.bonus


def _standing(low: Earned, high: Earned, *, is_gate: bool) -> Standing:
    if high.closed and not is_gate:
        return Standing.CLOSED
    if high.share is None or low.step.result != high.step.result:
        return Standing.MISSING
    if high.share == 1:
        return Standing.EARNED
    return Standing.PARTLY if high.share else Standing.NOT_EARNED
