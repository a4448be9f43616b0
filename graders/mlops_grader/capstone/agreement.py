"""How well judges agree: line by line, over all lines, and which lines they should talk about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from mlops_grader.capstone.rubric import Judge, Rubric
from mlops_grader.capstone.scores import Mark, Score

SPREAD = "standard deviation of pass (1) and fail (0) over the judges of a line, between 0 and 0.5"
PAIRS = "share of the pairs of judges of a line who gave the same verdict"

Ratings = Mapping[tuple[str, str, str], Mapping[str, Mark]]  # of each item: each judge's mark


@dataclass(frozen=True)
class Item:
    """One line of one team (or person) and what its judges said. `pairs` is None with one judge."""

    line: str
    team: str
    person: str
    judges: int
    passes: int

    @property
    def mean(self) -> Fraction:
        """The share of the judges who passed it."""
        return Fraction(self.passes, self.judges)

    @property
    def spread(self) -> float:
        """The population standard deviation of pass (1) and fail (0)."""
        return sqrt(self.mean * (1 - self.mean))

    @property
    def pairs(self) -> Fraction | None:
        """The share of pairs of judges who agree."""
        return Fraction(self.agreeing, self.all_pairs) if self.all_pairs else None

    @property
    def agreeing(self) -> int:
        """How many pairs of judges agree."""
        return _pairs(self.passes) + _pairs(self.judges - self.passes)

    @property
    def all_pairs(self) -> int:
        """How many pairs of judges there are."""
        return _pairs(self.judges)


@dataclass(frozen=True)
class Coefficient:
    """A measure of agreement beyond chance: 1 is perfect, 0 is chance. Without a value, `why` says why there is none."""

    name: str
    value: float | None
    why: str = ""


@dataclass(frozen=True)
class Agreement:
    """All of it. `disputed` are the lines to talk about, the most divided first."""

    judges: tuple[str, ...]
    items: tuple[Item, ...]
    mean: Fraction | None
    spread: float | None
    pairs: Fraction | None
    coefficients: tuple[Coefficient, ...]
    disputed: tuple[Item, ...]


def agree(scores: Iterable[Score], rubric: Rubric) -> Agreement:
    """How far the judges of these scores agree, with each line of each team (and person) as an item.

    mean and spread: averages over the items. pairs: over all pairs of judges of all items.
    """
    ratings = _ratings(scores, rubric)
    items = tuple(_item(key, marks) for key, marks in ratings.items())
    all_pairs = sum(item.all_pairs for item in items)
    return Agreement(
        judges=tuple(sorted({judge for marks in ratings.values() for judge in marks})),
        items=items,
        mean=sum((item.mean for item in items), Fraction()) / len(items) if items else None,
        spread=sum(item.spread for item in items) / len(items) if items else None,
        pairs=Fraction(sum(item.agreeing for item in items), all_pairs) if all_pairs else None,
        coefficients=(cohen(ratings), fleiss(ratings), krippendorff(ratings)),
        disputed=tuple(sorted(filter(_divided, items), key=_most_divided)),
    )


def by_kind(scores: Iterable[Score], rubric: Rubric) -> Mapping[Judge, Agreement]:
    """The agreement of staff, of peers and of the expo's judges, each among themselves; kinds without a score are left out."""
    found = tuple(scores)
    kinds = {line.id: line.judge for line in rubric.lines}
    return {
        kind: agree([score for score in found if kinds[score.line] is kind], rubric)
        for kind in (Judge.STAFF, Judge.PEER, Judge.EXPO)
        if any(kinds[score.line] is kind for score in found)
    }


def _ratings(scores: Iterable[Score], rubric: Rubric) -> Ratings:
    """Who said what about each item, in the order of the rubric, however the scores are ordered."""
    order = {line.id: number for number, line in enumerate(rubric.lines)}
    found: dict[tuple[str, str, str], dict[str, Mark]] = {}
    for score in sorted(scores, key=lambda one: (order[one.line], one.team, one.person, one.judge)):
        found.setdefault(score.item, {})[score.judge] = score.mark
    return found


def _item(key: tuple[str, str, str], marks: Mapping[str, Mark]) -> Item:
    return Item(*key, judges=len(marks), passes=sum(mark is Mark.PASS for mark in marks.values()))


def _pairs(people: int) -> int:
    return people * (people - 1) // 2


def _divided(item: Item) -> bool:
    return 0 < item.passes < item.judges


def _most_divided(item: Item) -> tuple[Fraction, int]:
    """Sorts the evenest split first, then that of the most judges; else the order of the rubric stays."""
    return abs(item.mean - Fraction(1, 2)), -item.judges


def cohen(ratings: Ratings) -> Coefficient:
    """Cohen's kappa (1960): of exactly two judges, over the items that both scored."""
    name = "Cohen's kappa"
    judges = sorted({judge for marks in ratings.values() for judge in marks})
    if len(judges) != 2:
        return Coefficient(name, None, f"it is for two judges, and there are {len(judges)}")
    both = [[marks[judge] for judge in judges] for marks in ratings.values() if len(marks) == 2]
    if not both:
        return Coefficient(name, None, "no line was scored by both judges")
    if len({mark for pair in both for mark in pair}) == 1:
        return Coefficient(name, None, _same(both[0][0]))
    table = [[sum(pair == [left, right] for pair in both) for right in Mark] for left in Mark]
    return Coefficient(name, *_computed(lambda: _cohen(table)))


def fleiss(ratings: Ratings) -> Coefficient:
    """Fleiss' kappa (1971): of any judges, as long as each item has the same number of them, at least two."""
    name = "Fleiss' kappa"
    counts = {len(marks) for marks in ratings.values()}
    if not counts:
        return Coefficient(name, None, "there are no scores")
    if len(counts) > 1:
        return Coefficient(
            name, None, f"lines have between {min(counts)} and {max(counts)} judges, it needs the same number"
        )
    if counts == {1}:
        return Coefficient(name, None, "each line has one judge")
    table = [[sum(mark is wanted for mark in marks.values()) for wanted in Mark] for marks in ratings.values()]
    return Coefficient(name, *_unless_same(ratings, lambda: _fleiss(table)))


def krippendorff(ratings: Ratings) -> Coefficient:
    """Krippendorff's alpha (nominal): of any judges; scores may be missing, and items with one judge say nothing."""
    name = "Krippendorff's alpha"
    paired = {key: marks for key, marks in ratings.items() if len(marks) > 1}
    if not paired:
        return Coefficient(name, None, "no line was scored by two judges" if ratings else "there are no scores")
    table = [[sum(mark is wanted for mark in marks.values()) for wanted in Mark] for marks in paired.values()]
    return Coefficient(name, *_unless_same(paired, lambda: _krippendorff(table)))


def _unless_same(ratings: Ratings, compute: Callable[[], float]) -> tuple[float | None, str]:
    """The value, or why there is none: when all gave one answer, chance explains everything and nothing."""
    given = {mark for marks in ratings.values() for mark in marks.values()}
    return (None, _same(given.pop())) if len(given) == 1 else _computed(compute)


def _computed(compute: Callable[[], float]) -> tuple[float | None, str]:
    """The value; a library that is not installed keeps no grade back."""
    try:
        return compute(), ""
    except ModuleNotFoundError as error:
        return None, f"the Python package {error.name} is not installed: uv pip install 'mlops-grader[capstone]'"


def _same(mark: Mark) -> str:
    return f"all judges gave the same answer, {mark}, to every line: there is no variation to agree about"


def _cohen(table: list[list[int]]) -> float:
    """Of how often the one judge gave the answer of the row, and the other that of the column."""
    import numpy
    from statsmodels.stats.inter_rater import cohens_kappa

    return float(cohens_kappa(numpy.array(table), return_results=False))


def _fleiss(table: list[list[int]]) -> float:
    """Of how many judges gave each answer (columns) to each item (rows)."""
    import numpy
    from statsmodels.stats.inter_rater import fleiss_kappa

    return float(fleiss_kappa(numpy.array(table)))


def _krippendorff(table: list[list[int]]) -> float:
    """Of the same table, in which rows may have different sums."""
    import krippendorff as library
    import numpy

    return float(library.alpha(value_counts=numpy.array(table), level_of_measurement="nominal"))
