"""A batch at workers that are there on paper only, so that a test says what each of them does, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fake_class
from fake_class import MODULE, Class
from mlops_grader.cohort import task
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.orders import Limits
from mlops_grader.cohort.plan import Keys, asked
from mlops_grader.cohort.records import Attempt, CellOrder, Returned, Settings, State, Why
from mlops_grader.cohort.schedule import Batch

ENDLESS = 5000  # looks of a batch, which has an end after some dozens
SETTINGS = Settings("r1", MODULE, 7, "roster", "in", datetime(2026, 10, 1, tzinfo=UTC))


@dataclass
class Told:
    """Remembers what it is told. most: the largest number of grades at once."""

    words: list[str] = field(default_factory=list)
    most: int = 0

    def began(self, _: Attempt) -> None:
        """Nothing."""

    def ended(self, *_: object) -> None:
        """Nothing."""

    def again(self, _: Attempt, why: str) -> None:
        """Keep it."""
        self.words.append(why)

    def told(self, words: str) -> None:
        """Keep it."""
        self.words.append(words)

    def tick(self, running: int, _: int) -> None:
        """Count."""
        self.most = max(self.most, running)


@dataclass
class Bench:
    """A class, its log, and workers to grade it at."""

    its: Class
    log: JobLog
    client: Any
    told: Told = field(default_factory=Told)

    def batch(self, **more: Any) -> Batch:
        """A batch of what waits."""
        limits = more.pop("limits", Limits(memory=2**26))
        graders = more.pop("graders", fake_class.GRADERS)
        return Batch(self.client, self.log, SETTINGS, graders, limits, self.told, **more)

    def hand_in(self, **does: Mapping[str, Any]) -> None:
        """Hand in and queue."""
        self.its.hand_in(**does)
        students = fake_class.roster(self.its.folder / "roster.txt")
        self.log.begin(SETTINGS, students)
        self.log.take_in(
            fake_class.collect(self.its.folder / "in", students, None, None, self.its.run, None).submissions
        )
        self.log.queue(asked(self.log, Keys(SETTINGS, "image"), Why.FIRST, [each.id for each in students]), MODULE)

    def grade(self, **more: Any) -> dict[str, Attempt]:
        """Grade all that waits; each student's attempt."""
        self.batch(**more).run(each for each in self.log.outline() if each.state is State.QUEUED)
        return {each.student: each for each in self.log.attempts()}


@contextmanager
def bench_of(folder: Path, client: Any) -> Iterator[Bench]:
    """An empty class, to be graded at these workers."""
    its = Class(folder)
    with JobLog(its.run, make=True) as log:
        yield Bench(its, log, client)


@dataclass
class Turn:
    """What was given to a worker, and the future of its answer. student: "" while the worker is made ready."""

    worker: str
    work: Callable[..., Any]
    values: tuple[Any, ...]
    status: str = "pending"
    said: object = None
    done: Callable[[object], None] = lambda _: None
    cancelled: bool = False
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def student(self) -> str:
        """Whose work it is."""
        return next((each.student for each in self.values if isinstance(each, CellOrder)), "")

    def grade(self, points: int = 100) -> None:
        """Answer as a grader does."""
        _, parcel, order, *_ = self.values
        self.answer(Returned(fake_class.document(parcel, order, points)))

    def answer(self, said: object) -> None:
        """Answer, or fail with an exception."""
        self.said, self.status = said, "error" if isinstance(said, BaseException) else "finished"
        self.done(self)

    # what a batch asks of a future

    def add_done_callback(self, call: Callable[[object], None]) -> None:
        """Remember it."""
        self.done = call

    def result(self, timeout: float) -> object:  # noqa: ARG002  # as Dask has it
        """The answer."""
        if isinstance(self.said, BaseException):
            raise self.said
        return self.said

    def exception(self, timeout: float) -> BaseException | None:  # noqa: ARG002  # as Dask has it
        """What went wrong."""
        return self.said if isinstance(self.said, BaseException) else None

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        self.cancelled = True


@dataclass
class Paper:
    """A client whose workers do what `acts` does at each look at the clock: it is called with all turns that were given so far.

    welcome: what a worker that is made ready answers; None for nothing. asked: the workers that were asked to run something.
    looks: how often the batch has looked.
    """

    workers: list[str]
    acts: Callable[[list[Turn]], None] = lambda _: None
    turns: list[Turn] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    looks: int = 0
    welcome: object = ""
    id: str = "paper"
    say: Callable[[tuple[float, int]], None] = lambda _: None

    def of(self, student: str) -> list[Turn]:
        """The turns of a student; with "", those in which workers are made ready."""
        return [turn for turn in self.turns if turn.student == student]

    def began(self, turn: Turn) -> None:
        """A worker says that its turn has come."""
        self.say((0.0, turn.values[-1]))

    # what a batch asks of a client

    def nthreads(self) -> dict[str, int]:
        """Who is there; and time goes by."""
        self.looks += 1
        assert self.looks < ENDLESS, "the batch goes on for ever"
        for turn in self.turns:
            if turn.work is task.welcome and turn.status == "pending" and self.welcome is not None:
                turn.answer(self.welcome)
        self.acts(self.turns)
        return dict.fromkeys(self.workers, 1)

    def submit(self, work: Callable[..., Any], *values: Any, workers: list[str], **options: object) -> Turn:
        """Keep it."""
        turn = Turn(workers[0], work, values, options=options)
        self.turns.append(turn)
        return turn

    def subscribe_topic(self, _: str, handler: Callable[[Any], None]) -> None:
        """Remember it."""
        self.say = handler

    def unsubscribe_topic(self, _: str) -> None:
        """Forget it."""

    def restart_workers(self, workers: list[str], **_: object) -> None:
        """Each comes back under another address, as Dask's do."""
        for worker in workers:
            self.restarted.append(worker)
            self.workers = [f"{each}0" if each == worker else each for each in self.workers]

    def run(self, *_: object, workers: list[str], **__: object) -> None:
        """Note who was asked."""
        self.asked.append(tuple(workers))
