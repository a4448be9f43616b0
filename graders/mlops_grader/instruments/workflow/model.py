"""What a workflow file or a local action says, with its expressions left as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from mlops_grader.instruments.workflow import document, schema
from mlops_grader.instruments.workflow.document import Document, Key, Problem, WorkflowError
from mlops_grader.instruments.workflow.files import found
from mlops_grader.instruments.workflow.rules import mapping, needed

__all__ = ["Action", "Job", "Problem", "Step", "Workflow", "WorkflowError", "found", "load", "load_action"]


@dataclass(frozen=True)
class Step:
    """One step. index: from 1. inputs: what stands under `with`. directory: `working-directory`."""

    index: int
    id: str | None
    name: str
    uses: str | None
    run: str | None
    shell: str | None
    directory: str | None
    condition: str | bool | None
    env: Mapping[str, Any]
    inputs: Mapping[str, Any]
    continue_on_error: Any
    timeout: Any
    line: int


@dataclass(frozen=True)
class Job:
    """One job. matrix: as written, a mapping, an expression or None. shell, directory: from `defaults.run`."""

    key: str
    name: str
    needs: tuple[str, ...]
    condition: str | bool | None
    matrix: Any
    fail_fast: Any
    max_parallel: Any
    env: Mapping[str, Any]
    shell: str | None
    directory: str | None
    outputs: Mapping[str, Any]
    steps: tuple[Step, ...]
    uses: str | None
    inputs: Mapping[str, Any]
    secrets: Mapping[str, Any] | Literal["inherit"] | None
    permissions: Any
    runs_on: Any
    container: Any
    services: Any
    environment: Any
    concurrency: Any
    continue_on_error: Any
    timeout: Any
    line: int


@dataclass(frozen=True)
class Workflow:
    """One workflow file, relative to the repository. triggers: the filters of each event, empty for none.

    The filters of a schedule are {"cron": [...]}.
    """

    file: str
    name: str
    triggers: Mapping[str, Mapping[str, Any]]
    env: Mapping[str, Any]
    shell: str | None
    directory: str | None
    permissions: Any
    concurrency: Any
    jobs: Mapping[str, Job]
    text: str


@dataclass(frozen=True)
class Action:
    """A local action. steps: empty unless it is a composite one. outputs: each with its `value`."""

    file: str
    name: str
    inputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]
    steps: tuple[Step, ...]
    using: str


def load(root: Path, file: str) -> Workflow:
    """Read a workflow. Raises WorkflowError with everything that GitHub would refuse about it."""
    text = document.read(root, file)
    if problems := schema.problems(file, text):
        raise WorkflowError(problems)
    parsed = document.parse(file, text)
    data = parsed.data
    run = mapping(data, "defaults", "run")
    return Workflow(
        file=file,
        name=_text(data.get("name")) or file,
        triggers=_triggers(data["on"]),
        env=mapping(data, "env"),
        shell=_text(run.get("shell")),
        directory=_text(run.get("working-directory")),
        permissions=data.get("permissions"),
        concurrency=data.get("concurrency"),
        jobs=_jobs(parsed),
        text=text,
    )


def load_action(root: Path, folder: str) -> Action:
    """Read the `action.yml` or `action.yaml` of a folder. Raises WorkflowError."""
    names = [str(PurePosixPath(folder, name)) for name in ("action.yml", "action.yaml")]
    file = next((name for name in names if (root / name).is_file()), None)
    if file is None:
        raise WorkflowError([Problem(names[0], None, "there is no such file, and no `action.yaml` beside it")])
    text = document.read(root, file)
    if problems := schema.action_problems(file, text):
        raise WorkflowError(problems)
    parsed = document.parse(file, text)
    return Action(
        file=file,
        name=_text(parsed.data.get("name")) or folder,
        inputs={name: mapping(facts) for name, facts in mapping(parsed.data, "inputs").items()},
        outputs={name: mapping(facts) for name, facts in mapping(parsed.data, "outputs").items()},
        steps=_steps(parsed, ("runs", "steps"), parsed.data["runs"].get("steps", ())),
        using=str(parsed.data["runs"]["using"]),
    )


def _triggers(on: Any) -> dict[str, dict[str, Any]]:
    if isinstance(on, str):
        return {on: {}}
    if isinstance(on, list):
        return {event: {} for event in on}
    return {
        event: {"cron": [each["cron"] for each in filters]} if isinstance(filters, list) else dict(filters or {})
        for event, filters in on.items()
    }


def _jobs(parsed: Document) -> dict[str, Job]:
    jobs = parsed.data["jobs"]
    keys = {key.casefold(): key for key in jobs}
    return {key: _job(parsed, key, job, keys) for key, job in jobs.items()}


def _job(parsed: Document, key: str, job: dict[str, Any], keys: Mapping[str, str]) -> Job:
    strategy, run = mapping(job, "strategy"), mapping(job, "defaults", "run")
    return Job(
        key=key,
        name=_text(job.get("name")) or key,
        needs=tuple(keys[need.casefold()] for need in needed(job)),
        condition=_condition(job.get("if")),
        matrix=strategy.get("matrix"),
        fail_fast=strategy.get("fail-fast", True),
        max_parallel=strategy.get("max-parallel"),
        env=mapping(job, "env"),
        shell=_text(run.get("shell")),
        directory=_text(run.get("working-directory")),
        outputs=mapping(job, "outputs"),
        steps=_steps(parsed, ("jobs", key, "steps"), job.get("steps", ())),
        uses=_text(job.get("uses")),
        inputs=mapping(job, "with"),
        secrets=job.get("secrets"),
        permissions=job.get("permissions"),
        runs_on=job.get("runs-on"),
        container=job.get("container"),
        services=job.get("services"),
        environment=job.get("environment"),
        concurrency=job.get("concurrency"),
        continue_on_error=job.get("continue-on-error", False),
        timeout=job.get("timeout-minutes"),
        line=parsed.line(("jobs", key)) or 1,
    )


def _steps(parsed: Document, key: Key, steps: Any) -> tuple[Step, ...]:
    return tuple(_step(position + 1, step, parsed.line((*key, position)) or 1) for position, step in enumerate(steps))


def _step(index: int, step: dict[str, Any], line: int) -> Step:
    uses, run = _text(step.get("uses")), _text(step.get("run"))
    return Step(
        index=index,
        id=_text(step.get("id")),
        name=_text(step.get("name")) or _step_name(uses, run),
        uses=uses,
        run=run,
        shell=_text(step.get("shell")),
        directory=_text(step.get("working-directory")),
        condition=_condition(step.get("if")),
        env=mapping(step, "env"),
        inputs=mapping(step, "with"),
        continue_on_error=step.get("continue-on-error", False),
        timeout=step.get("timeout-minutes"),
        line=line,
    )


def _step_name(uses: str | None, run: str | None) -> str:
    """The name that GitHub shows for a step without one."""
    lines = (run or "").strip().splitlines()
    return f"Run {uses}" if uses else f"Run {lines[0].strip() if lines else ''}".strip()


def _condition(value: Any) -> str | bool | None:
    return value if isinstance(value, bool) else _text(value)


def _text(value: Any) -> str | None:
    """A value where GitHub wants text: 3.10 is "3.1", true is "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
