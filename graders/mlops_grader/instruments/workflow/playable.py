"""What kind of machine a job asks for, and whether this one can be it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_grader.instruments.workflow.expressions import resolve
from mlops_grader.instruments.workflow.model import Job


def unplayable(job: Job, contexts: Mapping[str, Any]) -> str:
    """What a job asks for and this machine cannot give, in words; empty when it can be played."""
    if other := [label for label in _labels(resolve(job.runs_on, contexts)) if not label.lower().startswith("ubuntu")]:
        return f"a machine `{other[0]}`"
    if _image(job.container, contexts):
        return "a job that runs in a container"
    services = resolve(job.services, contexts) if isinstance(job.services, str) else job.services or {}
    return "service containers" if any(_image(service, contexts) for service in services.values()) else ""


def _labels(asked: Any) -> list[str]:
    """The labels of `runs-on`: one, a list, or beside a group."""
    if isinstance(asked, Mapping):
        return _labels(asked.get("labels") or f"of the group {asked.get('group')}")
    return [str(label) for label in asked] if isinstance(asked, list) else [str(asked)]


def _image(container: Any, contexts: Mapping[str, Any]) -> Any:
    """The image of a container; an empty one means none."""
    if isinstance(container, str):
        container = resolve(container, contexts)
    return resolve(container.get("image"), contexts) if isinstance(container, Mapping) else container
