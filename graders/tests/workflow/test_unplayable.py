"""What this machine cannot play is said, never taken for a failure, and changes nothing on it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.instruments.workflow import machine
from mlops_grader.instruments.workflow.conclusions import StepRun, WorkflowRun

Play = Callable[..., WorkflowRun]
PlaySteps = Callable[..., list[StepRun]]

STEPS = {
    "unknown action": ("{uses: someone/else@v1}", "the action `someone/else@v1`"),
    "docker action": ("{uses: 'docker://alpine:3'}", "the action `docker://alpine:3`"),
    "another repository": (
        "{uses: actions/checkout@v5, with: {repository: a/b}}",
        "a checkout of another repository, `a/b`",
    ),
    "sudo": ("{run: sudo rm -rf /nothing}", "`sudo`, which would change this machine"),
    "apt-get": ("{run: apt-get install --yes jq}", "`apt-get`, which would change this machine"),
    "pwsh": ("{run: ls, shell: pwsh}", "the shell `pwsh`"),
    "a program of GitHub's machines": ("{run: gh --version}", "the program `gh`"),
    "the same in sh": ("{run: gh --version, shell: sh}", "the program `gh`"),
    "no engine": (
        "{uses: docker/build-push-action@v6, with: {context: .}}",
        "a container engine",
    ),
    "no engine for a step": ("{run: docker ps}", "the program `docker`"),
    "an artifact from elsewhere": (
        "{uses: actions/upload-artifact@v5, with: {path: /etc/host*}}",
        "an artifact from outside of the machine's folders, `/etc/host*`",
    ),
}


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no more programs than a Linux cannot do without."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (tmp_path / "few").mkdir()
    for name in "bash sh git env ls cat rm mkdir dirname basename chmod".split():
        found = next(Path(folder, name) for folder in ("/usr/bin", "/bin") if Path(folder, name).exists())
        (tmp_path / "few" / name).symlink_to(found)
    monkeypatch.setattr(machine, "SYSTEM", (str(tmp_path / "few"),))
    monkeypatch.setattr(machine, "PROGRAMS", ["bash", "git"])


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("step", "lacking"), STEPS.values(), ids=STEPS)
def test_steps(play: Play, step: str, lacking: str) -> None:
    """The step, and the job with it, is not run; what it lacks is named; steps after it are skipped."""
    run = play(f"on: push\njobs: {{one: {{runs-on: ubuntu-latest, steps: [{step}, {{run: 'true', if: always()}}]}}}}")
    job = run.jobs[0]
    assert (run.conclusion, job.conclusion, job.lacking) == ("not_run", "not_run", lacking)
    assert [done.conclusion for done in job.steps] == ["not_run", "skipped"]


@pytest.mark.usefixtures("bare")
def test_a_program_that_the_workflow_forgot(play_steps: PlaySteps) -> None:
    """A program that GitHub's machines do not have either is the workflow's fault."""
    (step,) = play_steps("- run: my-own-tool")
    assert (step.conclusion, step.why, step.exit) == ("failure", "exit code 127", 127)
    assert not step.failed_cleanly


def test_refused_programs_that_did_not_matter(play_steps: PlaySteps) -> None:
    """A step that succeeds without the refused program has succeeded."""
    (step,) = play_steps("- run: sudo true || true")
    assert step.conclusion == "success"


def test_docker_of_this_machine_is_out_of_reach(play_steps: PlaySteps) -> None:
    """Without an engine of the grader's no docker is called, or what it makes would stay."""
    (step,) = play_steps("- run: docker ps")
    assert step.lacking == "the program `docker`"


def test_programs_beside_the_grader_are_hidden(
    play_steps: PlaySteps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a student installed in places of their own is missing, as on GitHub."""
    (tmp_path / "mine").write_text("#!/bin/sh\n")
    (tmp_path / "mine").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (step,) = play_steps("- run: mine")
    assert step.exit == 127


def test_what_failed_before_has_failed(play: Play) -> None:
    """A failure counts, although a later step cannot be played."""
    run = play("on: push\njobs: {one: {runs-on: ubuntu-latest, steps: [{run: exit 1}, {uses: a/b@v1, if: failure()}]}}")
    assert run.jobs[0].conclusion == "failure"


JOBS = {
    "container": ("container: node:20", "a job that runs in a container"),
    "container mapping": ("container: {image: node:20}", "a job that runs in a container"),
    "services": ("services: {db: {image: postgres}}", "service containers"),
    "windows": ("runs-on: windows-latest", "a machine `windows-latest`"),
    "macos": ("runs-on: macos-15", "a machine `macos-15`"),
    "computed": ("runs-on: \"${{ github.ref && 'macOS-latest' }}\"", "a machine `macOS-latest`"),
    "own": ("runs-on: [self-hosted, gpu]", "a machine `self-hosted`"),
    "group": ("runs-on: {group: large}", "a machine `of the group large`"),
}


@pytest.mark.parametrize(("line", "lacking"), JOBS.values(), ids=JOBS)
def test_jobs(play: Play, line: str, lacking: str) -> None:
    """A job for another kind of machine is not run, nor what needs it; other jobs are."""
    on = "" if "runs-on" in line else ", runs-on: ubuntu-latest"
    run = play(f"""
on: push
jobs:
  odd: {{{line}{on}, steps: [{{run: ls}}]}}
  after: {{needs: odd, if: always(), runs-on: ubuntu-latest, steps: [{{run: ls}}]}}
  other: {{runs-on: ubuntu-latest, steps: [{{run: ls}}]}}
""")
    found = {job.key: (job.conclusion, job.lacking) for job in run.jobs}
    assert found == {
        "odd": ("not_run", lacking),
        "after": ("not_run", "the job `odd`, which could not be played"),
        "other": ("success", ""),
    }


@pytest.mark.parametrize("line", ["container: '${{ github.nothing }}'", "container: {image: ''}", "services: {}"])
def test_an_empty_container_is_none(play: Play, line: str) -> None:
    """A container whose name is computed to nothing means the machine itself."""
    run = play(f"on: push\njobs: {{one: {{{line}, runs-on: ubuntu-24.04, steps: [{{run: ls}}]}}}}")
    assert run.conclusion == "success"
