"""What the pages say about a class, counted from its gradebook."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mlops_grader.check import Verdict, checks_in, heading
from mlops_grader.cohort.gradebook import Entry
from mlops_grader.cohort.records import Attempt, State
from mlops_grader.grading import module_named, modules
from mlops_grader.result import Outcome, Result

BINS = 10


@dataclass(frozen=True)
class Overview:
    """The class in numbers. below, above: students whose final score is under the pass mark, and at it or over it."""

    students: int
    statuses: Mapping[str, int]
    late: int
    overridden: int
    changed: int
    pass_mark: int
    below: int
    above: int
    mean: float | None
    median: float | None


@dataclass(frozen=True)
class Green:
    """When a student's check first passed: at which of the different commits that were graded, and hours after the first of them."""

    tries: int
    hours: float


@dataclass(frozen=True)
class Column:
    """A check and how the class stands with it.

    next_for: students for whom it is the next thing to do. blocks: how many checks of students wait for it in the end, `behind`:
    the points that these and its own failures are worth. greens: one for each student who passed it at any time.
    """

    id: str
    title: str
    why: str
    points: int
    verdicts: Mapping[Verdict, int]
    next_for: int
    blocks: int
    behind: int
    greens: tuple[Green, ...]

    @property
    def heading(self) -> str:
        """Its name in words."""
        return heading(self.id)

    @property
    def passed_share(self) -> float | None:
        """Which part of those who were graded passed it."""
        graded = sum(self.verdicts.values())
        return self.verdicts.get(Verdict.PASSED, 0) / graded if graded else None

    @property
    def tries(self) -> float | None:
        """The mean of the tries until it passed, of those who passed it."""
        return statistics.fmean(green.tries for green in self.greens) if self.greens else None

    @property
    def hours(self) -> float | None:
        """The median of the hours until it passed, of those who needed more than one try."""
        waited = [green.hours for green in self.greens if green.tries > 1]
        return statistics.median(waited) if waited else None


def overview(entries: Sequence[Entry], pass_percent: int) -> Overview:
    """The class in numbers; the pass mark in percent of the points."""
    finals = [entry.final for entry in entries if entry.final is not None]
    mark = -(-pass_percent * max((entry.max_score for entry in entries), default=0) // 100)
    return Overview(
        students=len(entries),
        statuses=Counter(entry.status for entry in entries),
        late=sum(entry.late > timedelta() for entry in entries),
        overridden=sum(entry.override is not None for entry in entries),
        changed=sum(bool(entry.submission and entry.submission.changes) for entry in entries),
        pass_mark=mark,
        below=sum(final < mark for final in finals),
        above=sum(final >= mark for final in finals),
        mean=statistics.fmean(finals) if finals else None,
        median=statistics.median(finals) if finals else None,
    )


def bins(entries: Sequence[Entry]) -> tuple[tuple[int, int, int], ...]:
    """The distribution of the final scores: the least and the greatest of each bin, and how many lie in it; both included."""
    most = max((entry.max_score for entry in entries), default=0)
    width = max(1, -(-most // BINS))
    starts = range(0, max(most, 1), width)
    finals = [entry.final for entry in entries if entry.final is not None]
    last = starts[-1]
    edges = [(start, most if start == last else start + width - 1) for start in starts]
    return tuple((low, high, sum(low <= final <= high for final in finals)) for low, high in edges)


def columns(entries: Sequence[Entry], module: str) -> tuple[Column, ...]:
    """The checks of a class in the order of work."""
    results = [entry.attempt.result for entry in entries if entry.attempt and entry.attempt.result]
    facts = _facts(results, module)
    greens: dict[str, list[Green]] = {name: [] for name in facts}
    for entry in entries:
        for name, green in first_greens(entry.attempts).items():
            greens[name].append(green)
    waits = Counter[str]()
    behind = Counter[str]()
    for result in results:
        for outcome in result.checks:
            if outcome.verdict is not Verdict.PASSED:
                root = _root(outcome, result)
                waits[root] += root != outcome.id
                behind[root] += outcome.max_points
    steps = Counter(result.next_step.id for result in results if result.next_step)
    verdicts = Counter((outcome.id, outcome.verdict) for result in results for outcome in result.checks)
    return tuple(
        Column(
            name,
            *words,
            {verdict: verdicts[name, verdict] for verdict in Verdict if verdicts[name, verdict]},
            steps[name],
            waits[name],
            behind[name],
            tuple(greens[name]),
        )
        for name, words in facts.items()
    )


def first_greens(attempts: Sequence[Attempt]) -> Mapping[str, Green]:
    """When each check of a student first passed. Grading the same commit again is not another try of theirs."""
    graded = [attempt for attempt in attempts if attempt.state is State.GRADED and attempt.result]
    found: dict[str, Green] = {}
    tries = 0
    commit: str | None = None
    for attempt in graded:
        tries += not attempt.commit or attempt.commit != commit
        commit = attempt.commit
        for outcome in attempt.result.checks if attempt.result else ():
            if outcome.verdict is Verdict.PASSED and outcome.id not in found:
                found[outcome.id] = Green(tries, _hours(graded[0], attempt))
    return found


def outcomes(entry: Entry) -> Mapping[str, Outcome]:
    """How the checks of the attempt that counts ended, by their ids."""
    result = entry.attempt.result if entry.attempt else None
    return {outcome.id: outcome for outcome in result.checks} if result else {}


def _hours(first: Attempt, attempt: Attempt) -> float:
    if first.ended_at is None or attempt.ended_at is None:
        return 0.0
    return (attempt.ended_at - first.ended_at) / timedelta(hours=1)


def _facts(results: Sequence[Result], module: str) -> Mapping[str, tuple[str, str, int]]:
    """Title, reason and points of each check: those of the grader, and those of older results that it does not know any more."""
    checks = checks_in(module_named(module)) if module in modules() else ()
    own = {check.id: (check.title, check.why, check.points) for check in checks}
    graded = {
        outcome.id: (outcome.title, outcome.why, outcome.max_points) for each in results for outcome in each.checks
    }
    if graded:  # a team's own product is not asked everything
        own = {name: words for name, words in own.items() if name in graded}
    return {**own, **{name: words for name, words in graded.items() if name not in own}}


def _root(outcome: Outcome, result: Result) -> str:
    """The check for which one waits in the end; itself when it waits for none."""
    blockers = {each.id: each.blocked_by for each in result.checks}
    return list(_chain(outcome.id, blockers))[-1]


def _chain(name: str, blockers: Mapping[str, str | None]) -> Iterator[str]:
    seen: set[str] = set()
    at: str | None = name
    while at and at not in seen:
        yield at
        seen.add(at)
        at = blockers.get(at)
