"""Which events start a workflow, and the inputs of a run that somebody starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlops_grader.instruments.workflow.document import Problem, WorkflowError
from mlops_grader.instruments.workflow.model import Workflow
from mlops_grader.instruments.workflow.patterns import fits
from mlops_grader.instruments.workflow.rules import mapping

_PULL_REQUESTS = ("pull_request", "pull_request_target")
_PULL_REQUEST_TYPES = ("opened", "synchronize", "reopened")


@dataclass(frozen=True)
class Event:
    """Something that happens in a repository.

    branch: the one pushed, the base of a pull request, or the one that a finished workflow ran on. head: the branch
    that a pull request brings. action: the type of activity; without it a pull request is opened, and any other event
    is of every type. changed: paths from the top of the repository.
    """

    name: str
    branch: str | None = None
    tag: str | None = None
    head: str | None = None
    action: str | None = None
    changed: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)


def triggers(workflow: Workflow, event: Event) -> bool:
    """Whether GitHub starts the workflow at that event."""
    filters = workflow.triggers.get(event.name)
    if filters is None or not _has_type(filters, event):
        return False
    if event.name == "push":
        return _has_ref(filters, event) and (event.tag is not None or _has_paths(filters, event.changed))
    if event.name in _PULL_REQUESTS:
        return _passes(filters, "branches", event.branch) and _has_paths(filters, event.changed)
    return event.name != "workflow_run" or _passes(filters, "branches", event.branch)


def matches(patterns: Sequence[str], name: str) -> bool:
    """Whether a list of filter patterns lets a name through: the last pattern that fits it decides."""
    through = False
    for pattern in patterns:
        wanted = not pattern.startswith("!")
        if wanted != through and fits(pattern if wanted else pattern[1:], name):
            through = wanted
    return through


def _has_type(filters: Mapping[str, Any], event: Event) -> bool:
    default = _PULL_REQUEST_TYPES if event.name in _PULL_REQUESTS else None
    types = _listed(filters["types"]) if "types" in filters else default
    action = event.action or ("opened" if event.name in _PULL_REQUESTS else None)
    return types is None or action is None or action in types


def _has_ref(filters: Mapping[str, Any], event: Event) -> bool:
    """Whether a push is to a ref that the filters want; a filter for branches alone keeps tags out, and vice versa."""
    mine, other = ("branches", "tags") if event.tag is None else ("tags", "branches")
    if _is_filtered(filters, mine):
        return _passes(filters, mine, event.branch if event.tag is None else event.tag)
    return not _is_filtered(filters, other)


def _is_filtered(filters: Mapping[str, Any], kind: str) -> bool:
    return kind in filters or f"{kind}-ignore" in filters


def _passes(filters: Mapping[str, Any], kind: str, name: str | None) -> bool:
    if kind in filters:
        return name is not None and matches(_listed(filters[kind]), name)
    return name is None or not matches(_listed(filters.get(f"{kind}-ignore")), name)


def _has_paths(filters: Mapping[str, Any], changed: Sequence[str]) -> bool:
    """Whether any changed path is wanted; without a filter a push counts whatever it changes."""
    return not _is_filtered(filters, "paths") or any(_passes(filters, "paths", path) for path in changed)


def _listed(value: Any) -> Sequence[str]:
    return () if value is None else [str(each) for each in value] if isinstance(value, list) else [str(value)]


def dispatch_inputs(workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """The `inputs` of a run that somebody starts, with defaults filled in and each of its type. Raises WorkflowError."""
    declared = mapping(workflow.triggers.get("workflow_dispatch"), "inputs")
    words = [f"there is no input `{name}`" for name in given if name not in declared]
    values = {}
    for name, facts in declared.items():
        try:
            values[name] = _input(mapping(facts), given.get(name))
        except ValueError as error:
            words.append(f"the input `{name}` {error}")
    if words:
        raise WorkflowError(Problem(workflow.file, None, each) for each in words)
    return values


def _input(facts: Mapping[str, Any], given: Any) -> Any:
    kind = facts.get("type", "string")
    value = facts.get("default") if given is None else given
    if value is None:
        if facts.get("required") is True:
            raise ValueError("is required and has no default")
        return _unset(kind, facts)
    if kind == "boolean":
        return _boolean(value)
    if kind == "number":
        return _number(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    options = _listed(facts.get("options"))
    if kind == "choice" and text not in options:
        raise ValueError(f"is `{text}`; its options are {', '.join(f'`{each}`' for each in options)}")
    return text


def _unset(kind: str, facts: Mapping[str, Any]) -> Any:
    """What the form on GitHub sends for an input that nobody touched."""
    if kind == "choice":
        return _listed(facts.get("options"))[0]
    return {"boolean": False, "number": 0}.get(kind, "")


def _boolean(value: Any) -> bool:
    text = str(value).lower()
    if text not in ("true", "false"):
        raise ValueError(f"is `{value}`; wanted is true or false")
    return text == "true"


def _number(value: Any) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = float(str(value))
    except ValueError:
        raise ValueError(f"is `{value}`; wanted is a number") from None
    return int(number) if number.is_integer() else number
