"""Ctrl-C and a request to terminate, at any moment, leave no process and no folder behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

Grader = Callable[..., subprocess.Popen[str]]
WaitFor = Callable[[Callable[[], object]], None]

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals"),
    pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminate"]),
]

SERVICE = """
SIGN_IN = "pathlib.Path(sys.argv[1], str(os.getpid())).touch()"
SLEEPER = [sys.executable, "-c", f"import os, pathlib, sys, time; {SIGN_IN}; time.sleep(90)"]
PIDS = HERE / "pids"

def signed_in(count):
    while len(list(PIDS.iterdir())) < count:
        time.sleep(0.01)

@pytest.fixture(scope="session")
def service(sandbox):
    with sandbox.start([*SLEEPER, str(PIDS)], HERE) as running:
        signed_in(1)
        yield running
    note("ended")

@check(points=5)
def test_first():
    "First."
"""

MOMENTS = {
    "in a check": """
@check(points=5)
def test_second(service):
    "Second."
    note("reached")
    time.sleep(90)
""",
    "in a command of the submission": """
@check(points=5)
def test_second(service, sandbox):
    "Second."
    told = f"open({str(HERE / 'notes')!r}, 'w').write('reached')"
    sandbox.run([sys.executable, "-c", f"{told}; import time; time.sleep(90)"], HERE)
""",
    "while an instrument is made": """
@pytest.fixture(scope="session")
def tool(service, sandbox):
    with sandbox.start([*SLEEPER, str(PIDS)], HERE) as running:
        signed_in(2)
        note("reached")
        time.sleep(90)
        yield running

@check(points=5)
def test_second(tool):
    "Second."
""",
    "while an instrument is removed": """
@pytest.fixture(scope="session")
def tool(service):
    yield 1
    note("reached")
    time.sleep(90)

@check(points=5)
def test_second(tool):
    "Second."
""",
}


@pytest.fixture
def pids(tmp_path: Path) -> Path:
    """The folder in which processes sign in."""
    (tmp_path / "pids").mkdir()
    return tmp_path / "pids"


def lives(path: Path) -> bool:
    """Whether the process that signed in is still there."""
    try:
        return psutil.Process(int(path.name)).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("moment", MOMENTS)
def test_nothing_is_left(
    grader: Grader,
    notes: Callable[[], str],
    wait_for: WaitFor,
    pids: Path,
    temporary: Path,
    number: signal.Signals,
    moment: str,
) -> None:
    process = grader(SERVICE + MOMENTS[moment])
    wait_for(lambda: "reached" in notes() or process.poll() is not None)
    assert any(map(lives, pids.iterdir()))
    process.send_signal(number)
    process.communicate(timeout=60)
    assert (process.returncode, list(filter(lives, pids.iterdir())), list(temporary.iterdir())) == (130, [], [])


def test_what_was_graded_so_far_is_told(
    grader: Grader, notes: Callable[[], str], wait_for: WaitFor, pids: Path, number: signal.Signals
) -> None:
    process = grader(SERVICE + MOMENTS["in a check"])
    wait_for(lambda: "reached" in notes() or process.poll() is not None)
    process.send_signal(number)
    document = json.loads(process.communicate(timeout=60)[0])
    assert [(check["verdict"], check["points"], check["found"]) for check in document["checks"]] == [
        ("passed", 5, ""), ("not_run", 0, "the grade was stopped before this check had ended"),
    ]  # fmt: skip


def test_pressing_again_does_not_disturb_the_cleaning(
    grader: Grader, notes: Callable[[], str], wait_for: WaitFor, pids: Path, temporary: Path, number: signal.Signals
) -> None:
    slow = """
@pytest.fixture(scope="session")
def tool(service):
    yield 1
    note("cleaning")
    for _ in range(50):
        time.sleep(0.02)
    note("cleaned")

@check(points=5)
def test_second(tool):
    "Second."
    note("reached")
    time.sleep(90)
"""
    process = grader(SERVICE + slow)
    for word in ("reached", "cleaning"):
        wait_for(lambda word=word: word in notes() or process.poll() is not None)  # type: ignore[misc]  # a default binds the word
        process.send_signal(number)
    process.communicate(timeout=60)
    assert (process.returncode, notes(), list(temporary.iterdir())) == (130, "reached cleaning cleaned ended", [])


def test_nothing_is_left_of_a_clone_that_was_never_finished(
    grader: Grader, tmp_path: Path, wait_for: WaitFor, temporary: Path, number: signal.Signals
) -> None:
    git = shutil.which("git")
    folder, reached = tmp_path / "bin", tmp_path / "cloning"
    folder.mkdir()
    slow = f'#!/bin/sh\ncase " $* " in *" clone "*) touch "{reached}"; exec sleep 90;; esac\nexec "{git}" "$@"\n'
    (folder / "git").write_text(slow, "utf-8")
    (folder / "git").chmod(0o755)
    process = grader(SERVICE, PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    wait_for(lambda: reached.exists() or process.poll() is not None)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert (process.returncode, list(temporary.iterdir())) == (131, [])
