"""Docker commands and actions in a job: they work, carry the labels of the run, and leave nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlops_grader.instruments.docker_engine import JOB_LABEL, Engine
from mlops_grader.instruments.workflow import docker_shim
from mlops_grader.instruments.workflow.conclusions import WorkflowRun
from mlops_grader.instruments.workflow.machine import Machine
from mlops_grader.instruments.workflow.model import load
from mlops_grader.instruments.workflow.run import Runner

from .conftest import FILE, PUSH, one_job

pytestmark = pytest.mark.engine
BASE = "python:3.13-slim"
FILES = {"Dockerfile": f"FROM {BASE}\nCOPY . /app\nCMD ['sleep', '60']\n".replace("'", '"'), "in-git": ""}


@pytest.fixture
def play_docker(runner: Callable[..., Runner], engine: Engine, tmp_path: Path) -> Callable[[str], WorkflowRun]:
    """Run a workflow on a machine with a container engine."""

    def run(text: str) -> WorkflowRun:
        made = runner(text, FILES)
        machine = Machine(tmp_path / "with-docker", "noshow", engine)
        return replace(made, machine=machine).run(load(made.source.repository, FILE), PUSH)

    return run


def _left(engine: Engine) -> list[object]:
    mine = {"label": f"{JOB_LABEL}={engine.run}"}
    return [*engine.api.containers.list(all=True, filters=mine), *engine.api.images.list(filters=mine)]


def test_docker_in_steps(play_docker: Callable[[str], WorkflowRun], engine: Engine) -> None:
    """What a job builds and starts is labelled, is gone for the next job, and nothing is left after the run."""
    label = f"{JOB_LABEL}={engine.run}"
    run = play_docker(f"""
        on: push
        jobs:
          first:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v5
              - run: docker build --quiet --tag workflow-test:1 .
              - run: docker run --detach --name workflow-test workflow-test:1
              - run: |
                  docker ps --quiet --filter label={label} | wc -l
                  docker image ls --quiet --filter label={label} | wc -l
              - run: docker buildx build --load --provenance=false --tag workflow-test:2 . && docker image inspect workflow-test:2
          second:
            needs: first
            runs-on: ubuntu-latest
            steps:
              - run: docker image inspect workflow-test:1
                continue-on-error: true
              - run: docker inspect workflow-test
                continue-on-error: true
        """)
    first, second = run.jobs
    assert [step.outcome for step in first.steps] == ["success"] * 5
    assert [step.builds_image for step in first.steps] == [False, True, False, False, True]
    assert first.steps[3].log.split() == ["1", "1"]
    assert [step.outcome for step in second.steps] == ["failure", "failure"]
    assert _left(engine) == []


SEE = "- run: docker run --rm workflow-test:1 ls /app"


@pytest.mark.parametrize(("context", "seen"), [("", False), ("context: .,", True)])
def test_build_push_action(play_docker: Callable[[str], WorkflowRun], engine: Engine, context: str, seen: bool) -> None:
    """Without `context` it builds what git has; with it also what the job made."""
    run = play_docker(
        one_job(f"""
- uses: actions/checkout@v5
- run: touch made-in-the-job
- uses: docker/setup-buildx-action@v3
- {{id: build, uses: docker/build-push-action@v6, with: {{{context} tags: 'workflow-test:1', load: true, build-args: A=1}}}}
{SEE}
- run: test -n "${{{{ steps.build.outputs.imageid }}}}"
""")
    )
    steps = run.jobs[0].steps
    assert [step.conclusion for step in steps] == ["success"] * 6
    assert steps[3].builds_image
    assert ("made-in-the-job" in steps[4].log.split(), "in-git" in steps[4].log.split()) == (seen, True)
    assert _left(engine) == []


def test_a_build_that_fails(play_docker: Callable[[str], WorkflowRun]) -> None:
    """A failed build is a failed step with the log of the build; a push to a far registry cannot be played."""
    run = play_docker(
        one_job("""
- {uses: actions/checkout@v5}
- {uses: docker/build-push-action@v6, with: {context: ., file: nowhere}, continue-on-error: true}
- {uses: docker/build-push-action@v6, with: {context: ., push: true, tags: ghcr.io/a/b}}
""")
    )
    steps = run.jobs[0].steps
    assert (steps[1].outcome, steps[1].builds_image, steps[1].exit) == ("failure", True, None)
    assert "nowhere" in steps[1].log
    assert steps[2].lacking == "a push to a registry, `ghcr.io/a/b`"


def test_build_where_buildx_is_lacking(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`docker buildx build` becomes the client's own build where buildx is not installed."""
    asked: list[list[str]] = []
    arguments = "buildx build --load --tag x ."
    monkeypatch.setattr(docker_shim, "_has_buildx", lambda _: False)
    monkeypatch.setattr(docker_shim.os, "execv", lambda _, words: asked.append(words))
    monkeypatch.setattr(docker_shim.sys, "argv", ["shim", "docker", "a=1", str(tmp_path / "calls"), *arguments.split()])
    docker_shim.main()
    assert asked == [["docker", "build", "--label", "a=1", "--tag", "x", "."]]
    assert (tmp_path / "calls").read_text() == arguments + "\n"
