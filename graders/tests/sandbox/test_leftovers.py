"""Nothing that a command started outlives it, however it tried."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.instruments.sandbox import Finished, HostSandbox

Run = Callable[..., Finished]
Alive = Callable[[], list[int]]
Program = Callable[[str], list[str]]
WaitFor = Callable[[Callable[[], object]], None]

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")


@forks
@pytest.mark.parametrize(
    "escape",
    [
        "pass",
        "os.setpgid(0, 0)",
        "os.setsid()",
        "os.setsid()\n    if os.fork(): os._exit(0)",
        "os.setsid()\n    for each in range(3): os.close(each)",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN)",
    ],
    ids=["child", "own group", "own session", "daemon", "daemon that closed its output", "deaf child"],
)
def test_a_process_left_behind_is_killed(run: Run, alive: Alive, pids: Path, escape: str) -> None:
    """The program ends at once and its child would sleep for a minute."""
    waits = "while not list(PIDS.iterdir()): time.sleep(0.01)"
    done = run(f"if not os.fork():\n    {escape}\n    sign()\n    rest()\n    os._exit(0)\n{waits}")
    assert (done.ok, len(list(pids.iterdir())), alive()) == (True, 1, [])


def test_background_work_of_a_shell_is_killed(
    sandbox: HostSandbox, program: Program, tmp_path: Path, alive: Alive, pids: Path
) -> None:
    line = subprocess.list2cmdline(program("sign()\nrest()"))
    wait = f"while [ -z \"$(ls '{pids}')\" ]; do sleep 0.05; done"
    done = sandbox.run(f"{line} & {wait}", tmp_path)
    assert (done.exit, len(list(pids.iterdir())), alive()) == (0, 1, [])


def test_a_service_ends_with_its_context(
    sandbox: HostSandbox, program: Program, tmp_path: Path, alive: Alive, wait_for: WaitFor
) -> None:
    with sandbox.start(program("sign()\nrest()"), tmp_path):
        wait_for(alive)
    assert alive() == []


def test_a_service_ends_when_the_check_fails(
    sandbox: HostSandbox, program: Program, tmp_path: Path, alive: Alive, wait_for: WaitFor
) -> None:
    def failing() -> None:
        with sandbox.start(program("sign()\nrest()"), tmp_path):
            wait_for(alive)
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert alive() == []


def test_other_processes_are_left_alone(
    sandbox: HostSandbox, program: Program, tmp_path: Path, alive: Alive, wait_for: WaitFor
) -> None:
    """A service of another check goes on while a command comes and goes."""
    with sandbox.start(program("sign()\nrest()"), tmp_path):
        wait_for(alive)
        sandbox.run([sys.executable, "-c", ""], tmp_path)
        assert len(alive()) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
def test_an_interrupted_grader_takes_its_command_along(
    program: Program, tmp_path: Path, alive: Alive, wait_for: WaitFor
) -> None:
    command = program("os.setsid() if os.getpid() != os.getsid(0) else None\nsign()\nrest()")
    # what a shell starts in the background ignores the signal, and so would all that it starts
    grader = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path\nfrom mlops_grader.instruments.sandbox import HostSandbox\n"
        f"HostSandbox(Path({str(tmp_path / 'home')!r})).run({command!r}, Path({str(tmp_path)!r}))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", grader], stderr=subprocess.PIPE)
    wait_for(alive)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert (process.returncode, alive()) == (-signal.SIGINT, [])
