"""What is sent to a worker: the parcel of a submission, and the order that says how it is graded."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.cohort import answer
from mlops_grader.cohort.plan import seed_of
from mlops_grader.cohort.records import Attempt, CellOrder, Settings, Submission
from mlops_grader.submission import UsageError


@dataclass(frozen=True)
class Limits:
    """What each cell may use, and the seconds that a worker may stay silent beyond the cell's own."""

    seconds: float = 3600.0
    memory: int = 8 * 2**30
    cpus: float = 1.0
    disk: int = 4 * 2**30
    grace: float = 120.0


@dataclass(frozen=True)
class Orders:
    """The orders of one batch. folder: the run's, in which the parcels are."""

    folder: Path
    settings: Settings
    limits: Limits
    submissions: Mapping[str, Submission]

    def parcel(self, student: str) -> bytes:
        """What a student's cell is given. Raises OSError and UsageError when there is nothing."""
        submission = self.submissions[student]
        if submission.problem or not submission.parcel:
            raise UsageError(submission.problem or "nothing was handed in")
        return (self.folder / Path(submission.parcel)).read_bytes()

    def trees(self, student: str) -> set[str]:
        """The trees of a parcel and of its topmost folders; none when it cannot be read."""
        with contextlib.suppress(OSError, UsageError):
            return answer.trees(self.parcel(student))
        return set()

    def seed(self, student: str) -> int:
        """The seed of what a student handed in."""
        return seed_of(self.settings, self.submissions[student])

    def of(self, attempt: Attempt) -> CellOrder:
        """The order for one attempt."""
        return CellOrder(
            run=self.settings.run,
            student=attempt.student,
            module=attempt.module,
            seed=self.seed(attempt.student),
            disposable=self.settings.disposable,
            seconds=self.limits.seconds,
            memory=self.limits.memory,
            cpus=self.limits.cpus,
            disk=self.limits.disk,
        )
