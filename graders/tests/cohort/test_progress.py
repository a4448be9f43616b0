"""What a person reads while a class is graded."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from mlops_grader.cohort import progress
from mlops_grader.cohort.progress import Shown
from mlops_grader.cohort.records import Attempt, Returned, State, Why


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def monotonic(self) -> float:
        """The seconds that the test says."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the module, standing still."""
    found = Clock()
    monkeypatch.setattr(progress, "time", found)
    return found


def attempt(number: int) -> Attempt:
    """An attempt of a student."""
    return Attempt(
        number, f"s{number}", "m01_environment", "", Why.FIRST, State.RUNNING, datetime(2026, 3, 1, tzinfo=UTC)
    )


def shown(total: int) -> Shown:
    """A batch where there is no terminal."""
    return Shown(Console(file=io.StringIO()), total)


def test_a_grade_that_takes_longer_than_others_moves_the_end(clock: Clock) -> None:
    """Two starters that failed at once say nothing about the solution that is still graded."""
    batch = shown(3)
    for number in (1, 2, 3):
        batch.began(attempt(number))
    clock.now = 2.0
    for number in (1, 2):
        batch.ended(attempt(number), Returned({}))
    batch.tick(1, 1)
    assert batch.words == "1 running at 1 worker, 0 errors, about 0:00:02 left"
    clock.now = 302.0
    assert batch.words == "1 running at 1 worker, 0 errors, about 0:01:42 left"


def test_before_the_first_end_nothing_is_guessed(clock: Clock) -> None:
    """And one error is one error."""
    batch = shown(3)
    batch.began(attempt(1))
    batch.tick(1, 2)
    assert batch.words == "1 running at 2 workers, 0 errors, time left unknown"
    clock.now = 60.0
    batch.ended(attempt(1), Returned(None, "the grader broke"))
    batch.tick(2, 2)
    assert batch.words == "2 running at 2 workers, 1 error, about 0:01:00 left"
