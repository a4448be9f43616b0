"""Whatever workers do, every attempt ends once: graded, or in an error that says what a person should look at."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import dask.config
import psutil
import pytest
from distributed import Client

import fake_class
from cohort.turns import Bench, bench_of
from mlops_grader.cohort import cluster, schedule
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.orders import Limits
from mlops_grader.cohort.records import State
from mlops_grader.submission import UsageError


@pytest.fixture
def bench(tmp_path: Path, workers: Client) -> Iterator[Bench]:
    """An empty class."""
    with bench_of(tmp_path, workers) as made:
        yield made


def test_everybody_is_graded_once_and_in_order(bench: Bench) -> None:
    """The documents are there, with the seconds of each phase, and a worker has one grade at a time."""
    bench.hand_in(**{f"s{n}": {"points": 40 if n % 2 else 100} for n in range(6)})
    graded = bench.grade()
    assert [each.state for each in graded.values()] == [State.GRADED] * 6
    assert [(each.document or {})["score"] for each in graded.values()] == [100, 40, 100, 40, 100, 40]
    assert bench.its.begun() == [f"s{n}" for n in range(6)]
    assert set(graded["s0"].phases) == {"queue", "grade", "worker", "way"}
    assert graded["s0"].log == "graded"
    assert bench.told.most <= 2


BROKEN = {
    "raise": "failed 3 times, at tls.*; at last: the grader broke: RuntimeError: the grader's own fault",
    "quit": "failed 3 times.*SystemExit: 3",
    "fault": "failed 3 times.*the engine is away",
    "number": "failed 3 times.*answered with int",
    "rubbish": r"failed 3 times.*no grade of this: \$: 'grader' is a required property",
    "no data": "failed 3 times.*no plain data",
    "surrogate": "failed 3 times.*no plain data",
    "huge": "failed 3 times.*a document of 9,437,197 bytes; 8,388,608 are allowed",
}


@pytest.mark.parametrize(("does", "words"), BROKEN.items(), ids=list(BROKEN))
def test_a_grader_that_breaks_is_an_error_for_a_person(bench: Bench, does: str, words: str) -> None:
    """After three tries, and the others are graded as if nothing had been."""
    bench.hand_in(al={}, bad={"does": does}, cy={})
    graded = bench.grade()
    assert bench.its.begun() == ["al", "bad", "bad", "bad", "cy"]
    assert [each.state for each in graded.values()] == [State.GRADED, State.ERROR, State.GRADED]
    assert re.match(words, graded["bad"].error), graded["bad"].error
    assert graded["bad"].tries == 3


def test_what_no_other_try_would_mend_is_an_error_at_once(bench: Bench) -> None:
    """With the end of what the grader printed."""
    bench.hand_in(bad={"does": "error"})
    bad = bench.grade()["bad"]
    assert (bad.error, bad.log, bad.tries) == ("a person must look at this", "its log", 1)


def test_a_fault_that_goes_away_costs_nothing(bench: Bench) -> None:
    """The second try is the grade."""
    bench.hand_in(bad={"first": "raise"})
    bad = bench.grade()["bad"]
    assert (bad.state, bad.tries, bad.error) == (State.GRADED, 2, "")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("tree", "f" * 40, "its tree is f"),
        ("module", "m02_data", "its module is m02_data and not m01_environment"),
        ("authority", "advisory", "its authority is advisory and not record"),
        ("seed", 1, "its seed is 1 and not"),
    ],
)
def test_a_grade_of_something_else_is_none(bench: Bench, field: str, value: object, words: str) -> None:
    """A document counts for the files, module and seed that were sent, and only as a grade of record."""
    bench.hand_in(bad={"does": "tampered", "field": field, "value": value})
    assert words in bench.grade()["bad"].error


def test_a_worker_that_dies_costs_one_try_of_one_attempt(bench: Bench) -> None:
    """It is graded at another one, and nobody else is tried twice."""
    bench.hand_in(al={}, bad={"first": "die"}, cy={}, di={})
    graded = bench.grade()
    assert bench.its.begun() == ["al", "bad", "bad", "cy", "di"]
    assert [each.state for each in graded.values()] == [State.GRADED] * 4
    assert bench.told.words == ["its worker died"]


@pytest.mark.slow
def test_what_kills_every_worker_is_an_error(bench: Bench) -> None:
    """After three of them; the others are graded."""
    bench.hand_in(al={}, bad={"does": "die"}, cy={})
    graded = bench.grade()
    assert bench.its.begun() == ["al", "bad", "bad", "bad", "cy"]
    assert graded["bad"].error.endswith("at last: its worker died")
    assert [each.state for each in graded.values()] == [State.GRADED, State.ERROR, State.GRADED]


def test_a_worker_that_is_killed_from_outside_is_replaced(bench: Bench, wait_for: Callable[..., None]) -> None:
    """What it graded is graded elsewhere."""
    bench.hand_in(al={"seconds": 1.5}, bo={})

    def kill() -> None:
        wait_for(lambda: "al" in bench.its.begun())
        with JobLog(bench.its.run) as log:
            address = log.attempts("al")[0].worker
        os.kill(bench.client.run(os.getpid, workers=[address])[address], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    graded = bench.grade()
    thread.join()
    assert bench.its.begun() == ["al", "al", "bo"]
    assert (graded["al"].state, graded["al"].tries) == (State.GRADED, 2)


@pytest.mark.slow
def test_a_worker_that_hangs_is_ended_and_its_cell_removed(bench: Bench) -> None:
    """After the cell's own time and a grace; the student's cell is removed before the next try begins."""
    removed: list[tuple[str, str, int]] = []

    def forget_one(run: str, student: str) -> None:
        removed.append((run, student, bench.its.begun().count(student)))

    graders = dataclasses.replace(fake_class.GRADERS, forget_one=forget_one)
    bench.hand_in(al={}, bad={"first": "hang"}, cy={})
    graded = bench.grade(graders=graders, limits=Limits(seconds=0.5, grace=0.5, memory=2**26))
    assert [each.state for each in graded.values()] == [State.GRADED] * 3
    assert bench.told.words == ["its worker was silent for 1 s"]
    assert removed == [("r1", "bad", 1)]


@pytest.mark.slow
def test_a_worker_that_comes_back_slowly_is_not_given_up(tmp_path: Path, wait_for: Callable[..., None]) -> None:
    """Dask gives one up for ever that is not back after a while; on a machine that is busy all would be gone at some time."""
    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1ms"}), cluster.local(1, tmp_path) as client:
        ((address, process),) = client.run(os.getpid).items()
        os.kill(process, signal.SIGKILL)
        wait_for(lambda: set(client.nthreads()) - {address})


def test_no_fit_worker_is_said_and_everything_waits(bench: Bench) -> None:
    """With the way out that the preparation told."""
    bench.hand_in(al={})
    with pytest.raises(UsageError, match="no engine here: start one"):
        bench.grade(graders=dataclasses.replace(fake_class.GRADERS, prepare=fake_class.prepare_not))
    assert [each.state for each in bench.log.outline()] == [State.QUEUED]
    assert bench.its.begun() == []


def test_a_machine_that_fails_everybody_must_show_that_it_is_fit(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three faults in a row: then it is made ready anew before it gets more."""
    asked_for: list[str] = []
    slot_type = schedule.Slot
    doubt = slot_type.doubt

    def counted(slot: schedule.Slot) -> None:
        doubt(slot)
        asked_for.append("ready" if slot.ready else "again")

    monkeypatch.setattr(slot_type, "doubt", counted)
    bench.hand_in(**{f"s{n}": {"does": "fault"} for n in range(4)})
    bench.grade()
    assert "again" in asked_for


def test_a_parcel_that_is_gone_is_an_error_of_that_student(bench: Bench) -> None:
    """The others are graded."""
    bench.hand_in(al={}, bad={})
    (bench.its.run / "parcels" / "bad.bundle").unlink()
    graded = bench.grade()
    assert "cannot be read any more" in graded["bad"].error
    assert graded["al"].state is State.GRADED


def test_ctrl_c_leaves_everything_to_go_on_with(bench: Bench) -> None:
    """What ran waits again, what was graded stays."""
    bench.hand_in(al={}, bo={"seconds": 2}, cy={"seconds": 2})

    def stop(_: int) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        bench.grade(ended=stop)
    assert [each.state for each in bench.log.outline()] == [State.GRADED, State.QUEUED, State.QUEUED]


def test_no_more_workers_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """By cores and by memory; one in any case."""
    monkeypatch.setattr(cluster, "CPU_COUNT", 8)
    monkeypatch.setattr(cluster, "MEMORY_LIMIT", 33 * 2**30)
    assert [cluster.fitting(memory * 2**30, cpus) for memory, cpus in ((1, 1), (8, 1), (8, 4), (100, 1))] == [
        8,
        4,
        2,
        1,
    ]
    assert cluster.room(4, 8 * 2**30) == ""
    assert "fewer" in cluster.room(5, 8 * 2**30)


def test_nobody_outside_this_machine_can_reach_the_workers(workers: Client) -> None:
    """Every port of the coordinator and its workers is the loopback's, and commands need the key of this run."""
    processes = [os.getpid(), *workers.run(os.getpid).values()]
    ports = [
        each for pid in processes for each in psutil.Process(pid).net_connections("inet") if each.status == "LISTEN"
    ]
    assert len(ports) >= 3
    assert {each.laddr.ip for each in ports} == {"127.0.0.1"}
    assert workers.scheduler_info()["address"].startswith("tls://127.0.0.1:")
