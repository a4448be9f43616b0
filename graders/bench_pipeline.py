"""Measures our runner of workflows against the same commands run by hand, and a whole m07 grade against one pipeline run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from mlops_grader.instruments.docker_engine import Engine, connect, run_label
from mlops_grader.instruments.workflow.events import Source
from mlops_grader.instruments.workflow.machine import Machine
from mlops_grader.instruments.workflow.model import Workflow, load
from mlops_grader.instruments.workflow.run import Runner
from mlops_grader.instruments.workflow.triggers import Event
from mlops_grader.submission import git
from submissions import make

KEY, WORKFLOW = "m07_ci", ".github/workflows/ci.yml"
Say = Callable[[str, float], None]


def measure(folder: Path, say: Say) -> None:
    """Print the figures; each is the second run of its kind, with warm caches."""
    project = make(KEY, folder / "pipeline")
    workflow = load(project, WORKFLOW)
    engine = connect(run_label())
    try:
        ours = _second(_through_the_runner(project, workflow, engine, folder / "runner"))
        hand = _second(_by_hand(project, workflow, engine, folder / "hand"))
    finally:
        engine.forget()
    whole = _second(lambda: _grade(project))
    say("m07 reference pipeline through the runner, s", ours)
    say("the same commands run by hand, s", hand)
    say("ratio (aim 1.2)", ours / hand)
    say("m07 reference, whole grade, s", whole)
    say("as a multiple of one pipeline run", whole / ours)


def _second(work: Callable[[], None]) -> float:
    work()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _through_the_runner(project: Path, workflow: Workflow, engine: Engine, folder: Path) -> Callable[[], None]:
    source = Source(project, git(project, "rev-parse", "HEAD").strip())
    runner = Runner(Machine(folder, "noshow", engine), source, port=8000)

    def work() -> None:
        run = runner.run(workflow, Event("push", branch="main"))
        if run.conclusion != "success":
            raise RuntimeError(f"the pipeline ended with {run.conclusion}")

    return work


def _by_hand(project: Path, workflow: Workflow, engine: Engine, folder: Path) -> Callable[[], None]:
    """Clone, make an environment and type the scripts of each job; the model is carried over as an artifact is."""
    kept = {"PYTHONPYCACHEPREFIX": str(folder / "pycache"), "MYPY_CACHE_DIR": str(folder / "mypy")}

    def work() -> None:
        for job in workflow.jobs.values():
            place = folder / "work"
            model = folder / "model"
            shutil.rmtree(place, ignore_errors=True)
            _type(f'git clone --quiet "{project}" "{place}"', folder.parent, kept)
            if model.is_dir():
                shutil.copytree(model, place / "model")
            _type(f'uv venv --quiet --python "{sys.executable}" .venv', place, kept)  # as the runner's: looking is slow
            path = os.pathsep.join((str(place / ".venv/bin"), str(engine.program.parent), os.environ["PATH"]))
            own = {"VIRTUAL_ENV": str(place / ".venv"), "PATH": path}
            for step in job.steps:
                if step.run:
                    _type(step.run, place, {**kept, **own, "GITHUB_STEP_SUMMARY": str(folder / "summary")})
            if (place / "model").is_dir():
                shutil.copytree(place / "model", model, dirs_exist_ok=True)
        shutil.rmtree(folder / "model")
        _type("docker rm --force --volumes smoke && docker rmi --force noshow:ci", folder, kept)

    return work


def _type(script: str, folder: Path, variables: Mapping[str, str]) -> None:
    environment = {**os.environ, "DOCKER_BUILDKIT": "1", **variables}
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{script}\n{done.stdout}{done.stderr}")


def _grade(project: Path) -> None:
    command = [sys.executable, "-I", "-m", "mlops_grader", "grade", str(project), "--fresh"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
