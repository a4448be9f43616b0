"""How a batch goes on: a bar on a terminal, a line now and then elsewhere, and at the end how long each phase took."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mlops_grader.cohort.records import Attempt, Returned

EVERY = 30.0  # seconds between lines where there is no terminal


class Shown:
    """Shows a batch to a person: done and total, running, errors, time left. Students appear by their ids only."""

    def __init__(self, console: Console, total: int) -> None:
        self.console, self.total = console, total
        self.done = self.errors = self.running = self.workers = 0
        self.phases: dict[str, list[float]] = {}
        self._seconds: list[float] = []
        self._begun: dict[int, float] = {}
        self._last = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("grading", total=total, words="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def began(self, attempt: Attempt) -> None:
        """An attempt was given to a worker."""
        self._begun[attempt.number] = time.monotonic()

    def ended(self, attempt: Attempt, returned: Returned) -> None:
        """An attempt has ended."""
        self.done += 1
        self._seconds.append(time.monotonic() - self._begun.pop(attempt.number, time.monotonic()))
        for name, seconds in returned.phases.items():
            self.phases.setdefault(name, []).append(seconds)
        if returned.document is None:
            self.errors += 1
            self.told(f"{attempt.student}: for a person to look at: {returned.error}")

    def again(self, attempt: Attempt, why: str) -> None:
        """An attempt waits once more."""
        self.told(f"{attempt.student}: once more: {why}")

    def told(self, words: str) -> None:
        """Something that a person should know."""
        self._bar.console.print(words, style="yellow", markup=False, soft_wrap=True, highlight=False)

    def tick(self, running: int, workers: int) -> None:
        """Time goes by."""
        self.running, self.workers = running, workers
        self._bar.update(self._task, completed=self.done, words=self.words)
        if self._bar.disable and time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            self.console.print(f"{self.done}/{self.total} {self.words}", soft_wrap=True, highlight=False, markup=False)

    @property
    def words(self) -> str:
        """What runs, what is for a person, and how long it may take still."""
        if not self.workers:
            return "no worker yet"
        if not self.running and not self.done:
            prepare = "image and packages of the cells are made once for each version of the grader"
            return f"{_counted(self.workers, 'worker')}, preparing: {prepare}"
        return f"{self.running} running at {_counted(self.workers, 'worker')}, {_counted(self.errors, 'error')}, {self._left}"

    @property
    def _left(self) -> str:
        """From the mean of those that have ended, of those that take longer than it already, and the workers there are."""
        if not self._seconds:
            return "time left unknown"
        mean = sum(self._seconds) / len(self._seconds)
        running = [time.monotonic() - began for began in self._begun.values()]
        known = [*self._seconds, *(seconds for seconds in running if seconds > mean)]
        mean = sum(known) / len(known)
        rounds = (self.total - self.done) / self.workers
        return f"about {timedelta(seconds=round(mean * rounds))} left"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def summary(phases: Mapping[str, Sequence[float]]) -> Table:
    """Mean and 95th percentile of each phase, in seconds."""
    table = Table("phase", "times", "mean, s", "95 % within, s", title="How long it took", title_justify="left")
    for name, seconds in phases.items():
        mean = sum(seconds) / len(seconds)
        table.add_row(escape(name), str(len(seconds)), f"{mean:.2f}", f"{percentile(seconds, 0.95):.2f}")
    return table


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value within which that share of them lies (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
