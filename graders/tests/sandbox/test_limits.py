"""A command that goes beyond a limit is ended with all its children, and the result says which limit."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.instruments.sandbox import Finished, HostSandbox, Limits

Run = Callable[..., Finished]
Alive = Callable[[], list[int]]


def test_an_endless_command_is_ended(run: Run, alive: Alive) -> None:
    done = run("sign()\nrest()", Limits(seconds=1))
    assert (done.ok, done.stopped, alive()) == (False, "still running after 1 s, ended", [])


def test_a_busy_loop_is_ended(run: Run, alive: Alive) -> None:
    done = run("sign()\nwhile True: pass", Limits(seconds=0.5))
    assert (done.stopped, alive()) == ("still running after 0.5 s, ended", [])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_command_that_ignores_signals_is_ended(run: Run, alive: Alive) -> None:
    deaf = "for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(each, signal.SIG_IGN)"
    done = run(f"{deaf}\nsign()\nrest()", Limits(seconds=1))
    assert (done.stopped, alive()) == ("still running after 1 s, ended", [])


def test_what_it_printed_before_the_limit_is_kept(run: Run) -> None:
    done = run("print('epoch 1', flush=True)\nrest()", Limits(seconds=1))
    assert str(done).splitlines()[1:] == ["epoch 1"]


def test_a_command_with_too_many_children_is_ended_with_them(run: Run, alive: Alive, pids: Path) -> None:
    code = "sign()\nfor _ in range(12): subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\nrest()"
    done = run(code, Limits(processes=8, seconds=60))
    assert (done.stopped, alive()) == ("more than 8 processes at once, ended", [])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
def test_a_fork_bomb_is_ended_with_all_its_children(run: Run, alive: Alive, pids: Path) -> None:
    """Each process doubles itself, seven times: at most 128 of them, which sleep."""
    code = "for _ in range(7): os.fork()\nsign()\nrest()"
    done = run(code, Limits(processes=40, seconds=60))
    assert (done.stopped, alive()) == ("more than 40 processes at once, ended", [])


def test_many_children_within_the_limit_are_fine(run: Run) -> None:
    code = "for each in [subprocess.Popen([sys.executable, '-c', '']) for _ in range(5)]: each.wait()"
    assert run(code, Limits(processes=30)).ok


def test_a_command_that_eats_memory_is_ended(run: Run, alive: Alive) -> None:
    done = run("sign()\nheld = b'x' * (300 * 2**20)\nrest()", Limits(memory=150 * 2**20, seconds=60))
    assert (done.stopped, alive()) == ("used more than 0.146484 GiB of memory, ended", [])


def test_the_memory_of_children_counts(run: Run, alive: Alive) -> None:
    child = "held = b'x' * (90 * 2**20); import time; time.sleep(60)"
    code = f"sign()\nfor _ in range(3): subprocess.Popen([sys.executable, '-c', {child!r}])\nrest()"
    done = run(code, Limits(memory=200 * 2**20, seconds=60))
    assert (done.stopped, alive()) == ("used more than 0.195312 GiB of memory, ended", [])


def test_a_command_within_its_limits_is_left_alone(run: Run) -> None:
    done = run("print('done')", Limits(seconds=60))
    assert (done.ok, done.stopped, done.output.strip()) == (True, None, "done")


def test_a_limit_also_ends_what_runs_in_the_background(
    sandbox: HostSandbox,
    program: Callable[[str], list[str]],
    tmp_path: Path,
    wait_for: Callable[[Callable[[], object]], None],
) -> None:
    with sandbox.start(program("rest()"), tmp_path, limits=Limits(seconds=0.5)) as running:
        wait_for(running.poll)
        done = running.poll()
    assert done is not None
    assert done.stopped == "still running after 0.5 s, ended"
