"""What a workflow file says, and which files are workflows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlops_grader.instruments.workflow.model import Job, Problem, Step, WorkflowError, found, load, load_action

STEPS = "jobs: {test: {runs-on: ubuntu-latest, steps: [{run: pytest}]}}\n"
FULL = """name: CI
on: [push, workflow_dispatch]
env: {A: "${{ github.ref }}"}
defaults: {run: {shell: bash, working-directory: app}}
permissions: {contents: read}
concurrency: one
jobs:
  build:
    name: Build ${{ matrix.os }}
    if: always()
    runs-on: [self-hosted]
    strategy: {fail-fast: "${{ true }}", max-parallel: 2, matrix: {os: [a, b]}}
    outputs: {tag: "${{ steps.tag.outputs.it }}"}
    env: {B: 1}
    defaults: {run: {shell: sh}}
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@v5
        with: {fetch-depth: 0}
      - id: tag
        if: true
        run: |

          echo it=1
          echo more
        shell: python
        working-directory: sub
        env: {C: 3}
        continue-on-error: true
        timeout-minutes: 1
      - name: 3.10
        run: make
  ship:
    needs: BUILD
    uses: ./.github/workflows/ship.yml
    with: {a: 1}
    secrets: inherit
"""


def _write(root: Path, text: str, file: str = "ci.yml") -> str:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return file


def _job(root: Path, lines: str) -> Job:
    text = f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{{run: pytest}}]\n    {lines}\n"
    return load(root, _write(root, text)).jobs["test"]


def test_a_workflow_says_what_its_file_says(tmp_path: Path) -> None:
    workflow = load(tmp_path, _write(tmp_path, FULL))
    assert (workflow.file, workflow.name, workflow.text) == ("ci.yml", "CI", FULL)
    assert workflow.triggers == {"push": {}, "workflow_dispatch": {}}
    assert (workflow.env, workflow.shell, workflow.directory) == ({"A": "${{ github.ref }}"}, "bash", "app")
    assert (workflow.permissions, workflow.concurrency) == ({"contents": "read"}, "one")
    assert list(workflow.jobs) == ["build", "ship"]


def test_a_job_says_what_its_part_of_the_file_says(tmp_path: Path) -> None:
    job = load(tmp_path, _write(tmp_path, FULL)).jobs["build"]
    assert (job.key, job.name, job.condition, job.line) == ("build", "Build ${{ matrix.os }}", "always()", 8)
    assert (job.matrix, job.fail_fast, job.max_parallel) == ({"os": ["a", "b"]}, "${{ true }}", 2)
    assert (job.env, job.shell, job.directory, job.timeout) == ({"B": 1}, "sh", None, 5)
    assert (job.outputs, job.runs_on) == ({"tag": "${{ steps.tag.outputs.it }}"}, ["self-hosted"])
    assert (job.needs, job.uses, job.secrets, job.continue_on_error) == ((), None, None, False)


def test_a_job_may_call_a_workflow(tmp_path: Path) -> None:
    job = load(tmp_path, _write(tmp_path, FULL)).jobs["ship"]
    assert (job.uses, job.inputs, job.secrets) == ("./.github/workflows/ship.yml", {"a": 1}, "inherit")
    assert (job.needs, job.steps, job.name, job.fail_fast) == (("build",), (), "ship", True)


def test_a_step_says_what_its_part_of_the_file_says(tmp_path: Path) -> None:
    checkout, tag, make = load(tmp_path, _write(tmp_path, FULL)).jobs["build"].steps
    assert tag == Step(  # noqa: S604 - a step has a shell, and nothing is started here
        index=2,
        id="tag",
        name="Run echo it=1",
        uses=None,
        run="\necho it=1\necho more\n",
        shell="python",
        directory="sub",
        condition=True,
        env={"C": 3},
        inputs={},
        continue_on_error=True,
        timeout=1,
        line=20,
    )
    assert (checkout.name, checkout.uses, checkout.inputs) == (
        "Run actions/checkout@v5",
        "actions/checkout@v5",
        {"fetch-depth": 0},
    )
    assert (make.index, make.name, make.condition, make.continue_on_error) == (3, "3.1", None, False)


@pytest.mark.parametrize(
    ("on", "triggers"),
    [
        ("push", {"push": {}}),
        ("[push, pull_request]", {"push": {}, "pull_request": {}}),
        ("{push: }", {"push": {}}),
        ("{push: {branches: [main]}, release: }", {"push": {"branches": ["main"]}, "release": {}}),
        ("{pull_request: {types: opened}}", {"pull_request": {"types": "opened"}}),
        ("{schedule: [{cron: 0 5 * * *}, {cron: 0 6 * * *}]}", {"schedule": {"cron": ["0 5 * * *", "0 6 * * *"]}}),
    ],
)
def test_triggers_have_one_form_however_they_are_written(tmp_path: Path, on: str, triggers: dict[str, Any]) -> None:
    assert load(tmp_path, _write(tmp_path, f"on: {on}\n{STEPS}")).triggers == triggers


def test_carriage_returns_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    plain = load(tmp_path, _write(tmp_path, FULL))
    dressed = load(tmp_path, _write(tmp_path, "\ufeff" + FULL.replace("\n", "\r\n")))
    assert dressed.jobs == plain.jobs
    assert not dressed.text.startswith("\ufeff")


def test_a_workflow_without_name_has_the_name_of_its_file(tmp_path: Path) -> None:
    assert load(tmp_path, _write(tmp_path, f"on: push\n{STEPS}", "a/b.yml")).name == "a/b.yml"


@pytest.mark.parametrize(
    ("written", "matrix"),
    [
        ("{include: [{python: '3.12'}]}", {"include": [{"python": "3.12"}]}),
        ("${{ fromJSON(needs.plan.outputs.it) }}", "${{ fromJSON(needs.plan.outputs.it) }}"),
        ("{a: '${{ fromJSON(env.A) }}'}", {"a": "${{ fromJSON(env.A) }}"}),
        ("{on: [{image: a, tag: 1}]}", {"on": [{"image": "a", "tag": 1}]}),
        ("{day: [2026-01-31, 1_000]}", {"day": ["2026-01-31", "1_000"]}),
        ("{version: [3.10, '3.10', yes]}", {"version": [3.1, "3.10", "yes"]}),
    ],
)
def test_a_matrix_stays_as_it_is_written(tmp_path: Path, written: str, matrix: Any) -> None:
    assert _job(tmp_path, f"strategy:\n      matrix: {written}").matrix == matrix


def test_a_container_may_be_an_expression(tmp_path: Path) -> None:
    assert _job(tmp_path, "container: ${{ matrix.image }}").container == "${{ matrix.image }}"


def test_a_step_may_use_an_action_of_the_repository(tmp_path: Path) -> None:
    text = "on: push\njobs: {test: {runs-on: x, steps: [{uses: ./}, {uses: ./.github/actions/x}]}}\n"
    steps = load(tmp_path, _write(tmp_path, text)).jobs["test"].steps
    assert [step.uses for step in steps] == ["./", "./.github/actions/x"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b" ", Problem("ci.yml", None, "is empty")),
        ("on: push".encode("utf-16"), Problem("ci.yml", None, "is not UTF-8 text; save it as UTF-8")),
        (b"on: push\n", Problem("ci.yml", 1, "`jobs`: is missing")),
    ],
)
def test_a_file_that_github_refuses_is_not_loaded(tmp_path: Path, content: bytes, problem: Problem) -> None:
    (tmp_path / "ci.yml").write_bytes(content)
    with pytest.raises(WorkflowError) as refused:
        load(tmp_path, "ci.yml")
    assert refused.value.problems == (problem,)


def test_a_file_that_is_not_there_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match=r"ci\.yml: cannot be read: No such file"):
        load(tmp_path, "ci.yml")


@pytest.mark.parametrize("name", ["action.yml", "action.yaml"])
def test_a_composite_action_says_what_its_file_says(tmp_path: Path, name: str) -> None:
    text = (
        "name: Set up\ninputs: {a: {default: 1, required: true}, b: }\noutputs: {c: {value: '${{ steps.d.outputs.e }}'}}\n"
        "runs: {using: composite, steps: [{id: d, run: make, shell: bash}]}\n"
    )
    _write(tmp_path, text.replace(", b: }", ", b: {}}"), f".github/actions/x/{name}")
    action = load_action(tmp_path, "./.github/actions/x")
    assert (action.file, action.name, action.using) == (f".github/actions/x/{name}", "Set up", "composite")
    assert action.inputs == {"a": {"default": 1, "required": True}, "b": {}}
    assert action.outputs == {"c": {"value": "${{ steps.d.outputs.e }}"}}
    assert [(step.id, step.run, step.shell, step.line) for step in action.steps] == [("d", "make", "bash", 4)]


def test_an_action_at_the_top_of_the_repository_is_found(tmp_path: Path) -> None:
    _write(tmp_path, "runs: {using: node20, main: a.js}\n", "action.yml")
    action = load_action(tmp_path, "./")
    assert (action.file, action.using, action.steps) == ("action.yml", "node20", ())


def test_a_folder_without_an_action_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match=r"x/action\.yml: there is no such file"):
        load_action(tmp_path, "x")


NEVER = [
    (".github/workflows/ci.yml.example", "never runs, because its name does not end in `.yml` or `.yaml`; rename it, or delete it"),
    (".github/workflows/ci.yaml.hd", "never runs, because its name does not end in `.yml` or `.yaml`; rename it, or delete it"),
    (".github/workflows/ci.YML", "never runs, because its name does not end in `.yml` or `.yaml`; rename it, or delete it"),
    (".github/workflows/ci", "never runs, because its name does not end in `.yml` or `.yaml`; rename it, or delete it"),
    (".github/workflows/old/ci.yml", "never runs, because GitHub reads no folders below `.github/workflows`; move it up"),
    (
        "app/.github/workflows/ci.yml",
        "never runs, because GitHub reads only `.github/workflows` at the top of the repository; move it there",
    ),
    (".github/workflow/ci.yml", "never runs, because its folder is not `.github/workflows`; move it there"),
    ("github/workflows/ci.yml", "never runs, because its folder is not `.github/workflows`; move it there"),
    (".github/Workflows/ci.yml", "never runs, because its folder is not `.github/workflows`; move it there"),
    (".github/ci.yaml", "never runs, because it lies outside `.github/workflows`; move it there"),
    ("ci.yml", "never runs, because it lies outside `.github/workflows`; move it there"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "words"), NEVER)
def test_what_looks_like_a_workflow_and_never_runs_is_told(tmp_path: Path, file: str, words: str) -> None:
    _write(tmp_path, f"on: push\n{STEPS}", file)
    assert found(tmp_path, [file]) == ([], [Problem(file, None, words)])


def test_workflows_are_found_among_other_files(tmp_path: Path) -> None:
    others = [
        ".github/dependabot.yml",
        ".github/actions/x/action.yml",
        ".github/workflows/README.md",
        "params.yaml",
        "gone.yml",
    ]
    for file in others[:-1]:
        _write(tmp_path, "version: 2\n", file)
    workflows = [".github/workflows/a.yaml", ".github/workflows/b.yml"]
    assert found(tmp_path, [*others, *reversed(workflows)]) == (workflows, [])
