"""A job on the production machine's own runner: which labels it takes, what it sees, and what stays after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.instruments.docker_engine import LABEL, Engine
from mlops_grader.instruments.workflow.conclusions import WorkflowRun
from mlops_grader.instruments.workflow.machine import Machine
from mlops_grader.instruments.workflow.model import load
from mlops_grader.instruments.workflow.run import Runner

from .conftest import FILE, PUSH

OWN = {"PRODUCTION_URL": "http://127.0.0.1:8080"}
PlayOwn = Callable[..., WorkflowRun]


@pytest.fixture
def play_own(runner: Callable[..., Runner], tmp_path: Path) -> PlayOwn:
    """Run a workflow where the production machine has a runner of its own."""

    def run(
        text: str, files: Mapping[str, str] | None = None, own: Mapping[str, str] = OWN, **facts: Any
    ) -> WorkflowRun:
        made = runner(text, files)
        machine = Machine(tmp_path / "production", "noshow", own=own, **facts)
        return replace(made, machine=machine).run(load(made.source.repository, FILE), PUSH)

    return run


LABELS = {
    "self-hosted": "",
    "[self-hosted]": "",
    "[self-hosted, production]": "",
    "[Self-Hosted, Linux, X64, Production]": "",
    "{group: machines, labels: [self-hosted, linux]}": "",
    "\"${{ github.ref && 'self-hosted' }}\"": "",
    "ubuntu-latest": "",
    "[self-hosted, gpu]": "a machine `gpu`",
    "[self-hosted, ubuntu-latest]": "a machine `ubuntu-latest`",
    "production": "a machine `production`",
    "windows-latest": "a machine `windows-latest`",
}


@pytest.mark.parametrize(("labels", "lacking"), LABELS.items())
def test_labels(play_own: PlayOwn, labels: str, lacking: str) -> None:
    """A job that asks for a self-hosted runner is played when the production machine's own has its labels."""
    job = play_own(f"on: push\njobs: {{one: {{runs-on: {labels}, steps: [{{run: 'true'}}]}}}}").jobs[0]
    assert (job.conclusion, job.lacking) == ("not_run" if lacking else "success", lacking)


def test_without_one(play_own: PlayOwn) -> None:
    """Without variables there is no such runner."""
    job = play_own("on: push\njobs: {one: {runs-on: self-hosted, steps: [{run: 'true'}]}}", own={}).jobs[0]
    assert job.lacking == "a machine `self-hosted`"


SEEN = "echo ${PRODUCTION_URL:-nothing} $RUNNER_ENVIRONMENT ${{ runner.environment }}"


def test_what_jobs_see(play_own: PlayOwn) -> None:
    """Its variables and its kind are seen in its own jobs, in composite actions too, and in no other job."""
    run = play_own(
        f"""
        on: push
        jobs:
          before: {{runs-on: ubuntu-latest, steps: [{{run: "{SEEN}"}}]}}
          deploy:
            needs: before
            runs-on: [self-hosted, production]
            steps: [{{uses: actions/checkout@v5}}, {{run: "{SEEN}"}}, {{uses: ./see}}]
          after: {{needs: deploy, runs-on: ubuntu-latest, steps: [{{run: "{SEEN}"}}]}}
        """,
        {"see/action.yml": f'name: See\nruns:\n  using: composite\n  steps: [{{shell: bash, run: "{SEEN}"}}]\n'},
    )
    logs = [step.log.strip() for job in run.jobs for step in job.steps if step.name != "Run actions/checkout@v5"]
    hosted, own = "nothing github-hosted github-hosted", f"{OWN['PRODUCTION_URL']} self-hosted self-hosted"
    assert logs == [hosted, own, own, hosted]


def test_processes_end_with_the_job(play_own: PlayOwn) -> None:
    """What a job starts in the background is gone after it, as on any runner."""
    run = play_own("""
        on: push
        jobs:
          deploy:
            runs-on: self-hosted
            outputs: {pid: "${{ steps.start.outputs.pid }}"}
            steps: [{id: start, run: 'sleep 60.0321 & echo "pid=$!" >> "$GITHUB_OUTPUT"'}]
          after: {needs: deploy, runs-on: ubuntu-latest, steps: [{run: "ps -o stat= -p ${{ needs.deploy.outputs.pid }} | grep -v Z"}]}
        """)
    assert [job.conclusion for job in run.jobs] == ["success", "failure"]


def test_it_takes_no_turn(play_own: PlayOwn, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment does not wait for the port of the service: what it left before may hold it."""
    turns: list[str] = []
    monkeypatch.setattr(Runner, "turn", lambda _, job: nullcontext(turns.append(job.key)))
    play_own("""
        on: push
        jobs:
          test: {runs-on: ubuntu-latest, steps: [{run: "true"}]}
          deploy: {runs-on: self-hosted, steps: [{run: "true"}]}
        """)
    assert turns == ["test"]


RELEASE = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - run: docker build --quiet --tag own-runner-test:1 .
      - run: docker create --name own-runner-test-first own-runner-test:1
      # the image as a registry gives it: it brings the labels that it was built with
      - run: docker save own-runner-test:1 --output "$KEPT"
  deploy:
    needs: build
    runs-on: self-hosted
    steps:
      - run: docker load --input "$KEPT" && docker network create own-runner-test
      - run: docker run --detach --name own-runner-test --network own-runner-test own-runner-test:1
  after: {needs: deploy, runs-on: ubuntu-latest, steps: [{run: docker ps}]}
"""


@pytest.mark.engine
def test_what_docker_makes_stays(play_own: PlayOwn, engine: Engine, tmp_path: Path) -> None:
    """What a deployment starts outlives this job and the next ones, though its image is of one, and is the grade's to end."""
    files = {"Dockerfile": "FROM python:3.13-slim\nCMD sleep 600\n"}
    own = {"KEPT": str(tmp_path / "image.tar")}
    run = play_own(RELEASE.replace("$KEPT", own["KEPT"]), files, own=own, engine=engine)
    of_grade = {"label": f"{LABEL}={engine.run}"}
    containers = engine.api.containers.list(all=True, filters=of_grade)
    networks = engine.api.networks.list(filters=of_grade)
    try:
        assert [job.conclusion for job in run.jobs] == ["success"] * 3
        assert [(each.name, each.status) for each in containers] == [("own-runner-test", "running")]
        assert [each.name for each in networks] == ["own-runner-test"]
    finally:
        for thing in containers:
            thing.remove(force=True)
        for network in networks:
            network.remove()
        engine.forget_job()


@pytest.mark.engine
def test_what_a_deployment_fetches_stays(play_own: PlayOwn, engine: Engine, tmp_path: Path) -> None:
    """An image that a deployment fetched is there after it, with the labels of the job that built it."""
    files = {"Dockerfile": "FROM python:3.13-slim\nCMD sleep 600\n"}
    own = {"KEPT": str(tmp_path / "image.tar")}
    text = RELEASE.replace("$KEPT", own["KEPT"]).split("  after:")[0].replace("docker run", "docker --version #")
    run = play_own(text.replace("docker network", "docker --version #"), files, own=own, engine=engine)
    images = engine.api.images.list("own-runner-test")
    engine.forget_job()
    assert (run.conclusion, len(images)) == ("success", 1)


@pytest.mark.engine
def test_projects_of_compose(play_own: PlayOwn, engine: Engine) -> None:
    """docker compose keeps what a deployment makes apart from what other jobs make and leave to be removed."""
    line = '{run: echo "$COMPOSE_PROJECT_NAME"}'
    run = play_own(
        f"on: push\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{line}]}}, b: {{runs-on: self-hosted, steps: [{line}]}}}}",
        engine=engine,
    )
    project = engine.project()
    assert [job.steps[0].log.strip() for job in run.jobs] == [project, f"{project}-own"]
