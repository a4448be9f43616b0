"""Late policies: what it costs to hand in after the deadline. Anybody can install another one as an entry point.

A policy is a callable that is asked about late work only: `policy(student, late, measured) -> Cost`. An entry point of the group
`mlops_grader.late_policies` names a function `make(arguments, run)` that returns one: `arguments` is what stands after the
policy's name and a colon in `--late`, `run` the folder of the run, or None when there is none yet. A policy that does not want
late work to be graded at all says so with an attribute `accepts = False`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from importlib.metadata import EntryPoint, entry_points
from math import floor
from pathlib import Path
from typing import Protocol

from mlops_grader.capstone import rows
from mlops_grader.capstone.lateness import Record, accounts
from mlops_grader.capstone.rows import Columns, unknown
from mlops_grader.capstone.rubric import LateRules
from mlops_grader.capstone.steps import shown
from mlops_grader.submission import UsageError

GROUP = "mlops_grader.late_policies"
SPENT = "tokens-spent.csv"  # in the run's folder: what each student has spent before this module
SPENT_COLUMNS = Columns("tokens", needed=("student", "spent"))
LONGEST = timedelta(days=3_000_000)  # a forged instant may lie in the year 9999
_DUE = datetime(1, 1, 1, tzinfo=UTC)  # only the difference counts


@dataclass(frozen=True)
class Cost:
    """What lateness costs: points, exactly, how that comes about in words for the student, and tokens of a purse."""

    deduction: Fraction = Fraction(0)
    words: str = ""
    tokens: int = 0

    @property
    def points(self) -> int:
        """Whole points that are taken off: parts of a point are left to the student."""
        return floor(self.deduction)


class LatePolicy(Protocol):
    """What handing in so late costs a student, named by id, who earned so many points."""

    def __call__(self, student: str, late: timedelta, measured: int, /) -> Cost: ...


def policy(spec: str, run: Path | None = None) -> LatePolicy:
    """The policy that `--late` names, such as `none`, `flag`, `percent:10` or `tokens:3:24`. Raises UsageError that guesses."""
    name, _, arguments = spec.partition(":")
    known = _installed()
    if name not in known:
        raise UsageError(f"--late: {unknown('late policy', name, known)}")
    try:
        made: LatePolicy = known[name].load()(arguments, run)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--late {name}: `{known[name].value}` cannot be loaded: {error}") from error
    return made


def accepts_late(spec: str) -> bool:
    """Whether work after the deadline is graded; if not, the last commit before it is."""
    return bool(getattr(policy(spec), "accepts", True))


def cost(policy: LatePolicy, student: str, late: timedelta, measured: int) -> Cost:
    """What a policy says, kept between nothing and all that was measured. What is not late is never asked about."""
    if late <= timedelta():
        return Cost()
    told = policy(student, late, measured)
    return replace(told, deduction=min(max(Fraction(told.deduction), Fraction(0)), Fraction(measured)))


def _installed() -> Mapping[str, EntryPoint]:
    """The policies of all installed packages. Raises UsageError when two of them claim a name."""
    found: dict[str, EntryPoint] = {}
    for each in entry_points(group=GROUP):
        first = found.setdefault(each.name, each)
        if first.value != each.value:
            raise UsageError(
                f"two packages offer a late policy `{each.name}` ({first.value}, {each.value}): remove one"
            )
    return found


# the policies of the kit


def none(arguments: str, _run: Path | None) -> LatePolicy:
    """`none`: work after the deadline does not count; the last commit before it is graded."""
    _numbers("none", arguments, "none", 0, 0)
    return _Uncounted()


def flag(arguments: str, _run: Path | None) -> LatePolicy:
    """`flag`: late work counts in full, and is marked as late."""
    _numbers("flag", arguments, "flag", 0, 0)
    return lambda _student, late, _measured: Cost(words=f"{spoken(late)} late: that costs nothing here")


def percent(arguments: str, _run: Path | None) -> LatePolicy:
    """`percent:10` or `percent:10:50`: so many percent of the measured score for each started day, at most so many."""
    each, *most = _numbers("percent", arguments, "percent:10 or percent:10:50", 1, 2)
    return _Purse(_rules(0, 24, each, *most))


def tokens(arguments: str, run: Path | None) -> LatePolicy:
    """`tokens:3:24`: three tokens of 24 hours for each student. What they do not buy does not count.

    `tokens:3:24:10` or `tokens:3:24:10:50`: what they do not buy costs percent, as above. What was spent in earlier modules stands in
    the file `tokens-spent.csv` of the run's folder.
    """
    example = "tokens:3:24, tokens:3:24:10 or tokens:3:24:10:50"
    number, hours, *percents = _numbers("tokens", arguments, example, 2, 4)
    if not hours:
        raise UsageError(f"--late tokens:{arguments}: a token of 0 hours buys nothing: write {example}")
    path = run / SPENT if run else None
    return _Purse(_rules(number, hours, *percents), spent(path) if path and path.is_file() else {})


def spent(path: Path) -> Mapping[str, int]:
    """Tokens that each student has spent already, by id. Raises TableError with everything that is wrong in the file."""
    found, wrong = rows.read(path, SPENT_COLUMNS)
    problems = list(wrong)
    first: dict[str, str] = {}
    for row in found:
        if row["spent"] and not re.fullmatch(r"[0-9]{1,6}", row["spent"]):
            problems.append(row.problem(f"spent is `{row['spent']}`: write a whole number, 0 or more"))
        if (before := first.setdefault(row["student"].lower(), row.place)) != row.place:
            problems.append(row.problem(f"`{row['student']}` is there already, see {before}"))
    rows.refuse(problems)
    return {row["student"].lower(): int(row["spent"]) for row in found}


def spoken(late: timedelta) -> str:
    """A span of time in days, hours and minutes, of which one begins with its first second."""
    minutes = -(-late // timedelta(minutes=1))
    days, rest = divmod(minutes, 24 * 60)
    return f"{days} d " * bool(days) + f"{rest // 60} h {rest % 60:02} min"


@dataclass(frozen=True)
class _Uncounted:
    """Nothing that is late counts, should it be graded after all."""

    accepts: bool = False

    def __call__(self, _student: str, late: timedelta, measured: int) -> Cost:
        return Cost(Fraction(measured), f"{spoken(late)} late: work after the deadline does not count")


@dataclass(frozen=True)
class _Purse:
    """Tokens first, then percent, by the arithmetic of the capstone."""

    rules: LateRules
    spent: Mapping[str, int] = field(default_factory=dict)

    def __call__(self, student: str, late: timedelta, measured: int) -> Cost:
        left = max(self.rules.tokens - self.spent.get(student, 0), 0)
        record = Record(student, "", _DUE, _DUE + min(late, LONGEST))
        (handed_in,) = accounts([record], replace(self.rules, tokens=left))[student].hand_ins
        deduction = Fraction(measured * handed_in.percent, 100)
        parts = [f"{handed_in.tokens} of {left} tokens"] * bool(handed_in.tokens)
        parts += [f"{handed_in.percent} % of {measured} points: {shown(deduction)}"] * bool(handed_in.percent)
        return Cost(deduction, f"{spoken(late)} late: {' and '.join(parts) or 'that costs nothing'}", handed_in.tokens)


def _rules(number: int, hours: int, each: int = 100, most: int = 100) -> LateRules:
    return LateRules(number, hours, min(each, 100), min(most, 100))


def _numbers(name: str, arguments: str, example: str, least: int, most: int) -> list[int]:
    """The whole numbers after a policy's name. Raises UsageError that shows how it is written."""
    parts = arguments.split(":") if arguments else []
    if not least <= len(parts) <= most or not all(re.fullmatch("[0-9]{1,4}", part) for part in parts):
        raise UsageError(f"--late {name}{f':{arguments}' if arguments else ''}: write {example}, with whole numbers")
    return [int(part) for part in parts]
