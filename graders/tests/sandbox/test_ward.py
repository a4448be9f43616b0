"""Commands that run as another user: a ward is asked before each, with the limits, and hears of its end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.instruments.environment import SETUP, set_up
from mlops_grader.instruments.sandbox import HostSandbox, Limits
from mlops_grader.submission import Submission

Files = Mapping[str, str]


class Noted:
    """A ward that notes who came and changes nothing."""

    def __init__(self) -> None:
        self.visits: list[tuple[str, bool]] = []
        self.there = 0

    @contextmanager
    def visit(self, command: str | Sequence[str], *more: Any) -> Iterator[Mapping[str, Any]]:
        """Note it."""
        limits: Limits = more[-1]
        self.visits.append((command if isinstance(command, str) else " ".join(command), limits.network))
        self.there += 1
        try:
            yield {"args": command, "shell": isinstance(command, str)}
        finally:
            self.there -= 1


@pytest.fixture
def ward() -> Noted:
    """A ward."""
    return Noted()


def test_a_ward_decides_what_is_started(tmp_path: Path) -> None:
    class Other(Noted):
        @contextmanager
        def visit(self, *_: Any) -> Iterator[Mapping[str, Any]]:
            """Start something else."""
            yield {"args": [sys.executable, "-c", "print('instead')"]}

    done = HostSandbox(tmp_path / "home", ward=Other()).run("exit 3", tmp_path)
    assert (done.exit, done.output.strip(), done.command) == (0, "instead", "exit 3")


def test_a_ward_hears_of_the_end_when_the_command_cannot_start(ward: Noted, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        HostSandbox(tmp_path / "home", ward=ward).run(["/no/such/program"], tmp_path)
    assert (len(ward.visits), ward.there) == (1, 0)


def test_a_command_has_no_network_unless_it_is_given(ward: Noted, tmp_path: Path) -> None:
    sandbox = HostSandbox(tmp_path / "home", ward=ward)
    sandbox.run("exit 0", tmp_path)
    sandbox.run("exit 0", tmp_path, limits=SETUP)
    assert ward.visits == [("exit 0", False), ("exit 0", True)]


def test_what_sets_an_environment_up_is_given_the_network(
    ward: Noted,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    project: Callable[[Files], Path],
    snap: Callable[[Path], Submission],
) -> None:
    submission = snap(project({"product.toml": 'name = "noshow"\n[commands]\nsetup = "exit 0"\n'}))
    set_up(HostSandbox(tmp_path / "home", ward=ward), submission, tmp_path / "environment")
    assert {network for _, network in ward.visits} == {True}
    assert ward.visits[-1] == ("exit 0", True)
