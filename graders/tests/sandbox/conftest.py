"""Programs that try to stay, and a look at whether they did."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from mlops_grader.instruments.sandbox import Finished, HostSandbox, Limits

Alive = Callable[[], list[int]]


@pytest.fixture
def pids(tmp_path: Path) -> Path:
    """The folder in which programs of a test leave their process ids as file names."""
    folder = tmp_path / "pids"
    folder.mkdir()
    return folder


@pytest.fixture
def alive(pids: Path) -> Alive:
    """The processes that signed in and still live."""

    def still_there() -> list[int]:
        return [
            int(path.name) for path in pids.iterdir() if psutil.pid_exists(int(path.name)) and _lives(int(path.name))
        ]

    return still_there


@pytest.fixture
def program(tmp_path: Path, pids: Path) -> Callable[[str], list[str]]:
    """The command for a Python program that can `sign()` in and `rest()`; it ends by itself after a minute."""

    def write(code: str) -> list[str]:
        opening = f"import os, pathlib, signal, subprocess, sys, time\nPIDS = pathlib.Path({str(pids)!r})\n"
        opening += "def sign(): (PIDS / str(os.getpid())).touch()\ndef rest(): time.sleep(60)\n"
        path = tmp_path / "program.py"
        path.write_text(opening + code, "utf-8")
        return [sys.executable, str(path)]

    return write


@pytest.fixture
def run(sandbox: HostSandbox, tmp_path: Path, program: Callable[[str], list[str]]) -> Callable[..., Finished]:
    """Run such a program in the sandbox."""

    def run_program(code: str, limits: Limits | None = None) -> Finished:
        return sandbox.run(program(code), tmp_path, limits=limits)

    return run_program


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
