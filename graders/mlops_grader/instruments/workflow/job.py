"""One job under way on the machine: its environment, its steps in order, and what they leave for each other."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlops_grader.instruments.sandbox import Finished, HostSandbox
from mlops_grader.instruments.workflow import actions, composite, events, masking
from mlops_grader.instruments.workflow.conclusions import Conclusion, StepRun
from mlops_grader.instruments.workflow.contexts import readable
from mlops_grader.instruments.workflow.expressions import ExpressionError, condition, resolve, substitute
from mlops_grader.instruments.workflow.machine import SELF_HOSTED, Machine
from mlops_grader.instruments.workflow.model import Step, WorkflowError
from mlops_grader.instruments.workflow.played import Played, as_text
from mlops_grader.instruments.workflow.scope import Scope
from mlops_grader.instruments.workflow.script import run_script
from mlops_grader.instruments.workflow.store import Store, select, within

GRACE = 300.0  # seconds for steps that run always, after the job's time is over


@dataclass
class Job:
    """A job between its first and its last step. It is the `Bench` of the stand-ins.

    ends: when its `timeout-minutes` are over, on the clock of `time.monotonic`.
    """

    machine: Machine
    sandbox: HostSandbox
    store: Store
    source: events.Source
    contexts: Mapping[str, Any]
    scope: Scope
    ends: float
    masks: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    after: list[Any] = field(default_factory=list)
    # what steps started in the background lives as long as the job
    living: ExitStack = field(default_factory=ExitStack)
    _number: int = 0
    _env: Mapping[str, str] = field(default_factory=dict)

    @property
    def repository(self) -> Path:
        """The clone that checkout fetches from."""
        return self.source.repository

    @property
    def commit(self) -> str:
        """The commit that is run."""
        return self.source.commit

    @property
    def ref(self) -> str:
        """The branch, tag or pull request that is run."""
        return str(self.contexts["github"]["ref"])

    @property
    def default_branch(self) -> str:
        """The main branch of the repository."""
        return self.source.default_branch

    def run_steps(self, steps: Sequence[Step], scope: Scope) -> Iterator[StepRun]:
        """Run steps in order; after one that this machine cannot play, none."""
        for step in steps:
            done = StepRun(step.name, "skipped", "skipped") if scope.lacking else self._run_if(step, scope)
            scope.lacking = scope.lacking or done.lacking
            if done.conclusion in ("failure", "cancelled"):
                scope.status = done.conclusion
            if step.id:
                words = {"outputs": dict(done.outputs), "outcome": done.outcome, "conclusion": done.conclusion}
                scope.steps[step.id] = words
            yield done

    def _run_if(self, step: Step, scope: Scope) -> StepRun:
        started = time.monotonic()
        try:
            contexts = self.contexts_of(scope, step)
            if not condition(step.condition, readable("step.if", contexts), {**self.functions, **_status(scope)}):
                return StepRun(step.name, "skipped", "skipped")
        except ExpressionError as error:
            return StepRun(step.name, "failure", "failure", why=str(error))
        done = self._run(step, scope, contexts)
        if time.monotonic() >= self.ends and done.outcome == "failure":
            done = replace(done, outcome="cancelled", why="the job ran longer than its `timeout-minutes`")
            self.ends = time.monotonic() + GRACE
        forgiven = done.outcome == "failure" and self._may_fail(step, contexts)
        conclusion: Conclusion = "success" if forgiven else done.outcome
        name = self._name(step, scope)
        return replace(done, name=name, conclusion=conclusion, seconds=time.monotonic() - started)

    def _run(self, step: Step, scope: Scope, contexts: Mapping[str, Any]) -> StepRun:
        try:
            return self._uses(step, scope, contexts) if step.uses else run_script(self, step, scope, contexts)
        except (ExpressionError, WorkflowError) as error:
            return StepRun("", "failure", "failure", why=str(error))
        except OSError as error:  # folders and files that steps before it took away, or made unreadable
            return StepRun("", "failure", "failure", why=f"it cannot run: {error}")

    def _may_fail(self, step: Step, contexts: Mapping[str, Any]) -> bool:
        try:
            return resolve(step.continue_on_error, contexts, self.functions) is True
        except ExpressionError:
            return False

    def _name(self, step: Step, scope: Scope) -> str:
        try:
            return substitute(step.name, self.contexts_of(scope, step), self.functions)
        except ExpressionError:
            return step.name

    def contexts_of(self, scope: Scope, step: Step | None = None) -> dict[str, Any]:
        """The contexts as a step sees them, its own `env` included."""
        contexts = {
            **self.contexts,
            "env": dict(scope.env),
            "steps": scope.steps,
            "inputs": scope.inputs,
            "job": {"status": scope.status},
        }
        if scope.folder:
            contexts["github"] = {**contexts["github"], "action_path": str(scope.folder)}
        contexts = readable("composite" if scope.folder else "step", contexts)
        if step:
            own = resolve(dict(step.env), contexts, self.functions)
            contexts["env"] = {**scope.env, **{key: as_text(value) for key, value in own.items()}}
        return contexts

    @property
    def functions(self) -> dict[str, Any]:
        """What every expression of a step may call besides GitHub's own functions."""
        return {"hashFiles": self.hash_files}

    def hash_files(self, *patterns: Any) -> str:
        """One hash of the files in the workspace that match, empty when none does."""
        workspace = self.machine.workspace
        found = [path for path in select(workspace, [str(pattern) for pattern in patterns]) if within(workspace, path)]
        digests = [hashlib.sha256(path.read_bytes()).digest() for path in found]
        return hashlib.sha256(b"".join(digests)).hexdigest() if digests else ""

    def run(self, command: list[str], folder: Path | None = None) -> Finished:
        """Run a program in the job's own environment."""
        return self.sandbox.run(command, folder or self.machine.workspace, self.environment(self._env))

    def next_number(self) -> int:
        """A number for the files of a step."""
        self._number += 1
        return self._number

    def environment(self, env: Mapping[str, str], folder: Path | None = None) -> dict[str, str]:
        """The variables of a step: the machine's, its own, and GITHUB_'s, which nothing overrides.

        folder: of the local action whose step it is. Raises OSError for one that no process can have.
        """
        own = self.contexts["runner"]["environment"] == SELF_HOSTED
        github, machine = self.contexts["github"], dict(self.machine.variables(own=own))
        event = Path(github["event_path"])
        event.parent.mkdir(parents=True, exist_ok=True)
        event.write_text(json.dumps(github["event"]), encoding="utf-8")
        given = {**events.variables(github), "GITHUB_JOB": str(github["job"])}
        given |= {name: value for name, value in machine.items() if name.startswith(("GITHUB_", "RUNNER_"))}
        given |= {"GITHUB_ACTION_PATH": str(folder)} if folder else {}
        path = os.pathsep.join([*reversed(self.path), env.get("PATH", machine["PATH"])])
        variables = {**machine, **env, **given, "PATH": path}
        for name, value in variables.items():
            if not name or "=" in name or "\0" in f"{name}{value}":
                raise OSError(f"no process can have the variable {name!r}")
        return variables

    def _uses(self, step: Step, scope: Scope, contexts: Mapping[str, Any]) -> StepRun:
        """Play an action: a local composite one by its steps, a known one by its stand-in."""
        uses = str(step.uses)
        given = resolve(dict(step.inputs), contexts, self.functions)
        inputs = {str(key).lower(): as_text(value) for key, value in given.items()}
        if uses.startswith("./"):
            return composite.play(self, uses, inputs, scope, contexts["env"])
        action = actions.stand_in(uses)
        if action is None:
            return StepRun("", "not_run", "not_run", lacking=f"the action `{uses}`")
        self._env = contexts["env"]
        return self._after_playing(action(inputs, self), scope)

    def _after_playing(self, played: Played, scope: Scope) -> StepRun:
        scope.export(played.env)
        self.path += played.path
        if played.after:
            self.after.append(played.after)
        outcome: Conclusion = "not_run" if played.lacking else "failure" if played.failed else "success"
        return StepRun(
            "",
            outcome,
            outcome,
            log=self.masked(f"{played.log}\n{played.failed}".strip()),
            why=played.failed,
            lacking=played.lacking,
            builds_image=played.builds_image,
            outputs=played.outputs,
            leaked=self.leaked(played.log),
        )

    def outputs(self, declared: Mapping[str, Any], scope: Scope) -> dict[str, str]:
        """The job's outputs, as its steps left them; one that holds a secret is empty."""
        resolved = resolve(dict(declared), self.contexts_of(scope), self.functions)
        texts = {name: as_text(value) for name, value in resolved.items()}
        return {name: text if self.masked(text) == text else "" for name, text in texts.items()}

    def masked(self, log: str) -> str:
        """A log as GitHub shows it."""
        return masking.masked(log, [*self.masks, *map(str, self.contexts["secrets"].values())])

    def leaked(self, log: str) -> frozenset[str]:
        """Names of secrets that a log holds, as they are or as base64."""
        return masking.leaked(log, self.contexts["secrets"])


def _status(scope: Scope) -> dict[str, Any]:
    """Status functions of a row of steps."""
    return {
        "success": lambda: scope.status == "success",
        "failure": lambda: scope.status == "failure",
        "cancelled": lambda: scope.status == "cancelled",
        "always": lambda: True,
    }
