"""What a start of `cohort grade` takes in, orders and tells, at workers on paper."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import fake_class
from cohort.turns import Paper, Turn
from fake_class import DOORS, GRADERS, MODULE, Class
from mlops_grader.cohort import cluster, schedule
from mlops_grader.cohort import grade as step
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import CellOrder, Student, Submission, Why
from mlops_grader.cohort.roster import Roster
from mlops_grader.submission import UsageError


@dataclasses.dataclass
class Start:
    """A class, and the workers that its starts get. asked: how many workers each start asked for."""

    its: Class
    paper: Paper
    asked: list[int]

    def __call__(self, *more: str, **doors: Any) -> tuple[int, str]:
        """The exit code, and what was printed."""
        console = Console(width=200, record=True, file=io.StringIO())
        code = self.its.grade(*more, console=console, doors=dataclasses.replace(DOORS, **doors))
        return code, console.export_text()

    def orders(self) -> list[CellOrder]:
        """What workers were told to do."""
        return [turn.values[2] for turn in self.paper.turns if turn.student]


def grades(turns: list[Turn]) -> None:
    """Do what was handed in."""
    for turn in turns:
        if turn.student and turn.status == "pending":
            turn.answer(turn.values[0](turn.values[1], turn.values[2]))


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """A class that is graded without a process."""
    monkeypatch.setattr(schedule, "TICK", 0.001)
    monkeypatch.setattr(schedule, "LOOK", 0)
    made = Start(Class(tmp_path), Paper(["tcp://one:1"], grades), [])

    def local(workers: int, _: Path) -> contextlib.AbstractContextManager[Paper]:
        made.asked.append(workers)
        return contextlib.nullcontext(made.paper)

    monkeypatch.setattr(cluster, "local", local)
    monkeypatch.setattr(cluster, "foreign", lambda _: contextlib.nullcontext(made.paper))
    return made


NOT_FIT = {"graders": dataclasses.replace(GRADERS, prepare=fake_class.prepare_not)}


def waits(start: Start) -> None:
    """A start that queues and grades nobody."""
    start.paper.welcome = "no engine here"
    with pytest.raises(UsageError, match="no engine here"):
        start()
    start.paper.welcome = ""


def test_a_run_goes_on_with_its_folder_alone(start: Start) -> None:
    """What was said at the first start is known."""
    start.its.hand_in(al={})
    start()
    parser = argparse.ArgumentParser()
    step.arguments(parser)
    assert (
        step.run(parser.parse_args(["--out", str(start.its.run), "--regrade"]), Console(file=io.StringIO()), DOORS) == 0
    )
    assert start.its.begun() == ["al", "al"]


def test_a_late_policy_that_nobody_knows_leaves_no_folder(start: Start) -> None:
    """It is said before anything is made."""
    start.its.hand_in(al={})
    with pytest.raises(UsageError, match="--late: "):
        start("--late", "nonsense")
    assert not start.its.run.exists()


def test_what_was_being_graded_when_a_start_was_killed_is_graded_again(start: Start) -> None:
    """Once, and it is said."""
    start.its.hand_in(al={}, bo={})
    waits(start)
    with JobLog(start.its.run) as log:
        log.start(1, "tcp://gone:1")
    code, words = start()
    assert (code, start.its.begun()) == (0, ["al", "bo"])
    assert "An earlier start was cut off: 1 that were being graded then wait again." in words
    with JobLog(start.its.run) as log:
        assert [each.tries for each in log.attempts()] == [2, 1]


def test_what_waited_is_graded_as_it_is_handed_in_now(start: Start) -> None:
    """And not as it was when it was asked for."""
    start.its.hand_in(al={})
    waits(start)
    start.its.hand_in(al={"points": 40})
    start()
    with JobLog(start.its.run) as log:
        (attempt,) = log.attempts()
        assert attempt.commit == log.submissions()["al"].commit
    assert (attempt.document or {})["score"] == 40


def test_of_those_who_wait_only_who_was_named_is_graded(start: Start) -> None:
    """The others wait on."""
    start.its.hand_in(al={}, bo={})
    waits(start)
    start("--student", "bo")
    assert start.its.begun() == ["bo"]


def test_a_problem_is_for_a_person(start: Start) -> None:
    """Each is named with its student; who handed in nothing is only counted; who has no login may have, and nobody can tell."""
    start.its.hand_in(al={}, bo={})
    people = (*(Student(name, name, name) for name in ("al", "bo", "cy")), Student("row-9", "", "Grace", row=9))

    def collect(*given: Any) -> fake_class.Collected:
        al, *_ = fake_class.collect(*given).submissions
        bo = Submission("bo", "in/bo", problem="two folders")
        others = [Submission(name, "", problem="nothing was handed in") for name in ("cy", "row-9")]
        return fake_class.Collected([al, bo, *others], ["in/stray"])

    code, words = start(roster=lambda _: Roster(people, ()), collect=collect)
    assert code == 1
    assert "1 of 4 graded, 1 handed in nothing, 0 ended in an error, 2 with a problem." in words
    assert "bo: two folders" in words
    assert "row-9: nothing was handed in" in words
    assert "rerun-failed" not in words
    assert (start.its.run / "gradebook.csv").is_file()
    with JobLog(start.its.run) as log:
        assert log.strays() == ("in/stray",)


def test_a_cell_may_use_what_was_said(start: Start) -> None:
    """Its time, its memory, its cores, its disk."""
    start.its.hand_in(al={})
    start("--seconds", "77", "--memory", "65MiB", "--cpus", "1.5", "--disk", "3GiB")
    (order,) = start.orders()
    assert (order.seconds, order.memory, order.cpus, order.disk) == (77, 65 * 2**20, 1.5, 3 * 2**30)
    assert (order.student, order.module) == ("al", MODULE)


def test_no_more_workers_than_submissions(start: Start) -> None:
    """And no more than were asked for."""
    start.its.hand_in(al={}, bo={})
    start("--workers", "5")
    start("--workers", "1", "--regrade")
    assert start.asked == [2, 1]


@pytest.mark.parametrize(("where", "said"), [([], True), (["--scheduler", "tcp://host:1"], False)])
def test_too_little_memory_is_said_of_this_machine_alone(
    start: Start, monkeypatch: pytest.MonkeyPatch, where: list[str], said: bool
) -> None:
    """What others have, it does not know."""
    monkeypatch.setattr(cluster, "MEMORY_LIMIT", 2**20)
    start.its.hand_in(al={})
    _, words = start("--workers", "1", *where)
    assert ("may need more than" in words) is said


def test_what_an_earlier_start_left_is_removed_before_and_what_this_one_left_after(start: Start) -> None:
    """Also when it cannot go on."""
    start.its.hand_in(al={})
    begun: list[int] = []
    graders = dataclasses.replace(GRADERS, forget=lambda _: begun.append(len(start.its.begun())))
    start(graders=graders)
    assert begun == [0, 1]
    start.paper.welcome = "no engine here"
    with pytest.raises(UsageError):
        start("--regrade", graders=graders)
    assert begun == [0, 1, 1, 1]


def test_an_engine_that_is_away_does_not_hold_a_start_up(start: Start) -> None:
    """Then nothing can be left."""

    def forget(_: str) -> None:
        raise OSError("no engine")

    start.its.hand_in(al={})
    assert start(graders=dataclasses.replace(GRADERS, forget=forget))[0] == 0


@pytest.mark.parametrize(("name", "used"), [(MODULE, f"handout/{MODULE}"), ("m05_serving", "handout")])
def test_the_handout_is_that_of_the_module(start: Start, name: str, used: str) -> None:
    """In the folder of the export, or in one of its own."""
    (start.its.folder / "handout" / name).mkdir(parents=True)
    seen: list[Path] = []
    start.its.hand_in(al={})
    _, words = start("--handout", str(start.its.folder / "handout"), handout=seen.append)
    assert seen == [start.its.folder / used]
    assert "No --handout" not in words


def test_a_regrade_is_compared_with_the_grade_just_before(start: Start) -> None:
    """Of the same student; who had none is not counted."""
    start.its.hand_in(al={"points": 40}, bo={})
    start()
    start.its.hand_in(al={"points": 100})
    assert "al: +60 points" in start("--regrade")[1]
    start.its.hand_in(cy={})
    _, words = start("--regrade")
    assert "Regraded: 0 came out otherwise, 2 as before." in words
    with JobLog(start.its.run) as log:
        assert [each.why for each in log.outline("cy")] == [Why.FIRST]


@pytest.fixture
def _handlers() -> Iterator[None]:
    """As a program has them that nobody has told otherwise: by itself SIGTERM would end this process."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_start_that_is_asked_to_end_says_how_to_go_on(start: Start, number: int) -> None:
    """Exit 130; what was graded stays, and the rest waits."""
    start.its.hand_in(al={}, bo={})

    def acts(turns: list[Turn]) -> None:
        if len(start.its.begun()) == 1:
            os.kill(os.getpid(), number)
        grades(turns[:2])

    start.paper.acts = acts
    code, words = start()
    assert code == 130
    assert "Stopped. What was graded is kept; 1 wait. To go on: cohort grade --out" in words


@pytest.mark.parametrize(
    ("module", "more", "workers"),
    [
        ("m01_environment", (), 3),
        ("m06_containers", (), 2),
        ("m06_containers", ("--disposable",), 1),
        ("m07_ci", ("--disposable",), 1),
        ("m07_ci", ("--disposable", "--workers", "2"), 2),
    ],
)
def test_submissions_that_share_the_engine_of_a_machine_are_graded_one_after_the_other(
    start: Start, monkeypatch: pytest.MonkeyPatch, module: str, more: tuple[str, ...], workers: int
) -> None:
    """The others as many at once as there is room for: cells with an engine beside them need twice the memory."""
    monkeypatch.setattr(cluster, "MEMORY_LIMIT", 40 * 2**30)
    monkeypatch.setattr(cluster, "CPU_COUNT", 16)
    start.its.hand_in(al={}, bo={}, cy={})
    start("--module", module, "--memory", "8GiB", *more)
    assert start.asked == [workers]
