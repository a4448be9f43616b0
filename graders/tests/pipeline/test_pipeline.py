"""A submission's pipeline: which workflows it has, which start, how runs are read, and what an audit says."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mlops_grader.check import Fail, NotRun
from mlops_grader.checks import m07_ci
from mlops_grader.instruments.pipeline import Pipeline, PipelineRun
from mlops_grader.instruments.product import RECORD
from mlops_grader.instruments.workflow.conclusions import JobRun, StepRun, WorkflowRun
from mlops_grader.instruments.workflow.machine import Machine
from mlops_grader.submission import Submission

CI = ".github/workflows/ci.yml"
JOB = "jobs: {one: {runs-on: ubuntu-latest, steps: [{run: ls}]}}\n"
Make = Callable[[dict[str, str]], Pipeline]


@pytest.fixture
def pipeline(tmp_path: Path, project: Callable[..., Path], snap: Callable[..., Any]) -> Make:
    """The pipeline of a project with these files."""

    def make(files: dict[str, str]) -> Pipeline:
        submission = snap(project({"README.md": "hello\n", **files}))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        machine = Machine(tmp_path / "runner", "noshow", keep=("made.json",))
        return Pipeline(submission, machine, port, tmp_path / "copies", seed=1)

    return make


REFUSED = {
    "no workflow": ({}, "the repository has no workflow"),
    "a stray file": (
        {".github/workflow/ci.yml": "on: push\n" + JOB},
        "the repository has no workflow: `.github/workflow/ci.yml` never runs, because its folder is not",
    ),
    "a misspelt key": (
        {CI: "on: push\n" + JOB.replace("steps", "stpes")},
        f"`{CI}`, line 2: ",
    ),
    "no YAML": ({CI: "on: [\n"}, f"`{CI}`, line "),
}


@pytest.mark.parametrize(("files", "words"), REFUSED.values(), ids=REFUSED)
def test_workflows_that_github_refuses(pipeline: Make, files: dict[str, str], words: str) -> None:
    """Without a workflow, or with one that cannot be read, the student is told which file and why."""
    with pytest.raises(Fail) as caught:
        pipeline(files).workflows()
    assert caught.value.found.startswith(words)


@pytest.mark.parametrize(
    ("on", "branch", "started"),
    [
        ("push", "main", 1),
        ("{push: {branches: [main]}}", "main", 1),
        ("{push: {branches: [master]}}", "master", 1),
        ("{push: {branches: [dev]}}", "main", 0),
        ("pull_request", "main", 0),
        ("{push: {paths: [README.md]}}", "main", 1),
        ("{push: {paths: [src/**]}}", "main", 0),
    ],
)
def test_event(pipeline: Make, on: str, branch: str, started: int) -> None:
    """A push goes to main, or to master where workflows know only that; filters decide what starts."""
    made = pipeline({CI: f"on: {on}\n{JOB}"})
    event = made.event("push")
    assert (event.branch, len(made.started_by(event))) == (branch, started)


def test_run_on_a_changed_copy(pipeline: Make) -> None:
    """A change is committed to a copy, its words are kept, files are looked at, and a named run is made once."""
    text = """
on: {push: {paths: [new.txt]}}
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/checkout@v5}
      - run: |
          cp new.txt made.json
          echo "${#KEY} ${#GITHUB}" >> "$GITHUB_STEP_SUMMARY"
        env: {KEY: "${{ secrets.KEY }}", GITHUB: "${{ github.token }}"}
"""
    made = pipeline({CI: text})

    def change(root: Path, random: Random) -> str:
        (root / "new.txt").write_text("new\n")
        return "a new file"

    run = made.run("new", "push", change)
    assert (run.change, run.green, run.made, run.summary) == ("a new file", True, {"made.json": b"new\n"}, "25 25\n")
    assert made.run("new", "push") is made.known("new") is run
    assert not (made.top / "new.txt").exists()
    with pytest.raises(Fail, match="no workflow starts on push or pull_request"):
        made.run("other", "push", lambda root, _: str((root / "README.md").write_text("x")))


def test_secrets(pipeline: Make) -> None:
    """Each secret that a workflow names has a made-up value, which the seed decides."""
    made = pipeline({CI: "on: push\nenv: {A: '${{ secrets.KEY }}'}\n" + JOB})
    assert sorted(made.secrets()) == ["GITHUB_TOKEN", "KEY"]
    assert made.secrets() == made.secrets()
    assert made.secrets()["KEY"] != made.secrets()["GITHUB_TOKEN"]


def _run(*jobs: JobRun) -> PipelineRun:
    return PipelineRun("a change", (WorkflowRun("ci.yml", "CI", jobs),), {})


OK = StepRun("ok", "success", "success", exit=0)
BAD = StepRun("Test", "failure", "failure", log="1\n2\n", exit=1, why="exit code 1")
FORGIVEN = StepRun("Lint", "failure", "success", exit=1, why="exit code 1")
LACKS = StepRun("Go", "not_run", "not_run", lacking="the program `gh`")
RUNS: dict[str, tuple[PipelineRun, bool, str, str]] = {
    "green": (_run(JobRun("a", "a", "success", (OK,))), True, "", ""),
    "nothing": (PipelineRun("", (), {}), True, "", ""),
    "red": (
        _run(JobRun("a", "A", "failure", (OK, BAD))),
        False,
        "`ci.yml`, job `A`, step `Test`: exit code 1\n1\n2",
        "",
    ),
    "red before any step": (
        _run(JobRun("a", "A", "failure", why="`x`: there is no context")),
        False,
        "`ci.yml`, job `A`: `x`: there is no context",
        "",
    ),
    "cancelled": (_run(JobRun("a", "A", "cancelled", why="too long")), False, "`ci.yml`, job `A`: too long", ""),
    "the failure before what it cancelled": (
        _run(JobRun("a", "A", "cancelled", why="x"), JobRun("b", "B", "failure", (BAD,))),
        False,
        "`ci.yml`, job `B`, step `Test`: exit code 1\n1\n2",
        "",
    ),
    "let through": (
        _run(JobRun("a", "A", "success", (FORGIVEN,))),
        True,
        "",
        "the step `Lint` of job `A` failed (exit code 1), and the run is green all the same",
    ),
    "a job that may fail": (
        _run(JobRun("a", "A", "success", (BAD,))),
        True,
        "",
        "the step `Test` of job `A` failed (exit code 1), and the run is green all the same",
    ),
}


@pytest.mark.parametrize(("run", "green", "red", "through"), RUNS.values(), ids=RUNS)
def test_reading_a_run(run: PipelineRun, green: bool, red: str, through: str) -> None:
    """Whether it is green, where it failed, and what failed without making it red."""
    assert (run.green, run.why_red(), run.why_green()) == (green, red, through)


def test_must_be_playable() -> None:
    """A run that is green only because a job could not be played is not judged; a red one is."""
    lacking = JobRun("a", "A", "not_run", (LACKS,))
    with pytest.raises(NotRun) as caught:
        _run(lacking).must_be_playable()
    assert caught.value.found == "the job `A` needs the program `gh`, which cannot be played here"
    _run(lacking, JobRun("b", "B", "failure", (BAD,))).must_be_playable()
    _run(JobRun("b", "B", "success", (OK,))).must_be_playable()


HIDING = {
    "pytest || true": "what stands after `||` hides the failure: take it away",
    "pytest || echo failed": "what stands after `||` hides the failure: take it away",
    "ruff check --exit-zero": "`--exit-zero` reports and never fails: take it away",
    "pytest | tee log": "a pipe ends with the exit code of its last program: add `shell: bash`, which sets pipefail",
    "pytest": "",
    "pytest || exit 1": "",
}


@pytest.mark.parametrize(("script", "advice"), HIDING.items())
def test_hides(pipeline: Make, script: str, advice: str) -> None:
    """The line that hides an exit code is named."""
    steps = f"jobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      - run: {script}\n"
    assert pipeline({CI: "on: push\n" + steps}).hides() == (f"`{CI}`, line 6: {advice}" if advice else "")


TURNS = {
    "nothing said": ("", ("", "", ""), False),
    "by ref": (
        "concurrency: {group: '${{ github.ref }}', cancel-in-progress: true}",
        ("refs/pull/A/merge", "refs/pull/A/merge", "refs/pull/B/merge"),
        True,
    ),
    "a name alone": ("concurrency: ci", ("ci", "ci", "ci"), False),
    "by run": (
        "concurrency: {group: '${{ github.run_id }}', cancel-in-progress: true}",
        ("1", "2", "3"),
        True,
    ),
    "computed": (
        "concurrency: {group: a, cancel-in-progress: \"${{ github.event_name == 'pull_request' }}\"}",
        ("a", "a", "a"),
        True,
    ),
}


@pytest.mark.parametrize(("line", "groups", "cancels"), TURNS.values(), ids=TURNS)
def test_concurrency(pipeline: Make, line: str, groups: tuple[str, str, str], cancels: bool) -> None:
    """The groups of an older and a newer push to one pull request, and of another pull request."""
    ((name, *turns),) = pipeline({CI: f"on: pull_request\n{line}\n{JOB}"}).concurrency()
    found = [turn.group for turn in turns]
    numbers = {found[0]: "A", found[2]: "B"} if "pull" in found[0] else {}
    shown = tuple(f"refs/pull/{numbers[group]}/merge" if numbers else group for group in found)
    assert (name, shown, {turn.cancels for turn in turns}) == (CI, groups, {cancels})


def test_concurrency_of_a_job(pipeline: Make) -> None:
    """Where the workflow says nothing, its first job speaks; an expression that cannot be read is the student's to mend."""
    job = JOB.replace("one: {", "one: {concurrency: 'x-${{ github.ref_name }}-${{ matrix.a }}', ")
    ((_, older, newer, other),) = pipeline({CI: "on: pull_request\n" + job}).concurrency()
    assert (older.group, older.group.startswith("x-")) == (newer.group, True)
    assert older.group != other.group


def test_concurrency_that_cannot_be_read(pipeline: Make) -> None:
    """An expression with a misspelt context is named."""
    made = pipeline({CI: "on: pull_request\nconcurrency: '${{ gihub.ref }}'\n" + JOB})
    with pytest.raises(Fail) as caught:
        list(made.concurrency())
    assert "did you mean `github`?" in caught.value.found


UNPINNED = "permissions: {}\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: someone/else@v1\n"


def test_audit(pipeline: Make) -> None:
    """An action that is not pinned by commit is remarked, and a comment does not silence that."""
    loud = pipeline({CI: "on: push\n" + UNPINNED.replace("@v1", "@v1 # zizmor: ignore[unpinned-uses]")}).audit()
    assert [(remark.file, remark.line) for remark in loud] == [(CI, 7)]
    assert "unpinned-uses" in loud[0].words
    assert loud[0].page.startswith("https://")


def test_audit_of_nothing(pipeline: Make) -> None:
    """A workflow in order earns no remark."""
    assert pipeline({CI: "on: push\npermissions: {}\n" + JOB}).audit() == []


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (b'{"metrics": {"auc": 0.77}}', 0.77),
        (b'{"metrics": {"auc": "much"}}', None),
        (b'{"metrics": {"auc": NaN}}', None),
        (b'{"metrics": [0.77]}', None),
        (b"[]", None),
        (b"\xff\xfe", None),
        (b"[" * 100_000, None),
    ],
)
def test_a_record_is_data_that_nobody_trusts(record: bytes, value: float | None) -> None:
    """A metric is a number, or it is not there."""
    assert PipelineRun("", (), {RECORD: record}).metric("auc") == value


def test_without_a_record_there_is_no_metric() -> None:
    """A pipeline that makes no model has no metric."""
    assert PipelineRun("", (), {}).metric("auc") is None


@pytest.mark.parametrize(
    "text", [None, "[metrics", "[metrics]\nbrier = 0.1\n", 'metrics = "auc"\n', '[metrics]\nauc = "x"\n']
)
def test_the_accepted_number_is_missed_by_name(
    project: Callable[..., Path], snap: Callable[..., Submission], text: str | None
) -> None:
    """Without the accepted AUC the student reads which file lacks it; the grader does not break."""
    files = {"product.toml": 'name = "noshow"\n', **({m07_ci.ACCEPTED: text} if text else {})}
    with pytest.raises(Fail, match=m07_ci.ACCEPTED):
        m07_ci._accepted(snap(project(files)))


CLASSROOM, RESERVED = ".github/workflows/classroom.yml", ".github/workflows/autograde.yaml"
HARNESS = (
    "on: push\npermissions: write-all\njobs: {grade: {uses: org/classroom50/.github/workflows/runner.yaml@main}}\n"
)


def test_the_workflows_of_the_class_are_not_the_students(pipeline: Make) -> None:
    """Whoever is graded through Classroom 50 or Actions has a workflow that nobody of them wrote; it costs no point."""
    made = pipeline({CI: "on: push\npermissions: {}\n" + JOB, CLASSROOM: HARNESS, RESERVED: HARNESS})
    assert [workflow.file for workflow in made.workflows()] == [CI]
    assert made.audit() == []


def test_a_project_with_nothing_but_a_workflow_of_the_class_has_none(pipeline: Make) -> None:
    with pytest.raises(Fail, match="no workflow"):
        pipeline({CLASSROOM: HARNESS}).workflows()


def test_a_workflow_that_the_students_own_calls_is_the_students(pipeline: Make) -> None:
    """The name hides nothing."""
    caller = f"on: push\npermissions: {{}}\njobs: {{one: {{uses: ./{CLASSROOM}}}}}\n"
    made = pipeline({CI: caller, CLASSROOM: "on: workflow_call\n" + UNPINNED})
    assert [workflow.file for workflow in made.workflows()] == [CI, CLASSROOM]
    assert {remark.file for remark in made.audit()} == {CLASSROOM}
