"""`production/machine.py` as a student starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlops_grader.instruments.client import free_port
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.production import HERE

Run = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture
def run(engine: Engine, tmp_path: Path) -> Iterator[Run]:
    """Run one of its commands, with a name and ports of the test's own."""
    own = [f"--name=test-{os.getpid()}", f"--folder={tmp_path / 'state'}"]
    ports = [f"--port={free_port()}", f"--registry-port={free_port()}"]

    def command(name: str, *more: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, str(HERE / "machine.py"), name, *own, *(ports if name == "up" else ()), *more]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    yield command
    command("down")


def test_up_says_the_variables(run: Run, tmp_path: Path) -> None:
    """A shell can read what it prints, `env` prints the same once more, and the settings are for their owner alone."""
    told = run("up")
    shell = subprocess.run(
        ["sh", "-c", f"{told.stdout}\necho $PRODUCTION_DIR"], capture_output=True, text=True, check=True
    )
    assert (told.returncode, shell.stdout.strip()) == (0, str(tmp_path / "state"))
    assert run("env").stdout == told.stdout
    assert (tmp_path / "state/service.env").stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "state/variables.json").read_text())["REGISTRY"].startswith("localhost:")


def test_up_twice_changes_nothing(run: Run, tmp_path: Path) -> None:
    """The second is refused with the way out, and the first goes on with its settings."""
    run("up")
    settings = (tmp_path / "state/service.env").read_text()
    again = run("up")
    assert (again.returncode, "is up already" in again.stderr) == (1, True)
    assert (tmp_path / "state/service.env").read_text() == settings


def test_a_port_that_is_taken_leaves_nothing(run: Run, engine: Engine, tmp_path: Path) -> None:
    """The engine's words are shown, and what was begun is taken back."""
    run("up")
    taken = run("env").stdout.split("127.0.0.1:")[1].split("'")[0]
    other = f"--name=other-{os.getpid()}"
    told = run("up", other, f"--folder={tmp_path / 'other'}", f"--port={taken}")
    assert (told.returncode, "port is already allocated" in told.stderr) == (1, True), told.stderr
    assert engine.api.networks.list(names=[f"other-{os.getpid()}"]) == []
    assert not (tmp_path / "other").exists()


def test_down_twice_is_quiet(run: Run, tmp_path: Path) -> None:
    """What is gone need not go again."""
    run("up")
    assert [run("down").returncode, run("down").returncode] == [0, 0]
    assert (run("env").returncode, (tmp_path / "state").exists()) == (1, False)
