"""What documents show about skills: only what stands in them, at which commit, and by whose authority."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import TypeVar

from mlops_grader.capstone.measured import Measured
from mlops_grader.capstone.portfolio.skills import Skill, Skills
from mlops_grader.check import Verdict, heading
from mlops_grader.figure import Figure
from mlops_grader.result import Graded, Result

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """One time that the grader ran: what it graded, and the command that repeats it.

    what: in words for people. of_team: it judged the team's product, and not the modules of one person.
    """

    what: str
    of_team: bool
    graded: Graded
    authority: str
    seed: int
    grader: str
    started_at: str
    command: str

    @property
    def repeatable(self) -> bool:
        """Whether what was graded is a commit that others can have."""
        return self.graded.commit is not None and self.graded.clean


@dataclass(frozen=True)
class Fact:
    """How one check ended. `name` is `module/check`."""

    name: str
    title: str
    verdict: Verdict
    run: Run


@dataclass(frozen=True)
class Number:
    """A figure, and the run in which it was measured."""

    figure: Figure
    run: Run


class Standing(StrEnum):
    """What is known about a skill. Nothing is ever half shown: `PARTLY` says that a check is still missing."""

    SHOWN = "shown"
    PARTLY = "partly"
    NOT_YET = "not_yet"


@dataclass(frozen=True)
class Finding:
    """A skill with the checks that passed for it, and what is still missing, in words."""

    skill: Skill
    standing: Standing
    passed: tuple[Fact, ...]
    missing: tuple[str, ...]

    @property
    def authority(self) -> str:
        """Of record only when every check that counts is."""
        counted = set(chain.from_iterable(self.skill.checks))
        of_record = all(fact.run.authority == "record" for fact in self.passed if fact.name in counted)
        return "record" if of_record else "advisory"

    @property
    def of_team(self) -> bool:
        """Whether one of the checks that count judged the team's product."""
        counted = set(chain.from_iterable(self.skill.checks))
        return any(fact.run.of_team for fact in self.passed if fact.name in counted)

    @property
    def since(self) -> str:
        """When the last of its checks passed."""
        return max((fact.run.started_at for fact in self.passed), default="")


@dataclass(frozen=True)
class Evidence:
    """All that the documents hold. others: checks that passed and that no skill names."""

    runs: tuple[Run, ...]
    findings: tuple[Finding, ...]
    others: tuple[Fact, ...]
    numbers: tuple[Number, ...]


def collect(measured: Measured | None, results: Sequence[Result], skills: Skills) -> Evidence:
    """What these documents show, whatever their order.

    Where two know the same check, a grade of record counts before an advisory one, and then the later one.
    """
    graded = [(_measure(measured), result) for result in measured.results] if measured else []
    graded += [(_grade(result), result) for result in results]
    graded.sort(key=lambda each: (each[0].authority == "record", each[0].started_at, each[0].command, repr(each[1])))
    facts: dict[str, Fact] = {}
    for run, result in graded:
        for outcome in result.asked:
            name = f"{result.submission.module}/{outcome.id}"
            facts[name] = Fact(name, outcome.title, outcome.verdict, run)
    findings = tuple(_finding(skill, facts) for skill in skills.skills)
    named = set(chain.from_iterable(skill.named for skill in skills.skills))
    others = [fact for fact in facts.values() if fact.name not in named and fact.verdict is Verdict.PASSED]
    return Evidence(
        runs=_each_once(run for run, _ in reversed(graded)),
        findings=findings,
        others=tuple(sorted(others, key=lambda fact: fact.name)),
        numbers=_numbers(measured, graded),
    )


def _finding(skill: Skill, facts: Mapping[str, Fact]) -> Finding:
    passed = {name: facts[name] for name in skill.named if name in facts and facts[name].verdict is Verdict.PASSED}
    missing = [group for group in skill.checks if not passed.keys() & set(group)]
    counted = passed.keys() & set(chain.from_iterable(skill.checks))
    standing = Standing.SHOWN if not missing else Standing.PARTLY if counted else Standing.NOT_YET
    return Finding(skill, standing, tuple(passed.values()), tuple(_words(group, facts) for group in missing))


def _words(group: Sequence[str], facts: Mapping[str, Fact]) -> str:
    """What is missing, and whether it was tried: of alternatives, one that was tried or else the first."""
    name = next((each for each in group if each in facts), group[0])
    module, _, check = name.partition("/")
    state = "not tried" if name not in facts else _STATES[facts[name].verdict]
    return f"{heading(check)} ({module}): {state}"


_STATES = {
    Verdict.FAILED: "tried, and it failed",
    Verdict.BLOCKED: "not reached, another check comes first",
    Verdict.NOT_RUN: "not tried, the machine lacked a tool",
    Verdict.ERROR: "not known, the grader broke",
}


def _numbers(measured: Measured | None, graded: Iterable[tuple[Run, Result]]) -> tuple[Number, ...]:
    found = [Number(figure, run) for run, result in graded for figure in result.figures]
    if measured:
        found += [Number(figure, _measure(measured)) for figure in measured.figures]
    return tuple(sorted(_each_once(found), key=lambda each: (each.figure.name, each.run.command, each.figure.value)))


def _measure(measured: Measured) -> Run:
    graded = measured.submission
    command = ["mlops-grader", "capstone", "measure", ".", "--json", "measured.json", *_exactly(graded, measured.seed)]
    what = f"capstone, product {measured.product}" if measured.product else "capstone"
    return Run(
        what, True, graded, measured.authority, measured.seed, measured.grader, measured.started_at, shlex.join(command)
    )


def _grade(result: Result) -> Run:
    graded = result.submission
    command = ["mlops-grader", "grade", ".", "--module", graded.module, *_exactly(graded, result.seed)]
    what = f"module {graded.module}, {result.score} of {result.max_score} points"
    return Run(
        what, False, graded, result.authority, result.seed, result.grader, result.started_at, shlex.join(command)
    )


def _exactly(graded: Graded, seed: int) -> list[str]:
    return [*(["--commit", graded.commit] if graded.commit else []), "--seed", str(seed)]


def _each_once(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
