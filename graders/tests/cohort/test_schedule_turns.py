"""Who is given what, and whose answer counts, at workers that do exactly what a test says."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import KilledWorker

import fake_class
from cohort.turns import Bench, Paper, Turn, bench_of
from mlops_grader.cohort import mending, schedule
from mlops_grader.cohort.orders import Limits
from mlops_grader.cohort.records import Returned, State
from mlops_grader.submission import UsageError

A, B = "tcp://one:1", "tcp://two:1"
FAULT = Returned(None, "the engine is away", retry=True)
SILENT = Limits(seconds=-1, grace=0)  # whoever has begun has been silent for too long

Desk = Callable[..., Bench]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Makes a class with workers on paper, whose clock ticks without waiting."""
    monkeypatch.setattr(schedule, "TICK", 0.001)
    monkeypatch.setattr(schedule, "LOOK", 0)
    with bench_of(tmp_path, None) as bench:

        def make(paper: Paper, **does: Any) -> Bench:
            bench.client = paper
            bench.hand_in(**does)
            return bench

        yield make


def pending(turns: list[Turn]) -> list[Turn]:
    return [turn for turn in turns if turn.student and turn.status == "pending"]


def all_graded(turns: list[Turn]) -> None:
    for turn in pending(turns):
        turn.grade()


def test_an_answer_that_comes_after_the_worker_was_given_up_does_not_count(desk: Desk) -> None:
    """Its attempt is somebody else's by then, whose answer is the only one."""
    paper = Paper([A])

    def acts(_: list[Turn]) -> None:
        tries = paper.of("al")
        if len(tries) == 1 and A in paper.workers:
            paper.workers = [B]
        elif len(tries) == 2 and tries[0].status == "pending":
            assert tries[0].cancelled
            tries[0].grade(40)
        elif len(tries) == 2:
            tries[1].grade(100)

    paper.acts = acts
    bench = desk(paper, al={})
    ended: list[State] = []
    graded = bench.grade(ended=lambda number: ended.append(bench.log.attempt(number).state))["al"]
    assert ((graded.document or {})["score"], graded.worker, graded.tries) == (100, B, 2)
    assert ended == [State.GRADED], "it is written down before anybody is told"


def test_a_fault_is_tried_at_another_worker(desk: Desk) -> None:
    """As long as there is one at which it did not fail; a machine can be the cause."""
    paper = Paper([A, B])

    def acts(turns: list[Turn]) -> None:
        for turn in pending(turns):
            turn.answer(FAULT) if turn.worker == A else turn.grade()

    paper.acts = acts
    graded = desk(paper, al={}, bo={}, cy={}).grade()
    assert [each.state for each in graded.values()] == [State.GRADED] * 3
    assert {each.worker for each in graded.values()} == {B}
    assert max(each.tries for each in graded.values()) == 2


def test_where_all_workers_failed_any_of_them_is_tried(desk: Desk) -> None:
    """And each place is named in the end; a worker that is not ready yet is not waited for."""
    paper = Paper([A, B])

    def acts(turns: list[Turn]) -> None:
        for turn in pending(turns):
            turn.answer(FAULT)

    paper.acts = acts
    failed = desk(paper, al={}).grade()["al"]
    assert failed.tries == 3
    assert failed.error in {
        f"failed 3 times, at {one}, {two}; at last: the engine is away" for one, two in ((A, B), (B, A))
    }


def test_faults_are_in_a_row_only_while_nothing_succeeds(desk: Desk) -> None:
    """A worker that grades in between is not made ready anew."""
    paper = Paper([A])

    def acts(turns: list[Turn]) -> None:
        for turn in pending(turns):
            faults = {"al": 2, "bo": 0, "cy": 1}[turn.student]
            turn.answer(FAULT) if len(paper.of(turn.student)) <= faults else turn.grade()

    paper.acts = acts
    desk(paper, al={}, bo={}, cy={}).grade()
    assert [turn.student for turn in paper.turns] == ["", "al", "bo", "cy", "al", "cy", "al"], (
        "what failed goes to the end"
    )


def test_who_waits_for_another_worker_is_passed_over_and_not_forgotten(desk: Desk) -> None:
    """Each is graded once, at the worker at which it did not fail."""
    paper = Paper([A, B])

    def acts(turns: list[Turn]) -> None:
        al, bo = paper.of("al"), paper.of("bo")
        if len(al) == 1 and al[0].status == "pending":
            al[0].answer(FAULT)
        elif len(bo) == 1 and bo[0].status == "pending" and paper.looks > 20:
            bo[0].answer(FAULT)
        elif len(bo) == 2:
            all_graded(turns)

    paper.acts = acts
    graded = desk(paper, al={}, bo={}).grade()
    assert [(each.state, each.tries) for each in graded.values()] == [(State.GRADED, 2)] * 2
    assert len({(turn.student, turn.worker) for turn in paper.turns if turn.student}) == 4


def test_what_another_try_would_not_mend_is_not_tried_again(desk: Desk) -> None:
    """It is for a person."""
    paper = Paper([A])

    def acts(turns: list[Turn]) -> None:
        for turn in pending(turns):
            turn.answer(Returned(None, "look at this"))

    paper.acts = acts
    failed = desk(paper, al={}).grade()["al"]
    assert (failed.state, failed.tries, failed.error) == (State.ERROR, 1, "look at this")


def test_a_worker_that_dies_leaves_a_cell_that_is_removed(desk: Desk) -> None:
    """Before the next try, which has another worker."""
    paper = Paper([A])

    def acts(turns: list[Turn]) -> None:
        if paper.of("al") and not pending(turns):
            paper.workers = [B]
        for turn in pending(turns):
            turn.answer(KilledWorker("key", None, 0)) if turn.worker == A else turn.grade()

    removed: list[str] = []
    paper.acts = acts
    bench = desk(paper, al={})
    bench.grade(graders=dataclasses.replace(fake_class.GRADERS, forget_one=lambda _, student: removed.append(student)))
    assert (removed, bench.told.words) == (["al"], ["its worker died"])


def test_a_machine_that_is_not_fit_gets_nothing_and_is_named(desk: Desk) -> None:
    """The other one grades."""
    paper = Paper([A, B], welcome=None)

    def acts(turns: list[Turn]) -> None:
        for turn in paper.of(""):
            if turn.status == "pending":
                turn.answer("no engine here" if turn.worker == A else "")
        all_graded(turns)

    paper.acts = acts
    bench = desk(paper, al={}, bo={})
    assert {each.worker for each in bench.grade().values()} == {B}
    assert bench.told.words == [f"{A}: no engine here"]
    assert len(paper.of("")) == 2


def test_dask_repeats_nothing_and_learns_no_name(desk: Desk) -> None:
    """Each try is counted here; whoever uses the same scheduler sees keys."""
    paper = Paper([A], acts=all_graded)
    desk(paper, alice={}).grade()
    for turn in paper.turns:
        assert (turn.options["retries"], turn.options["allow_other_workers"], turn.options["pure"]) == (0, False, False)
        assert "alice" not in str(turn.options["key"])
    assert len({turn.options["key"] for turn in paper.turns}) == 2


def test_what_was_given_is_taken_back_when_a_start_ends(desk: Desk) -> None:
    """A cluster of others would grade on for nobody."""
    paper = Paper([A])

    def acts(turns: list[Turn]) -> None:
        if pending(turns):
            raise KeyboardInterrupt

    paper.acts = acts
    bench = desk(paper, al={})
    with pytest.raises(KeyboardInterrupt):
        bench.grade()
    assert paper.of("al")[0].cancelled
    assert [each.state for each in bench.log.outline()] == [State.QUEUED]


def test_three_faults_in_a_row_and_a_worker_is_made_ready_anew(desk: Desk) -> None:
    """Before it gets the next one, and only once for the three: a fourth begins a new count."""
    paper = Paper([A])
    faults: list[Turn] = []

    def acts(turns: list[Turn]) -> None:
        for turn in pending(turns):
            faults.append(turn) if len(faults) < 4 else None
            turn.answer(FAULT) if turn in faults else turn.grade()

    paper.acts = acts
    desk(paper, al={}, bo={}).grade()
    assert [turn.student for turn in paper.turns] == ["", "al", "bo", "al", "", "bo", "al", "bo"]


def test_workers_of_one_machine_are_made_ready_one_after_the_other(desk: Desk) -> None:
    """They share its images and caches."""
    paper = Paper(["tcp://one:1", "tcp://one:2", "tcp://two:1"], welcome=None)
    seen: list[list[str]] = []

    def acts(turns: list[Turn]) -> None:
        waiting = [turn for turn in turns if not turn.student and turn.status == "pending"]
        seen.append(sorted(turn.worker[:-2] for turn in waiting))
        for turn in waiting if paper.looks % 5 == 0 else ():
            turn.answer("")
        all_graded(turns)

    paper.acts = acts
    desk(paper, **{f"s{number}": {} for number in range(9)}).grade()
    assert ["tcp://one", "tcp://two"] in seen
    assert all(each.count("tcp://one") < 2 for each in seen)
    assert len(paper.of("")) == 3
    first = {turn.worker: turn.student for turn in reversed(paper.turns)}
    assert set(first.values()) == {""}, "nobody grades before"


def test_workers_that_break_while_they_are_made_ready_have_an_end(desk: Desk) -> None:
    """Each comes back under another address; after three, their machine is of no use."""
    paper = Paper([A], welcome=None)

    def acts(turns: list[Turn]) -> None:
        if turns and turns[-1].worker in paper.workers:
            paper.workers = [f"tcp://one:{len(turns) + 1}"]  # the one before it has died

    paper.acts = acts
    with pytest.raises(UsageError, match="it broke 3 times while it was made ready; at last: its worker ended"):
        desk(paper, al={}).grade()
    assert len(paper.of("")) == 3


def test_one_that_answers_with_a_fault_while_it_is_made_ready_is_tried_again(desk: Desk) -> None:
    """Twice; then nothing is sent there any more."""
    paper = Paper([A], welcome=RuntimeError("no such function"))
    with pytest.raises(UsageError, match=r"it broke 3 times .* RuntimeError: no such function"):
        desk(paper, al={}).grade()
    assert (len(paper.of("")), len(paper.of("al"))) == (3, 0)


def test_a_worker_that_was_made_ready_takes_the_count_back(desk: Desk) -> None:
    """Only faults in a row speak against a machine."""
    paper = Paper([A], welcome=None)

    def acts(turns: list[Turn]) -> None:
        for number, turn in enumerate(paper.of("")):
            if turn.status == "pending":
                turn.answer("" if number in (2, 5) else RuntimeError("broken"))
        tries = paper.of("al")
        if len(tries) == 1 and tries[0].worker in paper.workers:
            paper.workers = [B.replace("two", "one").replace(":1", ":2")]
        elif len(tries) == 2:
            all_graded(turns)

    paper.acts = acts
    assert desk(paper, al={}).grade()["al"].state is State.GRADED


def test_a_worker_that_hangs_while_it_is_made_ready_is_begun_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that has an end, too."""
    monkeypatch.setattr(schedule, "PREPARE", -1.0)
    paper = Paper([A], welcome=None)
    with pytest.raises(UsageError, match=r"it broke 3 times .* its worker was silent"):
        desk(paper, al={}).grade()
    assert len(paper.restarted) == 3


def test_ones_own_workers_have_nothing_else_to_do(desk: Desk) -> None:
    """So silence counts from when they were given something; each is begun anew, and the attempt has an end."""
    paper = Paper([A])
    bench = desk(paper, al={})
    failed = bench.grade(limits=SILENT)["al"]
    assert (failed.tries, len(paper.restarted)) == (3, 3)
    assert failed.error.endswith("at last: its worker was silent for -1 s")


def test_the_next_try_waits_until_the_last_one_is_cleared_away(desk: Desk) -> None:
    """Two cells of one student must not be there at the same time."""
    paper = Paper([A])
    tries_then: list[int] = []

    def forget_one(*_: str) -> None:
        looks, end = paper.looks, time.monotonic() + 10
        while paper.looks < looks + 10 and time.monotonic() < end:
            time.sleep(0.001)
        tries_then.append(len(paper.of("al")))

    def acts(turns: list[Turn]) -> None:
        if paper.of("al") and A in paper.workers:
            paper.workers = [B]
        elif len(paper.of("al")) == 2:
            all_graded(turns)

    paper.acts = acts
    bench = desk(paper, al={})
    bench.grade(graders=dataclasses.replace(fake_class.GRADERS, forget_one=forget_one))
    assert tries_then == [1]


def test_a_worker_that_was_lost_gets_nothing_more(desk: Desk) -> None:
    """Not even before the list of workers is looked at again."""
    bench = desk(Paper([A]), al={})
    batch = bench.batch()
    batch.slots.came({A})
    (slot,) = batch.slots
    slot.ready = True
    slot.give(1, Turn(A, print, ()), bench.log.attempt(1))
    batch._lost(slot, "it ended", hangs=False)
    assert list(batch.slots) == []


def test_at_workers_of_others_silence_counts_from_the_turn(desk: Desk) -> None:
    """They may have other work first; from then on they are ended like one's own."""
    paper, looks = Paper([A]), []

    def acts(turns: list[Turn]) -> None:
        looks.extend(pending(turns))
        tries = paper.of("al")
        if len(tries) == 1 and len(looks) == 5:
            paper.began(tries[0])
        elif len(tries) == 2:
            all_graded(turns)

    paper.acts = acts
    bench = desk(paper, al={})
    graded = bench.grade(is_local=False, limits=SILENT)["al"]
    assert (graded.state, graded.tries, bench.told.words) == (State.GRADED, 2, ["its worker was silent for -1 s"])
    assert paper.restarted == [A]
    assert looks.count(paper.of("al")[0]) >= 5


def test_a_cell_is_removed_on_the_machine_of_its_worker(desk: Desk) -> None:
    """By another worker there, since its own is gone, and before the next try; where there is none, nobody is asked."""
    paper = Paper([A, "tcp://one:2", B])

    def acts(turns: list[Turn]) -> None:
        tries = paper.of("al")
        if len(tries) == 1 and tries[0].worker in paper.workers:
            paper.workers.remove(tries[0].worker)
        elif len(tries) == 2:
            all_graded(turns)

    paper.acts = acts
    bench = desk(paper, al={})
    bench.grade(is_local=False)
    gone = paper.of("al")[0].worker
    near = [worker for worker in paper.workers if mending.host(worker) == mending.host(gone)]
    assert paper.asked == ([(near[0],)] if near else [])


def test_all_workers_gone_for_good_is_said_and_everything_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that waits for nobody would never end."""
    monkeypatch.setattr(schedule, "ALONE", 0.0)
    paper = Paper([A])

    def acts(_: list[Turn]) -> None:
        if paper.of("al"):
            paper.workers = []

    paper.acts = acts
    bench = desk(paper, al={}, bo={})
    with pytest.raises(UsageError, match="every worker has ended, and none came back"):
        bench.grade()
    assert [each.state for each in bench.log.outline()] == [State.QUEUED] * 2


def test_workers_of_a_scheduler_may_come_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """When their jobs begin."""
    monkeypatch.setattr(schedule, "ALONE", 0.0)
    paper, looks = Paper([]), []

    def acts(turns: list[Turn]) -> None:
        looks.append(1)
        if len(looks) == 20:
            paper.workers = [A]
        all_graded(turns)

    paper.acts = acts
    assert desk(paper, al={}).grade(is_local=False)["al"].state is State.GRADED


def test_a_student_with_a_problem_is_sent_to_nobody(desk: Desk) -> None:
    """What was taken in anew may have none of what waits."""
    paper = Paper([A], acts=all_graded)
    bench = desk(paper, al={}, bo={})
    al, bo = bench.log.submissions().values()
    bench.log.take_in([type(al)(al.student, "", problem="two folders"), bo])
    graded = bench.grade()
    assert graded["al"].error.startswith("what was handed in cannot be read any more (two folders)")
    assert graded["bo"].state is State.GRADED
    assert [turn.student for turn in paper.turns] == ["", "bo"]
