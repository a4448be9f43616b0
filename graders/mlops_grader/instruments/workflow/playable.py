"""What kind of machine a job asks for, and whether this one can be it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_grader.instruments.workflow.expressions import resolve
from mlops_grader.instruments.workflow.machine import SELF_HOSTED
from mlops_grader.instruments.workflow.model import Job

OWN = (SELF_HOSTED, "linux", "x64", "production")  # labels of the runner on the production machine


def unplayable(job: Job, contexts: Mapping[str, Any], *, own: bool = False) -> str:
    """What a job asks for and this machine cannot give, in words; empty when it can be played.

    own: whether the production machine has a runner of its own.
    """
    labels = _labels(resolve(job.runs_on, contexts))
    if own and wants_own(job, contexts):
        other = [label for label in labels if label.lower() not in OWN]
    else:
        other = [label for label in labels if not label.lower().startswith("ubuntu")]
    if other:
        return f"a machine `{other[0]}`"
    if _image(job.container, contexts):
        return "a job that runs in a container"
    services = resolve(job.services, contexts) if isinstance(job.services, str) else job.services or {}
    return "service containers" if any(_image(service, contexts) for service in services.values()) else ""


def wants_own(job: Job, contexts: Mapping[str, Any]) -> bool:
    """Whether a job asks for a runner of one's own instead of one of GitHub's."""
    return SELF_HOSTED in map(str.lower, _labels(resolve(job.runs_on, contexts)))


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
