"""The job log keeps every attempt, exactly once, through whatever happens to the process or the file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlops_grader.cohort.joblog import JobLog, current
from mlops_grader.cohort.records import Change, Override, Returned, Settings, State, Student, Submission, Why
from mlops_grader.submission import UsageError

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
SETTINGS = Settings("r1", "m01_environment", 2**70, "roster.csv", "in", NOON, deadline=NOON, late="percent:10")
BEA, AL = Student("bea", "Bea", "Bea Ö.", row=1, extra={"SIS User ID": "7"}), Student("al", "al", "Al", row=2)
WORK = Submission(
    "bea", "in/bea", "c1", "t1", NOON, "g1", timedelta(seconds=1.5), (Change("a", "edited"),), ("n",), parcel="p"
)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[JobLog]:
    """The log of a run with two students, one of whom handed in."""
    with JobLog(tmp_path / "run", make=True) as opened:
        opened.begin(SETTINGS, [BEA, AL])
        opened.take_in([WORK, Submission("al", "", problem="nothing")], ["in/zoe"])
        yield opened


@pytest.fixture
def queued(log: JobLog) -> JobLog:
    """The same with an attempt that waits."""
    log.queue([(WORK, "k1", Why.FIRST)], SETTINGS.module)
    return log


def said(act: Callable[[], object]) -> str:
    """What a person is told."""
    with pytest.raises(UsageError) as error:
        act()
    return str(error.value)


def test_what_was_written_is_read_back(log: JobLog) -> None:
    """Every record comes back equal, with its numbers, instants and tuples."""
    with JobLog(log.folder) as other:
        assert other.settings() == SETTINGS
        assert other.students() == (BEA, AL)
        assert other.submissions() == {"bea": WORK, "al": Submission("al", "", problem="nothing")}
        assert other.strays() == ("in/zoe",)


def test_a_new_intake_replaces_submissions_and_strays(log: JobLog) -> None:
    """The newest of a student stands."""
    log.take_in([replace(WORK, commit="c2")])
    assert log.submissions()["bea"].commit == "c2"
    assert log.strays() == ()


def test_file_names_that_are_no_unicode_can_be_written_down(log: JobLog) -> None:
    """A folder of submissions may hold any bytes as names."""
    log.take_in([replace(WORK, place="in/b\udce9a")], ["in/z\udce9"])
    assert log.submissions()["bea"].place == "in/b\udce9a"
    assert log.strays() == ("in/z\ufffd",)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"module": "m02_data"}, "--module m01_environment, and now it is m02_data"),
        ({"seed": 3}, "--seed"),
        ({"deadline": None}, "--deadline"),
        ({"late": "none"}, "--late percent:10, and now it is none"),
    ],
)
def test_another_start_with_other_settings_is_refused(log: JobLog, changed: dict[str, object], words: str) -> None:
    """The difference is named; what is equal may be stated again."""
    assert log.begin(replace(SETTINGS, run="r2", started_at=NOON + timedelta(1)), [BEA, AL]) == SETTINGS
    assert words in said(lambda: log.begin(replace(SETTINGS, **changed), [BEA, AL]))  # type: ignore[arg-type]  # by design
    assert log.settings() == SETTINGS


def test_a_roster_may_grow_and_not_shrink(log: JobLog) -> None:
    """Who joins late is taken in; who is missing is asked for, and nothing is changed."""
    assert "lacks bea" in said(lambda: log.begin(SETTINGS, [AL, Student("cy", "cy", "Cy")]))
    assert log.students() == (BEA, AL)
    log.begin(SETTINGS, [Student("cy", "cy", "Cy"), BEA, AL])
    assert [each.id for each in log.students()] == ["cy", "bea", "al"]


def test_an_attempt_is_graded_exactly_when_its_document_is_there(queued: JobLog) -> None:
    """From the queue to the end; the document comes with the state."""
    queued.start(1, "w1")
    running = queued.attempt(1)
    assert (running.state, running.tries, running.worker, running.document) == (State.RUNNING, 1, "w1", None)
    queued.end(1, Returned({"score": 1}, phases={"grade": 2.5}, log="l"))
    ended = queued.attempts("bea")[0]
    assert (ended.state, ended.document, ended.phases, ended.log) == (State.GRADED, {"score": 1}, {"grade": 2.5}, "l")
    assert ended.queued_at is not None
    assert ended.started_at is not None
    assert ended.ended_at is not None
    assert current(queued) == {"bea": ended}
    assert queued.outline()[0].document is None


def test_an_answer_without_a_document_is_an_error(queued: JobLog) -> None:
    """Also when it says nothing."""
    queued.start(1, "w1")
    queued.end(1, Returned(None))
    assert (queued.attempt(1).state, queued.attempt(1).error) == (State.ERROR, "the grader said nothing")
    assert current(queued) == {}


def test_the_last_graded_attempt_counts_also_when_an_error_came_later(queued: JobLog) -> None:
    """A machine's fault takes nobody's grade."""
    for why, returned in (
        (Why.FIRST, Returned({"n": 1})),
        (Why.REGRADE, Returned({"n": 2})),
        (Why.REGRADE, Returned(None)),
    ):
        queued.queue([(WORK, "k1", why)], SETTINGS.module)
        number = queued.outline()[-1].number
        queued.start(number, "w")
        queued.end(number, returned)
    assert current(queued)["bea"].document == {"n": 2}


def test_a_student_waits_only_once(queued: JobLog) -> None:
    """Asked twice, graded once; after the end there can be another attempt."""
    queued.queue([(WORK, "k2", Why.REGRADE)], SETTINGS.module)
    assert [each.key for each in queued.outline()] == ["k1"]


def test_nothing_counts_twice(queued: JobLog) -> None:
    """An attempt that is not in the state it should be in is a broken promise and not silently accepted."""
    with pytest.raises(LookupError):
        queued.end(1, Returned({"score": 1}))
    queued.start(1, "w1")
    with pytest.raises(LookupError):
        queued.start(1, "w2")
    queued.end(1, Returned({"score": 1}))
    with pytest.raises(LookupError):
        queued.end(1, Returned({"score": 2}))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE attempt SET document = '{}'",
        "DELETE FROM attempt",
        "UPDATE override SET score = 9",
        "DELETE FROM override",
    ],
)
def test_what_ended_and_what_people_decided_cannot_be_changed(queued: JobLog, change: str) -> None:
    """The file itself refuses, whoever asks."""
    queued.start(1, "w1")
    queued.end(1, Returned({"score": 1}))
    queued.add_override(Override("bea", SETTINGS.module, 90, "ill", "Prof", NOON))
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        queued._data.execute(change)


def test_what_ran_in_a_process_that_died_waits_again(queued: JobLog) -> None:
    """The next start counts one more try of the same attempt."""
    queued.start(1, "w1")
    with JobLog(queued.folder) as next_start, next_start.held():
        assert next_start.recover() == 1
        next_start.start(1, "w2")
        assert (next_start.attempt(1).tries, len(next_start.attempts())) == (2, 1)


def test_what_waits_can_be_brought_up_to_date_and_what_runs_cannot(queued: JobLog) -> None:
    """A new commit before the grade began."""
    queued.renew({1: ("k2", "c2")})
    assert (queued.attempt(1).key, queued.attempt(1).commit) == ("k2", "c2")
    queued.start(1, "w1")
    queued.renew({1: ("k3", "c3")})
    assert queued.attempt(1).key == "k2"


def test_decisions_are_kept_in_their_order(log: JobLog) -> None:
    """A later one stands beside an earlier one."""
    decided = tuple(Override("bea", SETTINGS.module, score, "why", "Prof", NOON) for score in (90, None))
    for each in decided:
        log.add_override(each)
    assert log.overrides() == decided
    assert "no student `zoe`" in said(lambda: log.add_override(replace(decided[0], student="zoe")))


HOLD = """
import os, pathlib, signal, sys
from mlops_grader.cohort.joblog import JobLog
with JobLog(pathlib.Path(sys.argv[1])) as log:
    print(log.settings().run, flush=True)
    with log.held():
        os.kill(os.getpid(), signal.SIGKILL)
"""


def hold(folder: Path) -> subprocess.CompletedProcess[str]:
    """Another process that wants to grade the run, and is killed when it may."""
    return subprocess.run([sys.executable, "-c", HOLD, str(folder)], capture_output=True, text=True, check=False)


def test_a_second_process_is_refused_by_name(log: JobLog) -> None:
    """It is told which process grades, and a reader is let in."""
    with log.held():
        done = hold(log.folder)
    assert (done.stdout, done.returncode) == ("r1\n", 1)
    assert f"process {os.getpid()} on " in done.stderr
    assert f"grades `{log.folder}` already: wait for it" in done.stderr


def test_the_lock_of_a_process_that_was_killed_is_free(log: JobLog) -> None:
    """However it ended."""
    assert hold(log.folder).returncode == -9
    with log.held():
        pass


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    """With the option that makes one; none is made by looking."""
    assert f"no run in `{tmp_path}`" in said(lambda: JobLog(tmp_path))
    assert not list(tmp_path.iterdir())


def test_other_files_are_told_from_runs(tmp_path: Path) -> None:
    """No SQLite file, one of another program, one of a later grader: each in words, none touched."""
    file = tmp_path / "run.db"
    file.write_bytes(b"not a database, but long enough to have been one" * 50)
    assert "damaged, or no run" in said(lambda: JobLog(file))
    file.unlink()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    assert "another program" in said(lambda: JobLog(file, make=True))
    file.unlink()
    JobLog(file, make=True).close()
    with sqlite3.connect(file) as later:
        later.execute("PRAGMA user_version = 2")
    later.close()
    assert "version 2" in said(lambda: JobLog(file))


def test_a_damaged_run_is_found_before_anything_is_graded(queued: JobLog) -> None:
    """Bytes were overwritten somewhere in the middle: said with the way out, never guessed at."""
    queued.start(1, "w")
    queued.end(1, Returned({"long": "x" * 50_000}))
    queued.close()
    content = bytearray(queued.file.read_bytes())
    content[8192 : 8192 + 3000] = b"\xff" * 3000
    queued.file.write_bytes(content)

    def start() -> None:
        with JobLog(queued.folder) as log, log.held():
            log.attempts()

    words = said(start)
    assert "is damaged" in words
    assert "results" in words


def test_a_change_is_whole_or_not_at_all(log: JobLog) -> None:
    """A student of nobody's roster in the middle of an intake leaves the intake before."""
    with pytest.raises(sqlite3.IntegrityError):
        log.take_in([replace(WORK, commit="c9"), Submission("zoe", "in/zoe")], ["new"])
    assert log.submissions()["bea"].commit == "c1"
    assert log.strays() == ("in/zoe",)


def test_the_file_is_as_safe_as_it_can_be(log: JobLog) -> None:
    """What is told to be written is on the disk, and readers do not wait for writers."""
    found = [
        log._data.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert found == ["wal", 2, 1]
