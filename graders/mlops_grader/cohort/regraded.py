"""What a regrade changed: the score before and after, and the checks that came out otherwise, student by student."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import Attempt, State


@dataclass(frozen=True)
class Difference:
    """One student's grade before and after. checks: verdicts and points before and after, by check, where they differ."""

    student: str
    before: int
    after: int
    checks: Mapping[str, tuple[str, str]]


def differences(log: JobLog, numbers: Collection[int]) -> tuple[tuple[Difference, ...], int]:
    """What these attempts changed against each student's grade before them; and how many changed nothing."""
    found, same = [], 0
    graded = [each for each in log.outline() if each.state is State.GRADED]
    for new in (each for each in graded if each.number in numbers):
        earlier = [each.number for each in graded if each.student == new.student and each.number < new.number]
        if earlier:
            difference = _between(log.attempt(earlier[-1]), log.attempt(new.number))
            found += [difference] if difference else []
            same += not difference
    return tuple(found), same


def shown(found: Collection[Difference]) -> Table:
    """The differences, one line for each check that came out otherwise."""
    table = Table("student", "before", "after", "what came out otherwise")
    for each in found:
        words = "\n".join(f"{check}: {old} -> {new}" for check, (old, new) in each.checks.items())
        table.add_row(Text(each.student), str(each.before), str(each.after), Text(words))
    return table


def _between(old: Attempt, new: Attempt) -> Difference | None:
    before, after = _checks(old), _checks(new)
    names = dict.fromkeys([*before, *after])
    checks = {name: (before.get(name, "not there"), after.get(name, "not there")) for name in names}
    changed = {name: pair for name, pair in checks.items() if pair[0] != pair[1]}
    return Difference(new.student, _score(old), _score(new), changed) if changed else None


def _checks(attempt: Attempt) -> Mapping[str, str]:
    document = attempt.document or {}
    return {each["id"]: f"{each['verdict']} ({each['points']}/{each['max_points']})" for each in document["checks"]}


def _score(attempt: Attempt) -> int:
    return int((attempt.document or {})["score"])
