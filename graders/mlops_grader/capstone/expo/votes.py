"""The votes: one for each person and category, none for the own team, and places that ties share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from mlops_grader.capstone import rows
from mlops_grader.capstone.expo.entries import Entry
from mlops_grader.capstone.rows import Columns, Row

COLUMNS = Columns("votes", needed=("voter", "category", "team"))


class TieBreak(StrEnum):
    """How a shared place is decided, where the organiser wants it decided."""

    NONE = "none"
    LINES = "lines"
    LOT = "lot"


SAID = {
    TieBreak.NONE: "Teams with equally many votes share a place.",
    TieBreak.LINES: "Where teams had equally many votes, the one with more lines earned by checks is placed before the others.",
    TieBreak.LOT: "Where teams had equally many votes, a lot decided (seed {seed}).",
}


@dataclass(frozen=True)
class Placed:
    """A team's place in a category; teams that share one have the same number, and the next is as far as there are teams."""

    place: int
    entry: Entry
    votes: int


@dataclass(frozen=True)
class Category:
    """One category: who got how many votes."""

    name: str
    votes: int
    placed: tuple[Placed, ...]


@dataclass(frozen=True)
class Tally:
    """All categories. refused: votes that do not count, each with its row. rule: what happened with ties, in words."""

    categories: tuple[Category, ...]
    refused: tuple[str, ...]
    rule: str


def count(path: Path, entries: Sequence[Entry], tie_break: TieBreak, seed: int) -> Tally:
    """Count the votes in a file. Raises TableError that lists each row that is not clear, two votes of one person included.

    A vote for the own team is refused and told; the others count.
    """
    found, wrong = rows.read(path, COLUMNS)
    names = _names(entries)
    problems = [*wrong, *(row.problem(words) for row in found for words in _unclear(row, names))]
    people = _people(entries)
    rows.refuse([*problems, *_doubles(found, people)])
    own = [row for row in found if people.get(_key(row["voter"]), ("", ""))[0] == names[_key(row["team"])].slug]
    counted = [row for row in found if row not in own]
    refused = tuple(row.problem(f"`{row['voter']}` votes for the own team; not counted") for row in own)
    spelt = _spelt(found)
    ballots: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in counted:
        ballots[_key(row["category"])][names[_key(row["team"])].slug] += 1
    categories = [_category(spelt[key], ballots[key], entries, tie_break, seed) for key in sorted(spelt)]
    return Tally(tuple(categories), refused, SAID[tie_break].format(seed=seed))


def _category(
    name: str, ballots: Mapping[str, int], entries: Sequence[Entry], tie_break: TieBreak, seed: int
) -> Category:
    """Competition ranking: 1, 1, 3. Whoever got no vote has no place."""
    lot = {entry.slug: place for place, entry in enumerate(_drawn(entries, f"{seed}/{_key(name)}"))}

    def rank(entry: Entry) -> tuple[int, int]:
        second = {TieBreak.NONE: 0, TieBreak.LINES: -entry.earned, TieBreak.LOT: lot[entry.slug]}
        return (-ballots[entry.slug], second[tie_break])

    voted = sorted((entry for entry in entries if ballots[entry.slug]), key=lambda each: (*rank(each), each.slug))
    ranks = [rank(entry) for entry in voted]
    placed = (Placed(1 + ranks.index(rank(entry)), entry, ballots[entry.slug]) for entry in voted)
    return Category(name, sum(ballots.values()), tuple(placed))


def _drawn(entries: Sequence[Entry], seed: str) -> list[Entry]:
    drawn = sorted(entries, key=lambda entry: entry.slug)
    Random(seed).shuffle(drawn)  # noqa: S311  # a lot that anybody can draw again
    return drawn


def _names(entries: Sequence[Entry]) -> dict[str, Entry]:
    """The teams by everything that may stand in a cell: name, and name of the page."""
    return {key: entry for entry in entries for key in (_key(entry.slug), _key(entry.team.name))}


def _people(entries: Sequence[Entry]) -> dict[str, tuple[str, str]]:
    """Team and id of each person, by everything that may stand in a cell: id, addresses and account."""
    return {
        _key(name): (entry.slug, member.id)
        for entry in entries
        for member in entry.team.members
        for name in (member.id, member.github, *member.emails)
        if name
    }


def _unclear(row: Row, names: Mapping[str, Entry]) -> Iterator[str]:
    if row["team"] and _key(row["team"]) not in names:
        known = {entry.team.name for entry in names.values()}
        yield rows.unknown("team", row["team"], known)


def _doubles(found: Sequence[Row], people: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """A sentence for each vote after the first of the same person in a category, under whichever name."""
    first: dict[tuple[object, str], Row] = {}
    for row in found:
        voter = _key(row["voter"])
        key = (people.get(voter, voter), _key(row["category"]))
        if key in first:
            yield row.problem(
                f"`{row['voter']}` has voted in `{row['category']}` before, see {first[key].place}: "
                "one person has one vote, take one of the two out"
            )
        first.setdefault(key, row)


def _spelt(found: Sequence[Row]) -> dict[str, str]:
    """Each category as most people spelt it."""
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in found:
        spellings[_key(row["category"])][row["category"]] += 1
    return {key: min(counts, key=lambda name: (-counts[name], name)) for key, counts in spellings.items()}


def _key(name: str) -> str:
    return " ".join(name.casefold().split()).removeprefix("@")
