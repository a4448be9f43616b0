"""The score of a team and the grades of its people, with the least and the most that they can be while scores are missing.

A line of people is worth points x passes / judges, a line of checks all or nothing. A person has the lines of the team and
their own; what came late loses its percent of the phase; then comes the bonus, up to its cap; not more than 100; times
citizenship; not more than 100.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from mlops_grader.capstone import lateness, peers
from mlops_grader.capstone.lateness import Account, Record
from mlops_grader.capstone.peers import Multiplier, Rating
from mlops_grader.capstone.roster import Roster
from mlops_grader.capstone.rubric import Judge, Line, Rubric
from mlops_grader.capstone.scores import Score
from mlops_grader.capstone.state import State
from mlops_grader.capstone.steps import Operation, Step
from mlops_grader.capstone.sums import Bound, Known, Sum, add_up, is_open, limited, name


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
    least, most = (add_up(rubric, known, lines, bound) for bound in Bound)
    return Total(known.team, least, most, _possible(lines), tuple(_missing(rubric, known, lines)))


def grade(rubric: Rubric, known: Known, own: Personal) -> Total:
    """The grade of one person: the lines of the team and their own, less lateness, times citizenship."""
    lines = list(rubric.lines)
    least, most = (_personal_sum(rubric, known, own, bound) for bound in Bound)
    missing = (*_missing(rubric, known, lines, own.person), *own.multiplier.missing)
    return Total(own.person, least, most, _possible(lines), missing, own.lacks, own.multiplier.notes)


def _personal_sum(rubric: Rubric, known: Known, own: Personal, bound: Bound) -> Sum:
    own_lines = add_up(rubric, known, rubric.lines, bound, own.person, own.late)
    factor, leading = own.multiplied(bound)
    product = Step(f"times {own.person}'s citizenship", own_lines.points, Operation.TIMES, factor)
    return replace(own_lines, steps=(*own_lines.steps, *leading, product, limited(product.result)))


def _missing(rubric: Rubric, known: Known, lines: Sequence[Line], person: str = "") -> Iterator[str]:
    """The lines without a score, save those that a closed gate makes worth nothing whatever anybody says."""
    shut = rubric.gate.closes if not is_open(rubric, known, Bound.MOST) else ()
    for line in lines:
        if line.phase not in shut and known.share(line, person) is None:
            nobody = "the checks could not tell" if line.judge is Judge.CHECK else f"no score by {_WHO[line.judge]}"
            yield f"{name(line, person)}: {nobody}"


_WHO = {Judge.STAFF: "staff", Judge.PEER: "peers", Judge.EXPO: "judges"}


def _possible(lines: Sequence[Line]) -> int:
    return sum(line.points for line in lines if not line.bonus)


@dataclass(frozen=True)
class Recorded:
    """Everything that people recorded about a class: scores of all kinds, ratings of team-mates, instants of hand-ins."""

    scores: Sequence[Score] = ()
    ratings: Sequence[Rating] = ()
    records: Sequence[Record] = ()


@dataclass(frozen=True)
class Grades:
    """The score of a team, the grade of each of its people, and what lateness cost each owner of tokens among them."""

    team: Total
    people: tuple[Total, ...]
    accounts: Mapping[str, Account]


def grades(rubric: Rubric, roster: Roster, team: str, states: Mapping[str, State], recorded: Recorded) -> Grades:
    """The team's score and all grades in the team of that name, from what was measured and what people recorded."""
    known = Known(team, states, [score for score in recorded.scores if score.team == team])
    accounts = lateness.accounts(recorded.records, rubric.late)
    reviews = peers.reviews(recorded.scores, rubric, roster)
    members = roster.teams[team]
    people = [
        Personal(
            person,
            peers.multiplier(person, members, recorded.ratings, rubric.peers),
            tuple(accounts[owner] for owner in (team, person) if owner in accounts),
            reviews[person].lacks,
        )
        for person in members.ids
    ]
    theirs = {owner: account for owner, account in accounts.items() if owner in (team, *members.ids)}
    return Grades(team_total(rubric, known), tuple(grade(rubric, known, own) for own in people), theirs)
