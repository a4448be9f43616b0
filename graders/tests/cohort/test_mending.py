"""What is asked of whom when a worker is gone, and that nothing of it stops a class."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import pytest

import fake_class
from cohort.turns import Paper
from mlops_grader.cohort.mending import Mender

WORKERS = ["tcp://two:1", "tcp://one:2", "tcp://one:3"]


def mender(paper: Paper, *, is_local: bool = False, **graders: Any) -> Mender:
    return Mender(paper, dataclasses.replace(fake_class.GRADERS, **graders), "r1", is_local)  # type: ignore[arg-type]


@pytest.mark.parametrize(("gone", "asked"), [("tcp://one:1", [("tcp://one:2",)]), ("tcp://three:1", [])])
def test_a_cell_is_removed_by_one_worker_of_its_machine(gone: str, asked: list[tuple[str, ...]]) -> None:
    """Elsewhere it is not."""
    paper = Paper(WORKERS)
    mender(paper)._remove(gone, "al")
    assert paper.asked == asked


def test_a_worker_under_repair_is_not_asked() -> None:
    """It would not answer; when its repair has ended, it is."""
    paper, ends = Paper(WORKERS), threading.Event()
    made = mender(paper)
    made.busy["tcp://one:2"] = threading.Thread(target=ends.wait)
    made.busy["tcp://one:2"].start()
    made._remove("tcp://one:1", "al")
    ends.set()
    made.busy["tcp://one:2"].join()
    made._remove("tcp://one:1", "al")
    assert paper.asked == [("tcp://one:3",), ("tcp://one:2",)]


def test_what_a_run_left_is_removed_once_on_each_machine() -> None:
    """Its workers share an engine."""
    paper = Paper(WORKERS)
    mender(paper).forget()
    assert [sorted(each) for each in paper.asked] == [["tcp://one:3", "tcp://two:1"]]


class Away(Paper):
    """A scheduler that has gone."""

    def nthreads(self) -> dict[str, int]:
        """Nobody answers."""
        raise OSError("away")

    def restart_workers(self, *_: object, **__: object) -> None:
        """Nobody answers."""
        raise OSError("away")


@pytest.mark.parametrize("is_local", [True, False])
def test_a_repair_that_fails_is_over_all_the_same(is_local: bool) -> None:
    """Whoever waits for it goes on."""
    removed: list[str] = []

    def forget_one(_: str, student: str) -> None:
        removed.append(student)
        raise OSError("no engine")

    made, done = mender(Away([]), is_local=is_local, forget_one=forget_one), threading.Event()
    made.mend("tcp://one:1", "al", hangs=True, then=done.set)
    made.busy["tcp://one:1"].join()
    assert done.is_set()
    assert removed == ["al"] * is_local
    made.forget()
