"""What happened to a student's grade: every attempt and decision in order, and what differs from one grade to the next."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_grader.check import heading
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.overrides import find
from mlops_grader.cohort.records import Attempt, Override, State, Student
from mlops_grader.plain import plain
from mlops_grader.result import Outcome, Result

if TYPE_CHECKING:
    from rich.console import Console

LONGEST = 160  # characters of a finding in one line
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class CheckChange:
    """A check that ended differently. old is None for one that is new, new for one that is gone."""

    id: str
    old: Outcome | None
    new: Outcome | None

    @property
    def words(self) -> str:
        """What changed, on one line."""
        before, after = (_ended(each) for each in (self.old, self.new))
        if before != after:
            return f"{heading(self.id)}: {before} -> {after}{_because(self.new)}"
        return f"{heading(self.id)}: {after}, in other words: {_short(self.new.found if self.new else '')}"


@dataclass(frozen=True)
class Difference:
    """How two grades differ. decided: what of all that decides a grade is not the same (`commit`, `files`, `seed`, `grader`, ...)."""

    points: int
    checks: tuple[CheckChange, ...]
    decided: tuple[str, ...]

    @property
    def steady(self) -> bool:
        """Whether every check ended with the same verdict and points, whatever its words."""
        return not self.points and all(_ended(each.old) == _ended(each.new) for each in self.checks)

    @property
    def words(self) -> tuple[str, ...]:
        """The difference, line by line."""
        if not self.checks:
            return ("no check differs",)
        why = ", ".join(self.decided) or ("nothing that decides it, only words differ" if self.steady else UNSTEADY)
        return (f"{self.points:+d} points; what changed: {why}", *(f"  {each.words}" for each in self.checks))


UNSTEADY = "nothing that decides it: such a check is unsteady, report it"


def difference(old: Result, new: Result) -> Difference:
    """What differs between two grades of a module, check by check: verdict, points and what was found."""
    before, after = ({each.id: each for each in result.checks} for result in (old, new))
    changes = (CheckChange(name, before.get(name), after.get(name)) for name in {**after, **before})
    return Difference(
        new.score - old.score, tuple(each for each in changes if _differs(each)), tuple(_decided(old, new))
    )


def of_attempts(old: Attempt, new: Attempt) -> Difference | None:
    """The same of two attempts that were graded. Of the image only the key knows: it decides where nothing else does."""
    if old.result is None or new.result is None:
        return None
    found = difference(_of_student(old, old.result), _of_student(new, new.result))
    image = ("image",) * (not found.decided and old.key != new.key)
    return Difference(found.points, found.checks, found.decided + image)


def _of_student(attempt: Attempt, result: Result) -> Result:
    """The result with the student's own commit: what was graded is a copy with a commit of its own."""
    return replace(result, submission=replace(result.submission, commit=attempt.commit or result.submission.commit))


def _decided(old: Result, new: Result) -> Iterator[str]:
    facts = {
        "commit": (old.submission.commit, new.submission.commit),
        "files": (old.submission.tree, new.submission.tree),
        "seed": (old.seed, new.seed),
        "grader": (old.grader, new.grader),
        "module": (old.submission.module, new.submission.module),
    }
    yield from (name for name, (before, after) in facts.items() if before != after)


def _differs(change: CheckChange) -> bool:
    old, new = change.old, change.new
    return _ended(old) != _ended(new) or (old is not None and new is not None and old.found != new.found)


def _ended(outcome: Outcome | None) -> str:
    return f"{outcome.verdict.replace('_', ' ')} {outcome.points}/{outcome.max_points}" if outcome else "not there"


def _because(outcome: Outcome | None) -> str:
    return f" ({_short(outcome.found)})" if outcome and outcome.found else ""


def _short(text: str) -> str:
    words = " ".join(plain(text).split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the step."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="the folder of the run")
    parser.add_argument("student", nargs="?", metavar="STUDENT", help="id or login (default: everybody)")


def run(options: argparse.Namespace, console: Console) -> int:
    """Show what happened to the grades of a run, or of one student. Raises UsageError."""
    with JobLog(options.run_folder) as log:
        students, overrides = log.students(), log.overrides()
        for one in [find(options.student, students)] if options.student else students:
            for line in told(one, log.attempts(one.id), overrides):
                console.print(plain(line), markup=False, highlight=False, soft_wrap=True)
    return 0


def told(student: Student, attempts: Sequence[Attempt], overrides: Sequence[Override]) -> Iterator[str]:
    """What happened to a student's grade, line by line."""
    yield f"{student.id} ({student.name})"
    last: Attempt | None = None
    own = [each for each in overrides if each.student == student.id]
    events: list[Attempt | Override] = [*attempts, *own]
    for event in sorted(events, key=_instant):
        if isinstance(event, Override):
            yield f"  {_moment(event.at)}  {_decision(event)}"
            continue
        yield f"  {_moment(_instant(event))}  {_attempt(event)}"
        found = of_attempts(last, event) if last else None
        yield from (f"    {line}" for line in (found.words if found else ()))
        last = event if event.state is State.GRADED else last
    if not attempts and not own:
        yield "  nothing yet"


def _instant(event: Attempt | Override) -> datetime:
    return event.at if isinstance(event, Override) else event.ended_at or event.started_at or event.queued_at or NEVER


def _moment(at: datetime) -> str:
    return "at some time       " if at == NEVER else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _attempt(attempt: Attempt) -> str:
    begin = f"attempt {attempt.number} ({attempt.why})"
    if attempt.result:
        result = attempt.result
        return f"{begin}: {result.score} of {result.max_score}, commit {attempt.commit[:10]}, seed {result.seed}, grader {result.grader}"
    return f"{begin}: {attempt.state}{f', {_short(attempt.error)}' if attempt.error else ''}"


def _decision(override: Override) -> str:
    what = "takes the decision back" if override.score is None else f"decides {override.score} points"
    return f"{override.author} {what}: {override.reason}"
