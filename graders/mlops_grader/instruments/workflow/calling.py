"""What a job hands to the reusable workflow that it calls, as that workflow declares it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_grader.instruments.workflow.model import Problem, Workflow, WorkflowError
from mlops_grader.instruments.workflow.rules import mapping

_UNSET: Mapping[str, Any] = {"boolean": False, "number": 0}
_KINDS: Mapping[str, Any] = {"boolean": bool, "number": (int, float), "string": (str, int, float)}


def called_inputs(workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a reusable workflow with their defaults. Raises WorkflowError for one that does not fit."""
    if "workflow_call" not in workflow.triggers:
        _refuse(workflow, "cannot be called: `workflow_call` is missing below `on`")
    declared = mapping(workflow.triggers["workflow_call"], "inputs")
    _must_fit(workflow, "input", declared, given)
    values = {name: given.get(name, facts.get("default")) for name, facts in declared.items()}
    for name, value in values.items():
        kind = declared[name].get("type", "string")
        if value is None:
            values[name] = _UNSET.get(kind, "")
        elif not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
            _refuse(workflow, f"wants a {kind} for the input `{name}`, not `{value}`")
    return values


def called_secrets(
    workflow: Workflow, given: Mapping[str, Any] | str | None, own: Mapping[str, str]
) -> Mapping[str, Any]:
    """The secrets of a reusable workflow: those that are handed over, or with `inherit` all. Raises WorkflowError."""
    if isinstance(given, str):
        return own
    declared = mapping(workflow.triggers["workflow_call"], "secrets")
    _must_fit(workflow, "secret", declared, given or {})
    return {**(given or {}), "GITHUB_TOKEN": own.get("GITHUB_TOKEN", "")}


def _must_fit(workflow: Workflow, kind: str, declared: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    if unknown := sorted(set(given) - set(declared)):
        _refuse(workflow, f"has no {kind} `{unknown[0]}`")
    required = [name for name, facts in declared.items() if (facts or {}).get("required") is True]
    if missing := [name for name in required if name not in given]:
        _refuse(workflow, f"needs the {kind} `{missing[0]}`")


def _refuse(workflow: Workflow, words: str) -> None:
    raise WorkflowError([Problem(workflow.file, None, f"this workflow {words}")])
