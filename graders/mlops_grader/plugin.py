"""The pytest plugin: which checks run, `requires`, and how exceptions become verdicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.check import Check, Fail, Finding, NotRun, Verdict
from mlops_grader.figure import Figure
from mlops_grader.fixtures import GROUND, Ground
from mlops_grader.instruments.sandbox import HostSandbox, Sandbox
from mlops_grader.plain import plain
from mlops_grader.submission import Submission, UsageError
from mlops_grader.timeline import Timeline


@dataclass(frozen=True)
class Verdicts:
    """How one check ended."""

    verdict: Verdict
    found: str = ""
    fix: str = ""
    blocked_by: str | None = None
    seconds: float = 0.0


class Blocked(Exception):
    """A required check did not pass."""


@dataclass(eq=False)
class Grading:
    """One run of the checks on one submission: a pytest plugin that keeps a verdict for each of them."""

    submission: Submission
    checks: Sequence[Check]
    selected: frozenset[str]
    seed: int
    folder: Path
    sandbox: Callable[[Path], Sandbox] = HostSandbox
    started: Callable[[Check], None] = lambda _: None
    ended: Callable[[Check, Verdicts], None] = lambda _, __: None
    verdicts: dict[str, Verdicts] = field(default_factory=dict)
    timelines: list[Timeline] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    usage_error: UsageError | None = None
    clock: float = 0.0

    def pytest_configure(self, config: pytest.Config) -> None:
        """Give the fixtures what they start from."""
        config.stash[GROUND] = Ground(
            self.submission, self.seed, self.folder, self.timelines, self.figures, self.sandbox
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the checks that were asked for, in the order of the file."""
        items[:] = [item for item in items if item.name in self.selected]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell who watches that a check begins."""
        self.clock = time.monotonic()
        self.started(self._check(nodeid.rsplit("::", 1)[-1]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Stop before any instrument is touched when a required check did not pass."""
        for needed in self._check(item.name).requires:
            if self.verdicts.get(needed, _NEVER).verdict is not Verdict.PASSED:
                raise Blocked(needed)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Turn the end of each phase into a verdict; the first thing that went wrong counts."""
        report = yield
        failed = call.excinfo is not None
        if failed or (call.when == "call" and item.name not in self.verdicts):
            verdict = self._verdict(call.excinfo.value) if call.excinfo else Verdicts(Verdict.PASSED)
            if item.name not in self.verdicts or self.verdicts[item.name].verdict is Verdict.PASSED:
                self.verdicts[item.name] = _timed(verdict, time.monotonic() - self.clock)
        return report

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Tell who watches how the check ended."""
        found = self._check(nodeid.rsplit("::", 1)[-1])
        self.ended(found, self.verdicts.get(found.id, _NEVER))

    def _verdict(self, error: BaseException) -> Verdicts:
        if isinstance(error, Blocked):
            needed = str(error)
            return Verdicts(Verdict.BLOCKED, f"needs `{self._check(needed).heading}` to pass first", blocked_by=needed)
        if isinstance(error, NotRun):
            return Verdicts(Verdict.NOT_RUN, plain(error.found), plain(error.fix))
        if isinstance(error, Fail):
            return Verdicts(Verdict.FAILED, plain(error.found), plain(error.fix))
        if isinstance(error, UsageError):
            self.usage_error = error
            raise pytest.exit.Exception(str(error))
        return Verdicts(Verdict.ERROR, plain(f"the grader broke: {type(error).__name__}: {error}"), fix=REPORT_IT)

    def _check(self, name: str) -> Check:
        return next(check for check in self.checks if check.id == name)


REPORT_IT = "this is not your fault: report it with the command that you ran and the lines above"
_NEVER = Verdicts(Verdict.ERROR, "the check was never run", fix=REPORT_IT)


def _timed(verdict: Verdicts, seconds: float) -> Verdicts:
    return Verdicts(verdict.verdict, verdict.found, verdict.fix, verdict.blocked_by, seconds)


def unfit(problems: Sequence[Finding]) -> Verdicts:
    """The verdict on every check of a submission that a clean clone does not carry."""
    first = problems[0]
    return Verdicts(Verdict.BLOCKED, plain(first.found), plain(first.fix))
