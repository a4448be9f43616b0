"""The reusable workflow that grades a repository, and that of the action protocol, as the kit's own runner plays them."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import compose
import handout
from mlops_grader.instruments.workflow import command_files
from mlops_grader.instruments.workflow.conclusions import JobRun, WorkflowRun
from mlops_grader.instruments.workflow.events import Source
from mlops_grader.instruments.workflow.machine import Machine, commit_of
from mlops_grader.instruments.workflow.model import load
from mlops_grader.instruments.workflow.run import Runner
from mlops_grader.instruments.workflow.triggers import Event
from mlops_grader.result import from_document
from test_autograder import HOSTILE

KIT = Path(__file__).parents[2]
GRADE, CLASSROOM = ".github/workflows/grade.yml", ".github/workflows/classroom.yml"
PUSH = Event("push", branch="main")
CALLER = """name: Grade
on: push
permissions: {{}}
jobs:
  grade:
    permissions:
      contents: read
      statuses: write
    uses: ./{grade}
    with:
      module: m01_environment
      grader: "{grader}"
  after:
    needs: grade
    runs-on: ubuntu-latest
    steps:
      - env:
          SCORE: ${{{{ needs.grade.outputs.score }}}} of ${{{{ needs.grade.outputs.max_score }}}}
        run: echo "the caller reads $SCORE"
"""
WORKFLOW = load(KIT, GRADE)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the machines of the workflows are Linux machines")


def test_each_job_may_do_what_it_must_and_no_more() -> None:
    """Grading reads; only publishing writes, and runs nothing of the submission."""
    text = WORKFLOW.text
    permissions = re.findall(r"^ *permissions:(?: \{\})?\n?((?: {6}\w+: \w+.*\n)*)", text, re.MULTILINE)
    assert [re.findall(r"(\w+): (\w+)", block) for block in permissions] == [
        [],
        [("contents", "read")],
        [("statuses", "write")],
    ]
    publish = text[text.index("  publish:") :]
    assert "checkout" not in publish
    assert re.findall(r"\$\{\{[^}]*secrets", text) == []
    assert "persist-credentials: false" in text


def test_no_script_holds_an_expression() -> None:
    """What callers and events say reaches a script as a variable and never as its text."""
    scripts = [step.run or "" for job in WORKFLOW.jobs.values() for step in job.steps]
    assert [script for script in scripts if "${{" in script] == []


def test_the_grader_is_that_of_this_release() -> None:
    """A release that forgets it would be graded by the one before."""
    assert re.findall(r"default: (mlops-grader\S*)", WORKFLOW.text) == [compose.released()]


@pytest.fixture
def submission(tmp_path: Path, git: Callable[..., str], wheel: Path) -> Callable[[Mapping[str, str]], Path]:
    """A starter of module 1 whose setup command is hostile, with these workflows."""

    def make(workflows: Mapping[str, str]) -> Path:
        project = tmp_path / "noshow"
        compose.fill(project, "m01_environment", compose.Answers("noshow", "Student"))
        contract = (project / "product.toml").read_text().replace('setup = ""', 'setup = "sh hostile.sh"')
        hostile = {
            f"{name}.py": "raise SystemExit('imported from the submission')\n" for name in ("venv", "secrets", "json")
        }
        for path, text in {"product.toml": contract, "hostile.sh": HOSTILE, **hostile, **workflows}.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text)
        git(project, "init", "--quiet")
        git(project, "add", "--all")
        git(project, "commit", "--quiet", "--message", "work")
        return project

    return make


def play(project: Path, tmp_path: Path, **facts: Any) -> WorkflowRun:
    """Run the workflow of the class on a push."""
    runner = Runner(Machine(tmp_path / "machine", "noshow"), Source(project, commit_of(project)), **facts)
    return runner.run(load(project, CLASSROOM), PUSH)


def of(run: WorkflowRun, name: str) -> JobRun:
    """The job of that name."""
    return next(job for job in run.jobs if job.name.endswith(name))


def heard(job: JobRun) -> list[str]:
    """What the runner took for commands out of the logs of a job."""
    said = [command_files.read(step.log) for step in job.steps]
    return [words for each in said for words in (*each.masks, *each.outputs, *(text for _, text in each.annotations))]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Puts a `gh` on the PATH that only writes down what it is asked for; the words of that."""
    record, program = tmp_path / "asked", tmp_path / "programs/gh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nfor word; do echo "$word" >> "{record}"; done\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return lambda: record.read_text().splitlines()


@pytest.mark.network
@pytest.mark.slow
def test_a_repository_calls_it(
    submission: Callable[[Mapping[str, str]], Path], wheel: Path, tmp_path: Path, asked: Callable[[], list[str]]
) -> None:
    """A hostile starter gets its 0 points as summary, artifact and output, and is heard in none of them."""
    caller = CALLER.format(grade=GRADE, grader=f"{wheel}[repository]")
    run = play(submission({CLASSROOM: caller, GRADE: WORKFLOW.text}), tmp_path)
    grade = of(run, "Grade")
    assert grade.conclusion == "success", grade.failed_step
    assert run.summary.startswith("# m01_environment: 0 of 100 points")
    assert "Points 100/100" in run.summary, "the hostile script has run, and what it printed is text"
    kept = {path.name: path for path in run.artifacts["grade"].rglob("*") if path.is_file()}
    assert set(kept) == {"result.json", "report.html"}
    result = from_document(json.loads(kept["result.json"].read_text()))
    assert (result.score, result.max_score, result.submission.module) == (0, 100, "m01_environment")
    assert heard(grade) == []
    assert "the caller reads 0 of 100" in of(run, "after").steps[0].log
    assert of(run, "Publish").conclusion == "success", of(run, "Publish").failed_step
    commit = commit_of(tmp_path / "noshow")
    assert asked()[:2] == ["api", f"repos/student/noshow/statuses/{commit}"]
    assert {"state=success", "context=grade/m01_environment", "description=0 of 100 points"} <= set(asked())


@pytest.mark.network
@pytest.mark.slow
def test_the_action_protocol(submission: Callable[[Mapping[str, str]], Path], wheel: Path, tmp_path: Path) -> None:
    """The workflow that is handed out hands the reporter the result, and nothing of the submission's."""
    folder = handout.export("m01_environment", tmp_path / "out", handout.Wanted("Student", f"{wheel}[repository]"))
    run = play(submission({CLASSROOM: (folder / "action-protocol" / CLASSROOM).read_text()}), tmp_path)
    (job,) = run.jobs
    assert job.lacking == "the action `classroom-resources/autograding-grading-reporter@v1`"
    step = next(step for step in job.steps if step.name == "Grade")
    document = json.loads(base64.b64decode(step.outputs["result"]))
    assert set(step.outputs) == {"result"}
    assert (document["max_score"], sum(test["score"] for test in document["tests"])) == (100, 0)
    assert heard(job) == []
