"""What a worker answers, whatever the grader does: small, plain, and never an exception."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from fake_class import MODULE
from mlops_grader.cohort import task
from mlops_grader.cohort.records import CellOrder, Returned
from mlops_grader.grading import identity
from mlops_grader.submission import UsageError

ORDER = CellOrder("r1", "al", MODULE, 7)


@dataclass
class Worker:
    """What a task knows of its worker. events: what it told the coordinator."""

    events: list[tuple[str, int]] = field(default_factory=list)

    def log_event(self, topic: str, token: int) -> None:
        """Tell."""
        self.events.append((topic, token))


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    """The worker of this process."""
    made = Worker()
    monkeypatch.setattr("distributed.get_worker", lambda: made)
    return made


def answered(said: object) -> Returned:
    """What comes of a grader that answers this, or raises it."""

    def grade(_: bytes, __: CellOrder) -> Any:
        if isinstance(said, BaseException):
            raise said
        return said

    return task.work(grade, b"", ORDER, "topic", 5)


def test_a_worker_says_that_its_turn_has_come_before_it_grades(worker: Worker) -> None:
    """Else its silence could not be told from a long queue."""
    told: list[int] = []

    def grade(parcel: bytes, order: CellOrder) -> Returned:
        told.append(len(worker.events))
        return Returned({"parcel": parcel.decode(), "student": order.student}, phases={"cell": 1})

    said = task.work(grade, b"parcel", ORDER, "topic", 5)
    assert (told, worker.events) == ([1], [("topic", 5)])
    assert said.document == {"parcel": "parcel", "student": "al"}
    assert said.phases["cell"] == 1
    assert 0 <= said.phases["worker"] < 60


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("error", [RuntimeError("away"), SystemExit("away"), MemoryError("away")])
def test_a_grader_that_breaks_is_tried_again(error: BaseException) -> None:
    """With the end of what it says, and no more of it."""
    said = answered(error)
    assert (said.document, said.retry, said.error) == (None, True, f"the grader broke: {type(error).__name__}: away")
    assert said.log.rstrip().endswith(f"{type(error).__name__}: away")
    assert len(answered(RuntimeError("x" * 2 * task.LOG)).log) <= task.LOG


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("said", "words"),
    [
        (42, "the grader answered with int and no `Returned`"),
        (Returned({"a": object()}), "the grader answered with what is no plain data"),
        (Returned({"a": "\ud800"}), "the grader answered with what is no plain data"),
        (Returned({"a": float("nan")}), "the grader answered with what is no plain data"),
        (Returned(5), "the grader answered with what is no plain data"),  # type: ignore[arg-type]
        (Returned(None, phases=5), "the grader answered with what is no plain data"),  # type: ignore[arg-type]
        (Returned(None, phases={"a": "b"}), "the grader answered with what is no plain data"),  # type: ignore[dict-item]
        (Returned({"a": "x" * 100}), "the grader answered with a document of 108 bytes; 50 are allowed"),
    ],
)
def test_an_answer_that_is_none_is_a_fault(said: object, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the grader, and never the student's."""
    monkeypatch.setattr(task, "DOCUMENT", 50)
    found = answered(said)
    assert found.error.startswith(words)
    assert (found.document, found.retry) == (None, True)


@pytest.mark.usefixtures("worker")
def test_a_document_without_a_bottom_is_a_fault() -> None:
    """It would end the worker."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert "no plain data" in answered(Returned({"a": deep})).error


@pytest.mark.usefixtures("worker")
def test_an_answer_is_small_and_plain() -> None:
    """The end of its log, and no signs that command a terminal."""
    phases = {f"{'x' * 50}{number}": 1.0 for number in range(10)} | {str(number): 1.0 for number in range(30)}
    said = answered(
        Returned(None, "bad\x1b[2J", log="a" * task.LOG + "end", worker="w" * 300, phases=phases, retry=True)
    )
    assert "\x1b" not in said.error
    assert (len(said.log), said.log[-3:], len(said.worker)) == (task.LOG, "end", 200)
    assert (max(map(len, said.phases)), len(said.phases) <= 21) == (40, True)
    assert said.retry
    assert not answered(Returned(None, "for a person")).retry


@pytest.mark.usefixtures("worker")
def test_one_grade_at_a_time_also_where_a_worker_has_several_threads() -> None:
    """Checks measure time."""
    running, most = [], []

    def grade(_: bytes, __: CellOrder) -> Returned:
        running.append(1)
        most.append(len(running))
        time.sleep(0.05)
        running.pop()
        return Returned(None, "x")

    threads = [threading.Thread(target=task.work, args=(grade, b"", ORDER, "topic", 5)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1]


def test_a_worker_says_why_it_is_not_fit() -> None:
    """In words of its own preparation; what is no such word is a fault of the grader."""

    def not_fit(words: str) -> Any:
        def prepare(module: str, disposable: bool) -> None:
            assert not disposable
            raise UsageError(f"{words}{module}" if words else "")

        return prepare

    assert task.welcome(lambda *_: None, MODULE, identity(), False) == ""
    assert task.welcome(not_fit("no engine for "), MODULE, identity(), False) == f"no engine for {MODULE}"
    assert task.welcome(not_fit(""), MODULE, identity(), False) == "it is not fit"
    assert task.welcome(not_fit("x"), MODULE, "9.9+other", False).startswith(
        f"it has grader {identity()} and not 9.9+other"
    )
