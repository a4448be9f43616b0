"""`cohort grade` from the command line to the exit code: what it grades, what it leaves out, and how it goes on."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import Client
from rich.console import Console

import fake_class
from fake_class import DOORS, GRADERS, Class
from mlops_grader.cohort import copies, disposable
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import State, Why
from mlops_grader.submission import UsageError

PROGRAM = Path(fake_class.__file__)
SLOW_CLASS: Mapping[str, Mapping[str, Any]] = {
    f"s{n:02}": {"seconds": 0.3, "points": 40 if n % 3 else 100} for n in range(8)
}


def shown(its: Class, *more: str, **others: Any) -> tuple[int, str]:
    """The exit code of a start, and what it prints."""
    console = Console(width=200, record=True, file=io.StringIO())
    code = its.grade(*more, console=console, **others)
    return code, console.export_text()


def standing(its: Class) -> dict[str, tuple[str, object, str]]:
    """Where each student stands: state, score and commit of the last attempt; nothing that depends on the time."""
    with JobLog(its.run) as log:
        found = {each.student: each for each in log.attempts()}
    return {
        student: (each.state.value, (each.document or {}).get("score"), each.commit) for student, each in found.items()
    }


def test_a_class_is_graded_and_every_document_is_a_file(its: Class) -> None:
    """Exit 0; the second start has nothing to do."""
    its.hand_in(al={}, bo={"points": 40})
    code, words = shown(its)
    assert code == 0
    assert "2 of 2 graded, 0 handed in nothing, 0 ended in an error, 0 with a problem." in words
    assert sorted(path.name for path in its.run.glob("results/*/*.json")) == [
        "m01_environment-1.json",
        "m01_environment-2.json",
    ]
    assert "Nothing waits" in shown(its)[1]
    assert its.begun() == ["al", "bo"]


def test_copies_of_documents_are_made_anew(its: Class) -> None:
    """They are derived: what was deleted comes back as it was."""
    its.hand_in(al={})
    its.grade()
    file = its.run / "results" / "al" / "m01_environment-1.json"
    before = file.read_text(encoding="utf-8")
    file.unlink()
    its.grade()
    assert file.read_text(encoding="utf-8") == before
    with JobLog(its.run) as log:
        assert copies.complete(log) == 0


def test_something_for_a_person_is_exit_1(its: Class) -> None:
    """An error is, named with the student's id; that somebody handed in nothing is only counted."""
    its.hand_in(al={}, bad={"does": "error"}, gone={})
    (its.folder / "in" / "gone").unlink()
    code, words = shown(its)
    assert code == 1
    assert "1 of 3 graded, 1 handed in nothing, 1 ended in an error, 0 with a problem." in words
    assert words.count("a person must look at this") == 2, "when it happens, and at the end"
    assert f"cohort grade --out {its.run} --rerun-failed" in words
    assert its.grade("--student", "al") == 1, "the error still waits for somebody"


def test_submissions_of_nobody_are_named(its: Class) -> None:
    """A login with a slip of the pen leaves two traces: a student without a submission, and a submission without a student."""
    its.hand_in(al={})
    console = Console(width=200, record=True, file=io.StringIO())
    doors = dataclasses.replace(
        DOORS, collect=lambda *given: dataclasses.replace(fake_class.collect(*given), strays=("al1",))
    )
    assert its.grade(console=console, doors=doors) == 0
    assert "Of nobody in the roster: al1" in console.export_text()


def test_a_run_is_never_committed_with_a_project(its: Class) -> None:
    """It may lie in a clone of the kit, where `git add .` would take grades and names."""
    its.hand_in(al={})
    its.grade()
    subprocess.run(["git", "init", "--quiet", str(its.run.parent)], check=True)
    status = ["git", "-C", str(its.run.parent), "status", "--porcelain", "--untracked-files=all", str(its.run)]
    assert subprocess.run(status, check=True, capture_output=True, text=True).stdout == ""


def test_a_worker_may_be_declared_disposable_later(its: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then a module that uses the engine is told to be graded in vain; then `--only-changed` grades it anew."""
    its.hand_in(al={})
    monkeypatch.setattr(disposable, "is_needed", lambda _module: True)
    assert "Without --disposable no check of m01_environment is run" in shown(its)[1]
    code, words = shown(its, "--only-changed", "--disposable")
    assert (code, its.begun(), "Without --disposable" in words) == (0, ["al", "al"], False)


def test_only_changed_grades_what_changed(its: Class) -> None:
    """Other files, or another image; what is the same is left alone, and earlier attempts stay."""
    its.hand_in(al={}, bo={"points": 40}, cy={})
    its.grade()
    its.hand_in(bo={"points": 100})
    its.grade()
    assert its.begun() == ["al", "bo", "cy"], "without the option, who is graded is graded"
    its.grade("--only-changed")
    assert its.begun() == ["al", "bo", "bo", "cy"]
    with JobLog(its.run) as log:
        assert [(each.why, (each.document or {})["score"]) for each in log.attempts("bo")] == [
            (Why.FIRST, 40),
            (Why.CHANGED, 100),
        ]
    its.grade(
        "--only-changed",
        doors=dataclasses.replace(DOORS, graders=dataclasses.replace(GRADERS, image=fake_class.image_2)),
    )
    assert its.begun() == ["al", "al", "bo", "bo", "bo", "cy", "cy"]


def test_rerun_failed_grades_errors_and_nothing_else(its: Class) -> None:
    """After the cause was mended."""
    its.hand_in(al={}, bad={"first": "error"})
    assert its.grade() == 1
    assert its.grade() == 1, "an error waits for a person"
    assert its.begun() == ["al", "bad"]
    assert its.grade("--rerun-failed") == 0
    assert its.begun() == ["al", "bad", "bad"]


def test_a_regrade_shows_what_came_out_otherwise(its: Class) -> None:
    """By student and check, old and new; every attempt is kept."""
    its.hand_in(al={}, bo={"points": 40})
    its.grade()
    its.hand_in(bo={"points": 100})
    code, words = shown(its, "--regrade")
    assert code == 0
    assert "bo: +60 points; what changed: " in words
    assert "Two: failed 0/60 -> passed 60/60" in words
    assert fake_class.NOTE in words, "what the roster left out is said"
    assert "Regraded: 1 came out otherwise, 1 as before." in words
    with JobLog(its.run) as log:
        assert len(log.attempts()) == 4


def test_one_student_alone(its: Class) -> None:
    """By id or login; an unknown one is told whom it resembles, and nothing is graded."""
    its.hand_in(alice={}, bob={})
    with pytest.raises(UsageError, match="there is no `alise` in the roster: did you mean alice"):
        its.grade("--student", "alise")
    its.grade("--student", "Alice")
    assert its.begun() == ["alice"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--module", "m99_x"], "no module `m99_x`"),
        (
            ["--deadline", "2026-10-02T00:00:00+00:00", "--until", "2026-10-01T00:00:00+00:00"],
            "--until is before --deadline",
        ),
    ],
)
def test_what_cannot_start_leaves_no_folder(its: Class, more: list[str], words: str) -> None:
    """It is said before anything is made."""
    its.hand_in(al={})
    with pytest.raises(UsageError, match=words):
        its.grade(*more)
    assert not its.run.exists()


@pytest.mark.parametrize("option", [["--deadline", "2026-10-01T00:00:00"], ["--memory", "much"], ["--workers", "0"]])
def test_options_that_say_nothing_are_refused(
    its: Class, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A deadline has a zone, a size a unit, and there is a worker."""
    with pytest.raises(SystemExit):
        its.grade(*option)
    assert f"argument {option[0]}" in capsys.readouterr().err


@pytest.mark.parametrize("told", ["2026-10-01", "2026-10-01T23:59"])
def test_what_is_proposed_for_a_deadline_is_one(its: Class, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A day alone is its first second, so the proposal has the time of day in it."""
    its.hand_in(al={})
    with pytest.raises(SystemExit):
        its.grade("--deadline", told)
    proposed = capsys.readouterr().err.rpartition("such as ")[2].strip()
    assert its.grade("--deadline", proposed) == 0
    with JobLog(its.run) as log:
        assert log.settings().deadline == datetime.fromisoformat(told).replace(tzinfo=UTC)


def test_a_run_goes_on_with_what_it_was_started_with(its: Class) -> None:
    """Only --out is needed then; another module is refused, naming it."""
    its.hand_in(al={})
    its.grade("--late", "flag")
    with JobLog(its.run) as log:
        seed = log.settings().seed
    with pytest.raises(UsageError, match="started with --late flag, and now it is none"):
        its.grade("--late", "none")
    its.grade("--seed", str(seed))
    with pytest.raises(UsageError, match="--seed"):
        its.grade("--seed", str(seed + 1))


def test_a_second_process_is_refused_while_one_grades(its: Class) -> None:
    """And it changes nothing."""
    its.hand_in(al={})
    its.grade()
    with JobLog(its.run) as log, log.held(), pytest.raises(UsageError, match="already: wait for it"):
        its.grade("--regrade")
    assert its.begun() == ["al"]


def test_workers_with_another_grader_are_refused(its: Class, workers: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is named, with what it has and what to do."""
    its.hand_in(al={})
    security = workers.security
    monkeypatch.setattr(
        "mlops_grader.cohort.cluster.Client", lambda *given, **named: Client(*given, **named, security=security)
    )
    one, *_ = workers.nthreads()
    workers.run(fake_class.become, "9.9.9+other", workers=[one])
    try:
        with pytest.raises(UsageError, match="1 of 2 workers do not have this grader") as error:
            its.grade("--scheduler", workers.scheduler_info()["address"])
    finally:
        workers.run(fake_class.become, None)
    assert f"{one}: grader 9.9.9+other" in str(error.value)
    assert its.begun() == []


def test_a_scheduler_of_others_grades_too(its: Class, workers: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same class at workers that this run did not start, and does not end."""
    its.hand_in(al={}, bo={})
    security = workers.security
    monkeypatch.setattr(
        "mlops_grader.cohort.cluster.Client", lambda *given, **named: Client(*given, **named, security=security)
    )
    assert its.grade("--scheduler", workers.scheduler_info()["address"]) == 0
    assert len(workers.nthreads()) == 2


def test_a_scheduler_that_is_not_there_is_named(its: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to look at; what was taken in waits."""
    monkeypatch.setattr("mlops_grader.cohort.cluster.REACH", "1s")
    its.hand_in(al={})
    with pytest.raises(UsageError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1"):
        its.grade("--scheduler", "tcp://127.0.0.1:1")
    assert standing(its)["al"][0] == State.QUEUED


# processes that can be killed


def start(its: Class, *more: str) -> subprocess.Popen[str]:
    """`cohort grade` in a process group of its own."""
    command = [sys.executable, str(PROGRAM), str(its.folder), "--workers", "2", *more]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_is_not(tmp_path: Path) -> None:
    """At the start, in the first grades, in the middle: nobody lost, nobody recorded twice, the same gradebook."""
    calm, hurt = Class(tmp_path / "calm"), Class(tmp_path / "hurt")
    for each in (calm, hurt):
        each.hand_in(**SLOW_CLASS)
        for path in (each.folder / "in").iterdir():  # the same files in both: what a grade leaves goes elsewhere
            told = json.loads(path.read_text(encoding="utf-8")) | {"witnesses": str(tmp_path / "witnesses")}
            path.write_text(json.dumps(told), encoding="utf-8")
    (tmp_path / "witnesses").mkdir()
    quiet = start(calm)
    words, _ = quiet.communicate(timeout=120)
    assert quiet.returncode == 0, words
    begun = lambda: len(list((tmp_path / "witnesses").iterdir()))  # noqa: E731  # it is asked for three times below
    kills = 0
    for moment in (0.3, 1, 3, 5):
        process, before = start(hurt), begun()
        end = time.monotonic() + 60
        while process.poll() is None and begun() < before + moment and time.monotonic() < end:
            time.sleep(0.01)
        process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
    assert kills >= 3
    last = start(hurt)
    words, _ = last.communicate(timeout=120)
    assert last.returncode == 0, words
    assert standing(hurt) == standing(calm)
    with JobLog(hurt.run) as log:
        assert [each.state for each in log.attempts()] == [State.GRADED] * len(SLOW_CLASS)
    assert not list(hurt.run.glob("work/*"))


def group(process: psutil.Process) -> int:
    """The process group of a process; 0 when it has ended."""
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return 0


@pytest.mark.slow
def test_ctrl_c_ends_the_run_in_good_order(tmp_path: Path, wait_for: Callable[..., None]) -> None:
    """Exit 130, no process left, and words how to go on."""
    its = Class(tmp_path)
    its.hand_in(**{name: {"seconds": 20} for name in ("al", "bo", "cy")})
    process = start(its)
    wait_for(lambda: len(its.begun()) == 2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    words, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "3 wait. To go on: cohort grade --out" in words
    wait_for(lambda: not group_lives(process.pid))
    assert not (its.run / "work").exists()


def group_lives(group: int) -> bool:
    """Whether a process of a group runs; what is only not yet fetched by its parent has ended."""
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getpgid(each.pid) == group and each.status() != psutil.STATUS_ZOMBIE:
                return True
    return False
