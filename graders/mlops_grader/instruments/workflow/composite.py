"""A local composite action: its steps, played as the one step that uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mlops_grader.instruments.workflow.conclusions import Conclusion, StepRun
from mlops_grader.instruments.workflow.expressions import resolve
from mlops_grader.instruments.workflow.model import load_action
from mlops_grader.instruments.workflow.played import as_text
from mlops_grader.instruments.workflow.scope import Scope

if TYPE_CHECKING:
    from mlops_grader.instruments.workflow.job import Job

DEEPEST = 9  # composite actions within each other


def play(job: Job, uses: str, given: Mapping[str, str], outer: Scope, env: Mapping[str, str]) -> StepRun:
    """Run the steps of an action that lies in the repository. env: the variables of the step that uses it."""
    action = load_action(job.machine.workspace, uses)
    if action.using != "composite":
        return StepRun("", "not_run", "not_run", lacking=f"the action `{uses}`, which runs in {action.using}")
    if outer.depth >= DEEPEST:
        return StepRun("", "failure", "failure", why=f"`{uses}`: actions use each other too deeply")
    contexts = job.contexts_of(outer)
    defaults = {name.lower(): as_text(resolve(facts.get("default"), contexts)) for name, facts in action.inputs.items()}
    inner = Scope({**defaults, **given}, env=dict(env), depth=outer.depth + 1)
    inner.folder = (job.machine.workspace / uses).resolve()
    runs = list(job.run_steps(action.steps, inner))
    outer.export(inner.exported)
    after, functions = job.contexts_of(inner), job.functions
    outputs = {name: as_text(resolve(facts["value"], after, functions)) for name, facts in action.outputs.items()}
    unknown = [f"unexpected input `{name}` for `{uses}`" for name in given if name not in defaults]
    return _together(runs, outputs, inner, unknown)


def _together(
    runs: Sequence[StepRun], outputs: Mapping[str, str], scope: Scope, warnings: Sequence[str] = ()
) -> StepRun:
    """The steps of a composite action as the one step that they are."""
    failed = next((run for run in runs if run.conclusion in ("failure", "cancelled")), None)
    outcome: Conclusion = failed.conclusion if failed else "not_run" if scope.lacking else "success"
    return StepRun(
        "",
        outcome,
        outcome,
        log="\n".join([*warnings, *(run.log for run in runs)]),
        exit=failed.exit if failed else None,
        why=f"{failed.name}: {failed.why}" if failed else "",
        lacking="" if failed else scope.lacking,
        timed_out=any(run.timed_out for run in runs),
        builds_image=any(run.builds_image for run in runs),
        outputs=outputs,
        leaked=frozenset().union(*(run.leaked for run in runs)),
    )
