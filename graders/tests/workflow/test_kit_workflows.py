"""The kit's own workflows, and the reference solution of m07, as the runner plays them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.instruments import zizmor
from mlops_grader.instruments.workflow.events import Source
from mlops_grader.instruments.workflow.machine import Machine, commit_of
from mlops_grader.instruments.workflow.model import load
from mlops_grader.instruments.workflow.run import Runner
from mlops_grader.instruments.workflow.triggers import Event, triggers

TOP = Path(__file__).parents[3]
FOLDER = ".github/workflows"
NAMES = sorted(path.name for path in (TOP / FOLDER).iterdir())
SOLUTION = TOP / "solutions/m07_ci"
PREPARE = "true: run nox -s doctor -- m09_monitoring browser --install"
PUSH, PULL_REQUEST = Event("push", branch="main"), Event("pull_request", branch="main", head="mine")


@pytest.fixture
def kit(project: Callable[..., Path]) -> Path:
    """A repository with the kit's workflows and nothing else."""
    return project({f"{FOLDER}/{name}": (TOP / FOLDER / name).read_bytes() for name in NAMES}, "kit")


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Puts a `pipx` on the PATH that only writes down what it is asked to run; the lines of that."""
    record = tmp_path / "asked"
    (tmp_path / "programs").mkdir()
    program = tmp_path / "programs/pipx"
    program.write_text(f'#!/bin/sh\necho "$CI: $*" >> "{record}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return lambda: record.read_text().splitlines()


def test_the_kit_starts_what_it_should() -> None:
    """ci runs on pushes to main and on pull requests, the nightly run by clock and by hand, grade when it is called."""
    assert [load(TOP, f"{FOLDER}/{name}").name for name in NAMES] == ["CI", "Grade", "Nightly"]
    ci, grade, nightly = (load(TOP, f"{FOLDER}/{name}") for name in NAMES)
    events = [PUSH, PULL_REQUEST, Event("push", branch="other"), Event("schedule"), Event("workflow_dispatch")]
    assert [triggers(ci, event) for event in events] == [True, True, False, False, False]
    assert [triggers(nightly, event) for event in events] == [False, False, False, True, True]
    assert (set(grade.triggers), [triggers(grade, event) for event in events]) == ({"workflow_call"}, [False] * 5)


def test_the_kit_on_a_push(kit: Path, tmp_path: Path, sessions: Callable[[], list[str]]) -> None:
    """The jobs on ubuntu succeed and call the nox sessions that they name; the others are not run."""
    runner = Runner(Machine(tmp_path / "machine", "kit"), Source(kit, commit_of(kit), "kit"))
    run = runner.run(load(kit, f"{FOLDER}/ci.yml"), PUSH)
    assert [(job.name, job.conclusion, job.lacking) for job in run.jobs] == [
        ("Lint and types", "success", ""),
        ("Tests on ubuntu-latest, Python 3.11", "success", ""),
        ("Tests on ubuntu-latest, Python 3.13", "success", ""),
        ("Tests on macos-latest, Python 3.13", "not_run", "a machine `macos-latest`"),
        ("Tests on windows-latest, Python 3.13", "not_run", "a machine `windows-latest`"),
    ]
    assert sessions() == ["true: run nox -s lint types", *2 * [PREPARE, "true: run nox -s tests"]]


@pytest.mark.parametrize("event", [Event("schedule"), Event("workflow_dispatch")], ids=["schedule", "by hand"])
def test_the_kit_at_night(kit: Path, tmp_path: Path, sessions: Callable[[], list[str]], event: Event) -> None:
    """The nightly run calls the tests with all that a night has time for."""
    runner = Runner(Machine(tmp_path / "machine", "kit"), Source(kit, commit_of(kit), "kit"))
    run = runner.run(load(kit, f"{FOLDER}/nightly.yml"), event)
    assert [job.conclusion for job in run.jobs] == ["success"]
    assert sessions() == [PREPARE, "true: run nox -s tests -- --whole"]


def test_the_sessions_exist() -> None:
    """Each nox session that a workflow names is one of the noxfile's."""
    text = "\n".join((TOP / FOLDER / name).read_text() for name in NAMES)
    named = {word for words in re.findall(r"nox -s ([\w ]+)", text) for word in words.split()}
    noxfile = (TOP / "noxfile.py").read_text()
    assert named == {name for name in named if re.search(rf"^def {name}\(", noxfile, re.MULTILINE)}


def test_the_solution_of_m07() -> None:
    """It loads, starts on pushes to main and on pull requests, and zizmor finds nothing."""
    workflow = load(SOLUTION, f"{FOLDER}/ci.yml")
    events = [PUSH, PULL_REQUEST, Event("push", branch="other")]
    assert [triggers(workflow, event) for event in events] == [True, True, False]
    assert zizmor.audit(SOLUTION) == []
