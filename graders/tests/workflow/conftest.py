"""Runs workflows, given as text, in small repositories; without a container engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from mlops_grader.instruments.workflow.conclusions import StepRun, WorkflowRun
from mlops_grader.instruments.workflow.events import Source
from mlops_grader.instruments.workflow.machine import Machine, commit_of
from mlops_grader.instruments.workflow.model import load
from mlops_grader.instruments.workflow.run import Runner
from mlops_grader.instruments.workflow.triggers import Event

FILE = ".github/workflows/ci.yml"
PUSH = Event("push", branch="main")


@pytest.fixture
def runner(tmp_path: Path, project: Callable[..., Path]) -> Callable[..., Runner]:
    """A runner for a repository with a workflow and further files."""

    def make(text: str, files: Mapping[str, str] | None = None, **facts: Any) -> Runner:
        folder = project({FILE: dedent(text), **{name: dedent(body) for name, body in (files or {}).items()}}, "noshow")
        return Runner(Machine(tmp_path / "machine", "noshow"), Source(folder, commit_of(folder)), **facts)

    return make


@pytest.fixture
def play(runner: Callable[..., Runner]) -> Callable[..., WorkflowRun]:
    """Run a workflow in a repository with further files, on a push unless another event is given."""

    def run(text: str, files: Mapping[str, str] | None = None, event: Event = PUSH, **facts: Any) -> WorkflowRun:
        made = runner(text, files, **facts)
        return made.run(load(made.source.repository, FILE), event)

    return run


@pytest.fixture
def play_steps(play: Callable[..., WorkflowRun]) -> Callable[..., list[StepRun]]:
    """Run the steps of one job; what became of each."""

    def run(steps: str, files: Mapping[str, str] | None = None, **facts: Any) -> list[StepRun]:
        return list(play(one_job(steps), files, **facts).jobs[0].steps)

    return run


def one_job(steps: str) -> str:
    """A workflow with one job of these steps."""
    return "on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n" + indent(dedent(steps), " " * 6)
