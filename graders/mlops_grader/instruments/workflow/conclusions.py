"""How a workflow run went: the value that checks read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Conclusion = Literal["success", "failure", "cancelled", "skipped", "not_run"]

NOT_FOUND, NOT_EXECUTABLE = 127, 126  # what shells answer


@dataclass(frozen=True)
class StepRun:
    """One step. `outcome` is what happened, `conclusion` what `continue-on-error` makes of it.

    exit: of the script, None for actions. why: the reason of a failure in words. lacking: what this machine cannot play,
    in words; then the conclusion is not_run. leaked: names of secrets whose values it printed.
    """

    name: str
    outcome: Conclusion
    conclusion: Conclusion
    log: str = ""
    seconds: float = 0.0
    exit: int | None = None
    why: str = ""
    lacking: str = ""
    timed_out: bool = False
    builds_image: bool = False
    outputs: Mapping[str, str] = field(default_factory=dict)
    leaked: frozenset[str] = frozenset()

    @property
    def failed_cleanly(self) -> bool:
        """It looked and said no: neither out of time, nor for want of a program."""
        return self.outcome == "failure" and not self.timed_out and self.exit not in (NOT_FOUND, NOT_EXECUTABLE)

    def tail(self, lines: int = 6) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.strip().splitlines()[-lines:])


@dataclass(frozen=True)
class JobRun:
    """One job, or one of those that a matrix makes of it."""

    key: str
    name: str
    conclusion: Conclusion
    steps: tuple[StepRun, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    matrix: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    why: str = ""

    @property
    def lacking(self) -> str:
        """What it needs and this machine cannot play; empty when nothing."""
        return next(
            (step.lacking for step in self.steps if step.lacking), self.why if self.conclusion == "not_run" else ""
        )

    @property
    def failed_step(self) -> StepRun | None:
        """The first step that made it fail."""
        return next((step for step in self.steps if step.conclusion == "failure"), None)


@dataclass(frozen=True)
class CacheUse:
    """A question to the cache: its key, and the key of what was found, None for nothing."""

    key: str
    found: str | None

    @property
    def hit(self) -> bool:
        """Whether exactly that key was found."""
        return self.found == self.key


@dataclass(frozen=True)
class WorkflowRun:
    """One workflow that one event started."""

    file: str
    name: str
    jobs: tuple[JobRun, ...]
    artifacts: Mapping[str, Path] = field(default_factory=dict)
    summary: str = ""
    caches: tuple[CacheUse, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def conclusion(self) -> Conclusion:
        """failure when a job failed, not_run when one could not be played, else success."""
        found = {job.conclusion for job in self.jobs}
        return next((word for word in ("failure", "not_run", "cancelled") if word in found), "success")

    @property
    def failures(self) -> Iterator[tuple[JobRun, StepRun]]:
        """Each failed job with the step that failed it."""
        for job in self.jobs:
            if job.conclusion == "failure" and job.failed_step:
                yield job, job.failed_step

    @property
    def swallowed(self) -> Iterator[tuple[JobRun, StepRun]]:
        """Steps that failed without failing their job."""
        for job in self.jobs:
            for step in job.steps:
                if step.outcome == "failure" and (step.conclusion == "success" or job.conclusion == "success"):
                    yield job, step
