"""A workflow run: jobs in the order of their needs, each matrix expanded, reusable workflows called."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

from mlops_grader.instruments.client import alone_on
from mlops_grader.instruments.workflow import events
from mlops_grader.instruments.workflow.calling import called_inputs, called_secrets
from mlops_grader.instruments.workflow.conclusions import JobRun, WorkflowRun
from mlops_grader.instruments.workflow.contexts import readable
from mlops_grader.instruments.workflow.events import Source
from mlops_grader.instruments.workflow.expressions import ExpressionError, condition, resolve
from mlops_grader.instruments.workflow.job import Job
from mlops_grader.instruments.workflow.machine import HOSTED, NAME, SELF_HOSTED, Machine
from mlops_grader.instruments.workflow.matrix import MatrixError, expand
from mlops_grader.instruments.workflow.model import Job as JobModel
from mlops_grader.instruments.workflow.model import Problem, Workflow, WorkflowError, load
from mlops_grader.instruments.workflow.playable import unplayable, wants_own
from mlops_grader.instruments.workflow.played import as_text
from mlops_grader.instruments.workflow.results import conclusion_of, outputs_of, result_of, status_functions, title
from mlops_grader.instruments.workflow.scope import Scope
from mlops_grader.instruments.workflow.store import Store
from mlops_grader.instruments.workflow.triggers import Event, dispatch_inputs

DEEPEST = 4  # reusable workflows within each other, as on GitHub
MINUTES = 360  # of a job that says nothing, as on GitHub


@dataclass
class Runner:
    """Runs workflows of one repository for one event after the other; caches are kept between its runs.

    secrets: values by name, given to every run. vars: the repository's variables. port: where jobs start the service.
    """

    machine: Machine
    source: Source
    secrets: Mapping[str, str] = field(default_factory=dict)
    vars: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None

    def turn(self, job: JobModel) -> AbstractContextManager[object]:
        """The port of the service for a job that may start it; other jobs need not wait for other graders."""
        text = " ".join(f"{step.run} {step.uses} {dict(step.inputs)}" for step in job.steps)
        starts = self.port and re.search(rf"docker|compose|make|\./|{self.port}", text)
        return alone_on(self.port) if self.port and starts else nullcontext()

    def run(self, workflow: Workflow, event: Event) -> WorkflowRun:
        """Run one workflow for an event that triggers it."""
        started = time.monotonic()
        self.machine.folder.mkdir(parents=True, exist_ok=True)
        store = Store(Path(mkdtemp(dir=self.machine.folder, prefix="artifacts-")), self.machine.folder / "caches")
        api = self.machine.api or events.API
        github = events.github_context(event, self.source, workflow.name, self.machine.workspace, api)
        token = {"GITHUB_TOKEN": self.secrets.get("GITHUB_TOKEN", f"ghs_{uuid4().hex}" if self.machine.api else "")}
        inputs = dispatch_inputs(workflow, event.inputs) if event.name == "workflow_dispatch" else {}
        github |= {"token": token["GITHUB_TOKEN"], "event_path": str(self.machine.temp / "_github_workflow/event.json")}
        call = _Call(self, workflow, store, github, {**self.secrets, **token}, inputs)
        jobs = tuple(call.jobs())
        return WorkflowRun(
            workflow.file,
            workflow.name,
            jobs,
            store.artifacts,
            "\n".join(filter(None, call.summary)),
            tuple(store.uses),
            seconds=time.monotonic() - started,
        )


@dataclass
class _Call:
    """One workflow under way: the one that was triggered, or a reusable one that a job of it calls."""

    runner: Runner
    workflow: Workflow
    store: Store
    github: Mapping[str, Any]
    secrets: Mapping[str, str]
    inputs: Mapping[str, Any]
    depth: int = 1
    needs: dict[str, dict[str, Any]] = field(default_factory=dict)
    summary: list[str] = field(default_factory=list)

    def jobs(self) -> Iterator[JobRun]:
        """Run every job whose condition holds, in the order of needs."""
        waiting = dict(self.workflow.jobs)
        while waiting:
            job = next(job for job in waiting.values() if not set(job.needs) & set(waiting))
            del waiting[job.key]
            runs = list(self._run(job))
            self.needs[job.key] = {"result": result_of(runs), "outputs": outputs_of(runs)}
            yield from runs

    def _contexts(self, job: JobModel, **more: Any) -> dict[str, Any]:
        machine = self.runner.machine
        return {
            "github": {**self.github, "job": job.key},
            "vars": dict(self.runner.vars),
            "secrets": dict(self.secrets),
            "inputs": dict(self.inputs),
            "needs": {key: self.needs[key] for key in job.needs},
            "strategy": {},
            "matrix": {},
            "runner": {"os": "Linux", "arch": "X64", "temp": str(machine.temp), "name": NAME,
                       "tool_cache": str(machine.tools), "environment": HOSTED, "debug": ""},
            **more,
        }  # fmt: skip

    def _run(self, job: JobModel) -> Iterator[JobRun]:
        """The runs of one job: one for each combination of its matrix."""
        contexts = self._contexts(job)
        results = [self.needs[key]["result"] for key in self._ancestors(job)]
        if lacking := [key for key in job.needs if self.needs[key]["result"] == "not_run"]:
            yield JobRun(job.key, job.name, "not_run", why=f"the job `{lacking[0]}`, which could not be played")
            return
        try:
            if not condition(job.condition, readable("job.if", contexts), status_functions(results)):
                yield JobRun(job.key, job.name, "skipped")
                return
            rows = expand(resolve(job.matrix, readable("strategy", contexts)))
            fast = resolve(job.fail_fast, readable("strategy", contexts)) is not False
        except (ExpressionError, MatrixError) as error:
            yield JobRun(job.key, job.name, "failure", why=str(error))
            return
        failed = False
        for index, row in enumerate(rows):
            strategy = {"job-index": index, "job-total": len(rows), "fail-fast": fast}
            if failed and fast:
                name = title(job, row, self._contexts(job, matrix=row, strategy=strategy))
                yield JobRun(job.key, name, "cancelled", matrix=row, why="another job of the matrix failed")
                continue
            for run in self._run_one(job, self._contexts(job, matrix=row, strategy=strategy)):
                failed = failed or run.conclusion == "failure"
                yield run

    def _run_one(self, job: JobModel, contexts: Mapping[str, Any]) -> Iterator[JobRun]:
        name, row = title(job, contexts["matrix"], contexts), contexts["matrix"]
        try:
            if job.uses:
                yield from self._called(job, contexts, name)
            elif lacking := unplayable(job, readable("job", contexts), own=bool(self.runner.machine.own)):
                yield JobRun(job.key, name, "not_run", matrix=row, why=lacking)
            else:
                yield self._on_machine(job, contexts, name)
        except (ExpressionError, WorkflowError) as error:
            yield JobRun(job.key, name, "failure", matrix=row, why=str(error))

    def _on_machine(self, job: JobModel, contexts: Mapping[str, Any], name: str) -> JobRun:
        started, machine = time.monotonic(), self.runner.machine
        own = wants_own(job, readable("job", contexts))
        contexts = {**contexts, "runner": {**contexts["runner"], "environment": SELF_HOSTED if own else HOSTED}}
        scope = Scope(
            self.inputs,
            shell=job.shell or self.workflow.shell,
            directory=job.directory or self.workflow.directory,
            env=self._env(job, contexts),
        )
        minutes = resolve(job.timeout, readable("job", contexts))
        seconds = 60 * (minutes if isinstance(minutes, int | float) else MINUTES)
        # production answers on ports of its own, and what an earlier deployment left there may listen on any
        turn = nullcontext() if own else self.runner.turn(job)
        with turn, machine.job(own=own) as sandbox:
            ends = time.monotonic() + seconds
            under_way = Job(machine, sandbox, self.store, self.runner.source, contexts, scope, ends)
            with under_way.living:
                steps = tuple(under_way.run_steps(job.steps, scope))
                outputs, why = _outputs_of(under_way, job, scope)
            if scope.status == "success" and not scope.lacking:
                for save in reversed(under_way.after):
                    with suppress(OSError):  # GitHub only warns when a cache cannot be saved
                        save()
        self.summary += under_way.summary
        conclusion = conclusion_of(scope, failed=bool(why))
        why = why or next((step.why for step in steps if step.conclusion == "cancelled"), "")
        if conclusion == "failure" and resolve(job.continue_on_error, readable("job", contexts)) is True:
            conclusion = "success"
        seconds = time.monotonic() - started
        return JobRun(job.key, name, conclusion, steps, outputs, contexts["matrix"], seconds, why)

    def _env(self, job: JobModel, contexts: Mapping[str, Any]) -> dict[str, str]:
        """The variables of the workflow, and over them those of the job."""
        outer = resolve(dict(self.workflow.env), readable("workflow.env", contexts))
        inner = resolve(dict(job.env), readable("job.env", contexts))
        return {key: as_text(value) for key, value in {**outer, **inner}.items()}

    def _called(self, job: JobModel, contexts: Mapping[str, Any], name: str) -> Iterator[JobRun]:
        """The jobs of a reusable workflow of this repository."""
        uses = str(job.uses)
        if not uses.startswith("./"):
            yield JobRun(job.key, name, "not_run", why=f"the workflow `{uses}` of another repository")
            return
        if self.depth >= DEEPEST:
            raise WorkflowError(
                [Problem(self.workflow.file, job.line, f"`{uses}`: workflows call each other too deeply")]
            )
        workflow = load(self.runner.source.repository, uses.removeprefix("./"))
        inputs = called_inputs(workflow, resolve(dict(job.inputs), readable("call.with", contexts)))
        given = resolve(job.secrets, readable("call.secrets", contexts))
        secrets = called_secrets(workflow, given, self.secrets)
        inner = _Call(self.runner, workflow, self.store, self.github, secrets, inputs, self.depth + 1)
        runs = list(inner.jobs())
        self.summary += inner.summary
        # the outputs of its jobs are its own; the caller sees those that it declares
        yield from (replace(run, key=job.key, name=f"{name} / {run.name}", outputs={}) for run in runs)
        yield JobRun(job.key, name, result_of(runs), outputs=inner.returned())

    def returned(self) -> dict[str, str]:
        """The outputs that a reusable workflow gives to its caller."""
        declared = (self.workflow.triggers.get("workflow_call") or {}).get("outputs") or {}
        jobs: Any = {key: {"result": facts["result"], "outputs": facts["outputs"]} for key, facts in self.needs.items()}
        return {
            name: as_text(resolve(facts["value"], {"jobs": jobs, "inputs": dict(self.inputs)}))
            for name, facts in declared.items()
        }

    def _ancestors(self, job: JobModel) -> set[str]:
        found: set[str] = set()
        waiting = list(job.needs)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += self.workflow.jobs[key].needs
        return found


def _outputs_of(under_way: Job, job: JobModel, scope: Scope) -> tuple[dict[str, str], str]:
    """The outputs of a job that has ended, and why there are none."""
    try:
        return under_way.outputs(job.outputs, scope), ""
    except ExpressionError as error:
        return {}, str(error)
