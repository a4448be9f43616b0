"""What each person owes their peers: reviews of other teams, and how team-mates rate each other's citizenship."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mlops_grader.capstone import rows
from mlops_grader.capstone.roster import Roster
from mlops_grader.capstone.rows import Columns, Row, unknown
from mlops_grader.capstone.rubric import Judge, PeerRules, Rubric
from mlops_grader.capstone.scores import Score, items
from mlops_grader.capstone.steps import Operation, Step
from mlops_grader.team import Team

COLUMNS = Columns("ratings", needed=("rater", "ratee", "rating"), allowed=("note",))
LOWEST, HIGHEST = 1, 5  # of a rating


@dataclass(frozen=True)
class Reviews:
    """What one person reviewed: other teams in full, others in part with the lines that are missing, and how many are asked."""

    person: str
    complete: tuple[str, ...]
    partial: Mapping[str, tuple[str, ...]]
    asked: int

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the person still has to hand in, in words; empty when nothing is missing."""
        owed = self.asked - len(self.complete)
        if owed <= 0:
            return ()
        begun = tuple(f"the review of {team} lacks {', '.join(lines)}" for team, lines in self.partial.items())
        return (f"{len(self.complete)} of {self.asked} complete peer reviews are in, {owed} to go", *begun)


def reviews(scores: Iterable[Score], rubric: Rubric, roster: Roster) -> Mapping[str, Reviews]:
    """For each person of the class, which reviews they handed in. A review is complete with every line that peers judge.

    A class with too few teams excuses nobody: then lower `reviews` in the rubric. Without a line for peers nothing is asked.
    """
    kinds = {line.id: line.judge for line in rubric.lines}
    done: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for score in scores:
        if kinds[score.line] is Judge.PEER:
            done.setdefault((score.judge, score.team), set()).add((score.line, score.person))
    asked = rubric.peers.reviews if Judge.PEER in kinds.values() else 0
    return {person: _reviews(person, done, asked, rubric, roster) for person in roster.team_of}


def _reviews(
    person: str,
    done: Mapping[tuple[str, str], Collection[tuple[str, str]]],
    asked: int,
    rubric: Rubric,
    roster: Roster,
) -> Reviews:
    complete, partial = [], {}
    for name in sorted(team for reviewer, team in done if reviewer == person):
        wanted = items(rubric, Judge.PEER, roster.teams[name].ids)
        left = [" of ".join(filter(None, item)) for item in wanted if item not in done[person, name]]
        if left:
            partial[name] = tuple(left)
        elif name != roster.team_of[person]:
            complete.append(name)
    return Reviews(person, tuple(complete), partial, asked)


def reviewers(found: Mapping[str, Reviews], roster: Roster) -> Mapping[str, tuple[str, ...]]:
    """For each team, who reviewed it in full."""
    return {name: tuple(sorted(one.person for one in found.values() if name in one.complete)) for name in roster.teams}


@dataclass(frozen=True)
class Rating:
    """What one person thinks of a team-mate's part in the team, from 1 to 5."""

    rater: str
    ratee: str
    rating: int


def read(paths: Iterable[Path], roster: Roster) -> tuple[Rating, ...]:
    """The ratings in files. Raises TableError with everything that is wrong in all of them."""
    found, problems = rows.read_all(paths, COLUMNS)
    first: dict[tuple[str, str], Row] = {}
    for row in found:
        problems += [row.problem(words) for words in _wrong(row, roster)]
        earlier = first.setdefault((row["rater"], row["ratee"]), row)
        if earlier is not row and row["rater"] and row["ratee"]:
            problems.append(
                row.problem(f"`{row['rater']}` rated `{row['ratee']}` already, see {earlier.place}: keep one")
            )
    rows.refuse(problems)
    return tuple(Rating(row["rater"], row["ratee"], int(row["rating"])) for row in found)


def _wrong(row: Row, roster: Roster) -> Iterator[str]:
    rater, ratee = row["rater"], row["ratee"]
    nobody = [person for person in dict.fromkeys((rater, ratee)) if person and person not in roster.team_of]
    yield from (unknown("person", person, roster.team_of) for person in nobody)
    if rater and rater == ratee:
        yield f"`{rater}` rates themselves: only team-mates are rated"
    elif rater and ratee and not nobody and roster.team_of[rater] != roster.team_of[ratee]:
        yield f"`{rater}` is in `{roster.team_of[rater]}`, `{ratee}` in `{roster.team_of[ratee]}`: only team-mates are rated"
    if row["rating"] and row["rating"] not in {str(rating) for rating in range(LOWEST, HIGHEST + 1)}:
        yield f"the rating is `{row['rating']}`: write a whole number from {LOWEST} to {HIGHEST}"


@dataclass(frozen=True)
class Multiplier:
    """What a person's points are multiplied by: the least and the most that it can be, which differ while someone is unrated.

    `steps` and `steps_most` lead to them. `missing`: members whom nobody rated, in words; `notes`: ratings that did not come in.
    """

    least: Fraction
    most: Fraction
    steps: tuple[Step, ...]
    steps_most: tuple[Step, ...]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def multiplier(person: str, team: Team, ratings: Sequence[Rating], rules: PeerRules) -> Multiplier:
    """min(ceiling, individual mean / team mean); the team's mean is that of its members' means.

    A member's mean is over the ratings that they got, be it one. A member whom nobody rated may have any mean from 1 to 5:
    the multiplier has a range until somebody does.
    """
    given = {member: tuple(one.rating for one in ratings if one.ratee == member) for member in team.ids}
    known = {member: Fraction(sum(got), len(got)) for member, got in given.items() if got}
    least, steps = _multiplier(person, {m: known.get(m, _bound(m == person, LOWEST, HIGHEST)) for m in team.ids}, rules)
    most, steps_most = _multiplier(
        person, {m: known.get(m, _bound(m == person, HIGHEST, LOWEST)) for m in team.ids}, rules
    )
    missing = tuple(f"nobody rated {member}'s citizenship" for member in team.ids if member not in known)
    return Multiplier(least, most, steps, steps_most, missing, tuple(_silent(team, ratings)))


def _bound(own: bool, mine: int, theirs: int) -> Fraction:
    return Fraction(mine if own else theirs)


def _multiplier(person: str, means: Mapping[str, Fraction], rules: PeerRules) -> tuple[Fraction, tuple[Step, ...]]:
    """A higher mean of one's own raises it, and a higher one of anybody else lowers it: so the bounds are bounds."""
    total = sum(means.values(), Fraction())
    mean = Step(f"the mean of {len(means)} members' means", total, Operation.OVER, Fraction(len(means)))
    ratio = Step(f"{person}'s mean by the team's", means[person], Operation.OVER, mean.result)
    capped = Step("and not more than the ceiling", ratio.result, Operation.AT_MOST, rules.ceiling)
    return capped.result, (mean, ratio, capped)


def _silent(team: Team, ratings: Sequence[Rating]) -> Iterator[str]:
    """Who did not rate whom."""
    given = {(one.rater, one.ratee) for one in ratings}
    for rater in team.ids:
        left = [mate for mate in team.ids if mate != rater and (rater, mate) not in given]
        if left:
            yield f"{rater} did not rate {', '.join(left)}"
