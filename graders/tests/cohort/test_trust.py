"""A class with cheats and attackers in it is graded in one run: honest grades are right, and nobody touched or learned anything.

At a reduced size; `nox -s bench` does it with all sixty.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import synthetic
from mlops_grader.cohort import cell
from mlops_grader.cohort.joblog import JobLog, current
from mlops_grader.cohort.records import State
from synthetic import running, trust
from synthetic.canaries import Canaries
from synthetic.member import KEY, Kind
from synthetic.trust import Judged
from synthetic.writing import SLUG, Class

pytestmark = [pytest.mark.engine, pytest.mark.network, pytest.mark.slow]

SEED, WORKERS = 7, ("--workers", "2", "--memory", "4GiB", "--seconds", "1200")
BRIEF = ("starter-untouched", "cheat-forged-output", "cheat-deleted-given", "starter-then-late", "starter-nothing")


@dataclass(frozen=True)
class Graded:
    """A class, the folder of its run, and what was seen before and after."""

    written: Class
    out: Path
    canaries: Canaries
    before: str
    after: str
    printed: str
    judged: list[Judged]


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return running.handed_out(tmp_path_factory.mktemp("handout"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, handout: Path) -> Iterator[Graded]:
    """The reduced class, graded by somebody whose environment and home are full of tokens."""
    cell.prepare(KEY)
    folder = tmp_path_factory.mktemp("class")
    written = synthetic.write(folder, synthetic.reduced(), SEED)
    canaries = Canaries.new()
    canaries.plant(written.submissions / f"{SLUG}-full-reference", written.submissions)
    environment = running.variables(canaries.environment(folder / "home"))
    before, out = trust.fingerprint(written.submissions), folder / "run"
    done = running.run(running.command(written, out, handout, "--seed", str(SEED), *WORKERS), environment)
    printed = done.stdout + done.stderr
    assert (out / "run.db").is_file(), printed[-3000:]
    (out / "printed.txt").write_text(printed, encoding="utf-8")
    with JobLog(out) as log:
        judged = trust.judge(log, written.members)
    yield Graded(written, out, canaries, before, trust.fingerprint(written.submissions), printed, judged)
    shutil.rmtree(folder, ignore_errors=True)


def _wrong(graded: Graded, *kinds: Kind) -> str:
    return "\n".join(str(each) for each in graded.judged if each.member.kind in kinds and each.wrong)


def test_honest_grades_are_exactly_right(graded: Graded) -> None:
    assert _wrong(graded, Kind.FULL, Kind.PARTIAL, Kind.STARTER) == ""


def test_no_cheat_earns_more_than_the_starter(graded: Graded) -> None:
    assert _wrong(graded, Kind.CHEAT) == ""


def test_who_attacks_reaches_nothing_and_is_told_about(graded: Graded) -> None:
    assert _wrong(graded, Kind.HOSTILE) == ""


def test_nobody_was_dropped(graded: Graded) -> None:
    with JobLog(graded.out) as log:
        assert len(log.students()) == len(log.submissions()) == len(graded.written.members)
        assert {each.state for each in log.attempts()} <= {State.GRADED, State.ERROR}


def test_what_is_for_a_person_is_named(graded: Graded) -> None:
    """Whoever has no grade is printed at the end, with the reason."""
    with JobLog(graded.out) as log:
        wanting = {student.id for student in log.students()} - set(current(log))
    assert [student for student in wanting if f"{student}: " not in graded.printed] == []


def test_submissions_and_parcels_are_as_they_were(graded: Graded) -> None:
    with JobLog(graded.out) as log:
        assert (graded.before == graded.after, trust.untouched(graded.out, log)) == (True, [])


def test_nothing_is_left_on_the_machine(graded: Graded) -> None:
    with JobLog(graded.out) as log:
        assert trust.left_over(log.settings().run) == []
    assert running.orphans(graded.out) == []


def test_no_artifact_holds_a_canary(graded: Graded) -> None:
    assert graded.canaries.found(graded.out) == []


def test_kill_9_in_the_middle_changes_nothing(handout: Path, tmp_path: Path) -> None:
    """The coordinator dies when a part is graded; the same command goes on, and ends where an undisturbed run ends."""
    cell.prepare(KEY)
    members = [member for member in synthetic.members() if member.name in BRIEF]
    written = synthetic.write(tmp_path / "class", members, SEED)
    environment = running.variables({})

    def words(out: Path) -> list[str]:
        return running.command(written, out, handout, "--seed", str(SEED), *WORKERS)

    calm = running.run(words(tmp_path / "calm"), environment)
    running.killed(words(tmp_path / "cut"), environment, tmp_path / "cut", lambda log: bool(current(log)))
    with JobLog(tmp_path / "cut") as log:
        unfinished = len(written.members) - 1 - len(current(log))
    resumed = running.run(words(tmp_path / "cut"), environment)
    with JobLog(tmp_path / "calm") as one, JobLog(tmp_path / "cut") as other:
        assert unfinished > 0, "it was killed too late to show anything"
        assert trust.comparable(one) == trust.comparable(other), calm.stdout + resumed.stdout + resumed.stderr
        graded = [each.student for each in other.attempts() if each.state is State.GRADED]
        assert sorted(graded) == sorted(set(graded)), "somebody was graded twice"
        assert [each for each in trust.judge(other, members) if each.wrong] == []
        assert trust.left_over(other.settings().run) == []
    assert running.orphans(tmp_path / "cut") == []
