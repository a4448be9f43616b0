"""Invented checks and a small project to grade with them, in this process or in one that can be stopped."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mlops_grader.grading import Order, grade
from mlops_grader.result import Result

Make = Callable[..., Path]

PRELUDE = """
import os, pathlib, subprocess, sys, time
import pytest
from mlops_grader.check import Fail, NotRun, check
from mlops_grader.submission import UsageError
HERE = pathlib.Path(__file__).parent
def note(word):
    with open(HERE / "notes", "a") as file:
        file.write(word + " ")
"""

GRADER = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts tests in the background has it ignored
import importlib.util, json, sys
from pathlib import Path
from mlops_grader.grading import Interrupted, Order, grade
spec = importlib.util.spec_from_file_location("m99_invented", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
try:
    result, code = grade(Order(Path(sys.argv[2]), module)), 0
except Interrupted as stopped:
    result, code = stopped.result, 130
except KeyboardInterrupt:
    sys.exit(131)
print(json.dumps(result.document()))
sys.exit(code)
"""


@pytest.fixture
def checks_file(tmp_path: Path) -> Callable[[str], Path]:
    """A file of invented checks."""

    def write(source: str) -> Path:
        path = tmp_path / "m99_invented.py"
        path.write_text(PRELUDE + source, "utf-8")
        return path

    return write


@pytest.fixture
def invented(checks_file: Callable[[str], Path]) -> Callable[[str], ModuleType]:
    """A module of invented checks."""

    def load(source: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location("m99_invented", checks_file(source))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def small_project(project: Make) -> Path:
    """A project with a contract and one file."""
    return project({"product.toml": 'name = "noshow"\n', "app.py": "print('hello')\n"})


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which temporary folders are made for the length of a test."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def graded(invented: Callable[[str], ModuleType], small_project: Path, temporary: Path) -> Callable[..., Result]:
    """Grade the small project with the checks of this source."""

    def run(source: str, *only: str, **order: Any) -> Result:
        return grade(Order(small_project, invented(source), only, **order))

    return run


@pytest.fixture
def notes(tmp_path: Path) -> Callable[[], str]:
    """What the checks noted down with `note(word)`."""
    return lambda: (tmp_path / "notes").read_text("utf-8").strip() if (tmp_path / "notes").exists() else ""


@pytest.fixture
def verdicts(graded: Callable[..., Result]) -> Callable[..., dict[str, str]]:
    """The verdict on each check of this source."""

    def run(source: str, *only: str) -> dict[str, str]:
        return {outcome.id.removeprefix("test_"): str(outcome.verdict) for outcome in graded(source, *only).checks}

    return run


@pytest.fixture
def grader(
    checks_file: Callable[[str], Path], small_project: Path, temporary: Path
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a grader in a process of its own, which prints the result; the code tells how it ended."""
    started: list[subprocess.Popen[str]] = []

    def start(source: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", GRADER, str(checks_file(source)), str(small_project)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **variables},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
